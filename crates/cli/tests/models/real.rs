//! A real model on this machine, small and often wrong: whatever it says, nothing is done that the rules alone would not do.
//! `cargo xtask test --full` starts it; by hand, `LLM_BASE_URL` names a server that speaks chat completions.

use std::collections::BTreeSet;

use crate::provider::settings;
use crate::world::World;

fn base_url() -> String {
    std::env::var("LLM_BASE_URL").unwrap_or_else(|_| panic!("LLM_BASE_URL is not set"))
}

#[test]
#[ignore = "needs a model"]
fn a_real_model_approves_nothing_that_the_rules_would_not() {
    // An answer takes this model a quarter of a minute.
    let mut world = World::waiting(&[("requests", "6")], 3);
    let plain = world.home.words(&["run", "--plan", "--format", "json"]);
    let plain: serde_json::Value = serde_json::from_slice(&plain.stdout).unwrap();
    let planned = |told: &serde_json::Value| -> BTreeSet<String> {
        let actions = told["actions"].as_array().unwrap().iter();
        actions
            .map(|own| own["request"].as_str().unwrap().to_owned())
            .collect()
    };
    let open = planned(&plain);
    assert!(open.len() >= 3);
    for (name, value) in settings("compatible", &base_url()) {
        world.home.set(&name, &value);
    }
    world.home.set("MODEL_TIMEOUT", "120s");
    world.home.set("MODEL_CONCURRENCY", "1");
    world.home.set("OPENAI_ANALYSIS_BATCH_SIZE", "4");
    let started = std::time::Instant::now();
    let ran = world.run();
    ran.ends(0);
    let done: BTreeSet<String> = ran.with("done").into_keys().collect();
    assert!(done.is_subset(&open), "{:?}", done.difference(&open));
    world.reasons_are_plain();
    let mut faults = std::collections::BTreeMap::<String, u32>::new();
    let mut calls = 0;
    for entry in ran.entries.values() {
        let opinion = &entry["evidence"]["opinion"];
        let own = opinion["faults"].as_array().cloned().unwrap_or_default();
        for fault in &own {
            *faults.entry(fault.to_string()).or_default() += 1;
        }
        if own.is_empty() {
            *faults.entry("usable".to_owned()).or_default() += 1;
        }
        calls += u32::from(opinion["exchange"]["tokens_in"].as_u64().unwrap_or(0) > 0);
    }
    println!(
        "{} requests, {calls} calls that counted, {:.0?}: {faults:?}; open without a model {}, done with it {}",
        ran.requests(),
        started.elapsed(),
        open.len(),
        done.len()
    );
}

#[test]
#[ignore = "needs a model"]
fn a_real_model_advises_on_tickets() {
    let (decision, took) = crate::tickets::with_a_real_model(&base_url());
    // It may be granted or held; it never ends in an error, and what was wrong is named.
    println!(
        "{took:.0?}: {}",
        serde_json::json!({
            "decision": decision["decision"], "applied": decision["grant"]["applied"], "advice": decision["advice"],
        })
    );
    assert!(decision["advice"]["analyst"].as_str().is_some());
}
