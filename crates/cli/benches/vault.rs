//! A run over 100,000 requests that touch at least 20,000 assets of a larger vault, deep, against the simulator over HTTP: processor time and memory of the
//! agent's own process, and beside it a plain Python script that follows the vendor's guide.
//!
//! `cargo bench --workspace --bench vault [-- REQUESTS ASSETS]`; Python and its `requests` are used when they are there.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has failed, and prints what it measured"
)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sandbox::vault::{AGENT, Options, Route, Simulator};

/// What one process took.
struct Cost {
    wall: Duration,
    processor: Duration,
    resident_kib: u64,
}

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .filter_map(|word| word.parse().ok())
        .collect();
    let requests = numbers.first().copied().unwrap_or(100_000);
    let assets = numbers.get(1).copied().unwrap_or(200_000);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let simulator = Simulator::start(Options {
        requests,
        assets,
        people: 10_000,
        start_ms: i64::try_from(now.as_millis()).unwrap(),
        clock_runs: true,
        ..Options::default()
    })
    .unwrap();
    let token = simulator.token(AGENT);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let binary = env!("CARGO_BIN_EXE_access-request-agent");
    let agent = |words: &[&str]| {
        let mut command = Command::new(binary);
        command
            .args(["--home", home.to_str().unwrap()])
            .args(words)
            .env("VAULT_BASE_URL", simulator.base_url())
            .env("VAULT_TOKEN", &token)
            .envs([("OFF_HOURS_START", "18"), ("OFF_HOURS_END", "8")])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    assert!(agent(&["vault", "init"]).status().unwrap().success());
    let ours = measured(&mut agent(&["run", "--plan"]));
    let touched = simulator
        .calls()
        .get(&Route::Asset)
        .copied()
        .unwrap_or_default();
    println!(
        "{requests} requests of 10,000 people for {touched} of {assets} assets; simulator on the same two cores"
    );
    println!("| agent | wall | processor | resident |\n| --- | --- | --- | --- |");
    tell("access-request-agent run --plan", &ours);
    let record = std::fs::read_dir(home.join("state/runs")).unwrap();
    let bytes: u64 = record
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    let report = folder.path().join("report.md");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/guide_agent.py");
    let mut python = Command::new("python3");
    python
        .arg(script)
        .args([&simulator.base_url(), &token, "30"])
        .arg(&report)
        .stderr(Stdio::null());
    let peer = measured(&mut python);
    if report.exists() {
        tell("plain Python after the guide", &peer);
        println!(
            "ratio: {:.1} of the processor time, {:.1} of the memory",
            peer.processor.as_secs_f64() / ours.processor.as_secs_f64(),
            peer.resident_kib as f64 / ours.resident_kib as f64
        );
    } else {
        println!("python3 with `requests` is not here: no peer");
    }
    println!(
        "record of the run: {} MB; calls of the vault: {:?}",
        bytes / 1_000_000,
        simulator.calls()
    );
}

fn tell(name: &str, cost: &Cost) {
    println!(
        "| {name} | {:.1} s | {:.1} s | {} MB |",
        cost.wall.as_secs_f64(),
        cost.processor.as_secs_f64(),
        cost.resident_kib / 1_000
    );
}

/// Runs a process to its end. Time and memory come from `/proc`, read until it ends: its last reading is what counts.
fn measured(command: &mut Command) -> Cost {
    let began = Instant::now();
    let Ok(mut child) = command.spawn() else {
        return Cost {
            wall: Duration::ZERO,
            processor: Duration::ZERO,
            resident_kib: 0,
        };
    };
    let (mut processor, mut resident_kib) = (Duration::ZERO, 0);
    while child.try_wait().unwrap().is_none() {
        if let Some((time, peak)) = reading(&child) {
            (processor, resident_kib) = (time, peak);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Cost {
        wall: began.elapsed(),
        processor,
        resident_kib,
    }
}

/// Processor time (a hundredth of a second a tick) and highest resident size so far.
fn reading(child: &Child) -> Option<(Duration, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    // After the name, which is in brackets: state is the first field, utime and stime are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak = peak.split_whitespace().next()?.parse().ok()?;
    Some((Duration::from_millis(ticks * 10), peak))
}
