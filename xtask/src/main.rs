//! Project chores: `cargo xtask test` runs everything that must hold, `cargo xtask tidy` the checks of style.

mod models;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <chore>
  test [--full]   fmt, clippy, tidy and every test; --full also does the next two
  models          asks a real, small model, and a mock that fails on demand
  fuzz            each fuzz target for a minute
  tidy            arrows between crates, file lengths, headers, leftovers";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => test::run(false),
        ["test", "--full"] => test::run(true),
        ["models"] => models::run(),
        ["fuzz"] => test::fuzz(),
        ["tidy"] => tidy::run(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&message);
            ExitCode::FAILURE
        }
    }
}

/// Prints a line to standard error, where cargo prints too.
#[expect(clippy::print_stderr, reason = "the one place where a chore talks")]
fn say(message: &str) {
    eprintln!("{message}");
}
