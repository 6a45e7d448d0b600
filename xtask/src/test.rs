//! `cargo xtask test`: what must hold, in the order in which a failure is cheapest to find.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{models, say, tidy};

/// A program that the tests need, with the Debian package that has it.
const PROGRAMS: [(&str, &str); 1] = [("cc", "gcc")];

/// Runs everything.
pub(crate) fn run(full: bool) -> Result<(), String> {
    let started = Instant::now();
    provide()?;
    cargo("formatting", &["fmt", "--all", "--check"])?;
    say("== tidy");
    tidy::run()?;
    cargo(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )?;
    cargo("tests", &["test", "--workspace"])?;
    // With named places at which it aborts or panics.
    cargo(
        "kill and restart",
        &[
            "test",
            "--package",
            "access-request-agent",
            "--package",
            "store",
            "--features",
            "failpoints",
            "--test",
            "kill",
            "--test",
            "vault_kill",
            "--test",
            "panics",
        ],
    )?;
    if full {
        models::run()?;
        fuzz()?;
    }
    say(&format!(
        "== all passed in {} s",
        started.elapsed().as_secs()
    ));
    Ok(())
}

/// Names what is missing, and installs it where that is possible without asking anybody.
fn provide() -> Result<(), String> {
    for (program, package) in PROGRAMS {
        if is_there(program) {
            continue;
        }
        say(&format!(
            "== `{program}` is missing; installing the Debian package {package}"
        ));
        let installed = Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends", package])
            .status();
        if !installed.is_ok_and(|status| status.success()) || !is_there(program) {
            return Err(format!(
                "`{program}` is missing: install the Debian package {package} and try again"
            ));
        }
    }
    Ok(())
}

fn is_there(program: &str) -> bool {
    let probe = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

fn cargo(what: &str, arguments: &[&str]) -> Result<(), String> {
    cargo_with(what, arguments, &[])
}

/// Cargo, with variables of the environment.
pub(crate) fn cargo_with(
    what: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<(), String> {
    say(&format!("== {what}: cargo {}", arguments.join(" ")));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(arguments)
        .envs(variables.iter().copied())
        .status()
        .map_err(|error| format!("cargo does not run: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what} failed"))
    }
}

/// Each fuzz target for a minute.
fn fuzz() -> Result<(), String> {
    let listed = std::fs::read_dir("fuzz/fuzz_targets")
        .map_err(|error| format!("fuzz/fuzz_targets: {error}"))?;
    let mut targets: Vec<String> = listed
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            // What several targets share is none.
            let text = std::fs::read_to_string(&path).ok()?;
            text.contains("fuzz_target!").then_some(())?;
            Some(path.file_stem()?.to_str()?.to_owned())
        })
        .collect();
    targets.sort();
    if !Command::new("cargo")
        .args(["fuzz", "--version"])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        cargo("cargo-fuzz", &["install", "cargo-fuzz", "--locked"])?;
    }
    for target in targets {
        say(&format!("== fuzzing {target} for a minute"));
        let status = Command::new("cargo")
            .args([
                "fuzz",
                "run",
                "-O",
                "-s",
                "none",
                &target,
                "--",
                "-max_total_time=60",
            ])
            .env("RUSTC_BOOTSTRAP", "1")
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("fuzzing {target} failed"));
        }
    }
    Ok(())
}
