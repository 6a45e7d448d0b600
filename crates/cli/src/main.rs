//! The binary: one file per verb, settings, exit codes, wiring.

mod args;
mod error;
mod output;
mod reviewer;
mod settings;
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

/// For tests: aborts the process at the fail point that the environment names, as a power cut would.
#[cfg(feature = "failpoints")]
fn abort_where_told() {
    if let Ok(name) = std::env::var("ACCESS_REQUEST_AGENT_ABORT_AT") {
        // A fail point that cannot be set shows in the test, which then sees no abort.
        let _ = fail::cfg_callback(name, || std::process::abort());
    }
}
