//! `cargo xtask test`: what must hold, in the order in which a failure is cheapest to find.

use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::{models, say, tidy};

/// A program that the tests need, with the Debian package that has it.
const PROGRAMS: [(&str, &str); 1] = [("cc", "gcc")];

/// How long one step may take, a cold build included. What waits longer waits for itself, and is better told than waited for.
const STEP_LIMIT: Duration = Duration::from_mins(50);

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
    let mut command = Command::new(cargo);
    command.args(arguments).envs(variables.iter().copied());
    // Beside a person, Ctrl-C must reach all of it; where nobody sits, the limit must.
    if !std::io::stderr().is_terminal() {
        command.process_group(0);
    }
    let child = command
        .spawn()
        .map_err(|error| format!("cargo does not run: {error}"))?;
    match wait(child, STEP_LIMIT) {
        Some(status) if status.success() => Ok(()),
        Some(_) => Err(format!("{what} failed")),
        None => Err(format!(
            "{what} did not end within {} min and was stopped; the last test named above hangs",
            STEP_LIMIT.as_secs() / 60
        )),
    }
}

/// How a process ended; `None` when it did not within the limit and was killed, with what it had begun.
fn wait(mut child: Child, limit: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let _ = Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .status();
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Each fuzz target for a minute.
pub(crate) fn fuzz() -> Result<(), String> {
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
