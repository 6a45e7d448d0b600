//! The binary: one file per verb, settings, exit codes, wiring.

mod administration;
mod args;
mod error;
mod keys;
mod models;
mod output;
mod policies;
mod progress;
mod reviewer;
mod settings;
mod vault;
mod verbs;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    abort_where_told();
    let arguments = args::Arguments::parse();
    match verbs::run(arguments) {
        Ok(code) => code.into(),
        Err(error) => {
            output::complain(&error);
            error.code.into()
        }
    }
}

/// For tests: aborts the process at the fail point that the environment names, as a power cut would. `name@3` means the
/// third time that it is passed.
#[cfg(feature = "failpoints")]
fn abort_where_told() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let Ok(told) = std::env::var("ACCESS_REQUEST_AGENT_ABORT_AT") else {
        return;
    };
    let (name, hit) = told.split_once('@').unwrap_or((&told, "1"));
    let hit = hit.parse().unwrap_or(1);
    let passed = AtomicUsize::new(0);
    // A fail point that cannot be set shows in the test, which then sees no abort.
    let _ = fail::cfg_callback(name, move || {
        if passed.fetch_add(1, Ordering::SeqCst).saturating_add(1) == hit {
            std::process::abort();
        }
    });
}
