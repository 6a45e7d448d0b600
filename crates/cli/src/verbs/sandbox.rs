//! `sandbox`: a made-up vault on loopback, for operators who want to play.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ports::Clock as _;
use sandbox::vault::{AGENT, Options, SWITCHES, Simulator};

use crate::args::Sandbox;
use crate::error::{Error, Exit};
use crate::output;

pub(crate) fn run(arguments: &Sandbox) -> Result<Exit, Error> {
    if arguments.switches {
        let rows: Vec<Vec<String>> = SWITCHES
            .iter()
            .map(|switch| {
                vec![
                    switch.name.to_owned(),
                    switch.values.to_owned(),
                    switch.about.to_owned(),
                ]
            })
            .collect();
        output::rows(
            &["switch", "values", "what it is about"],
            &rows,
            output::Format::Text,
        );
        return Ok(Exit::Done);
    }
    let mut options = Options {
        seed: arguments.seed,
        requests: arguments.requests,
        start_ms: ports::SystemClock.now().seconds().saturating_mul(1_000),
        clock_runs: true,
        vault_port: arguments.port,
        ..Options::default()
    };
    for switch in &arguments.switch {
        let (name, value) = switch.split_once('=').unwrap_or((switch, ""));
        options.set(name, value).map_err(|error| {
            Error::of(Exit::BadInput, &error).hint("`sandbox --switches` lists them")
        })?;
    }
    let simulator = Simulator::start(options)?;
    let token = simulator.token(AGENT);
    output::heading("A vault, made up");
    output::say(
        "  Nothing of it is the vendor's. Put these into the environment of another terminal:\n",
    );
    output::say(&format!("export VAULT_BASE_URL={}", simulator.base_url()));
    output::say(&format!("export VAULT_TOKEN={token}"));
    output::say("export OFF_HOURS_START=18 OFF_HOURS_END=8\n");
    output::say("  then: access-request-agent vault init && access-request-agent run --plan\n");
    output::say(&format!("  control: {}", simulator.control_url()));
    output::note("Ctrl-C ends it, and everything in it is forgotten");
    let stopping = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stopping))?;
    }
    while !stopping.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(Exit::Done)
}
