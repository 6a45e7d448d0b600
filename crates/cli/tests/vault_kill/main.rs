//! Kill and restart at the vault's door: the process is aborted at every named place and started again, alone and beside a
//! second runner. By the vault's own record each action happens once: none twice, none forgotten. Needs the feature
//! `failpoints`; without it there is nothing to abort at.

#![cfg(feature = "failpoints")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic: that is how a test fails"
)]

#[path = "../vault/world.rs"]
#[expect(dead_code, reason = "the test of the whole door uses the rest")]
mod world;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use sandbox::vault::{Fault, Route, Verb};

use world::{World, each, now_ms, person, until};

/// How often something was done to each request, by its place among those of the vault.
type Counts = BTreeMap<(usize, Verb), usize>;

/// A vault in which there is something to approve, to reject and to close, more than one group of it.
fn world() -> World {
    let mut world = World::new(&[("planted", "on")]);
    let hour = now_ms() / 3_600_000 % 24;
    // Off-hours are an hour in which nothing is filed.
    let off = if hour == 21 { 22 } else { 21 };
    world.home.set("OFF_HOURS_START", &off.to_string());
    world.home.set("OFF_HOURS_END", &(off + 1).to_string());
    world.home.set("RISK_THRESHOLD_REJECT", "medium");
    world.home.set("VAULT_TIMEOUT", "1s");
    for number in 1..=20 {
        world.submit(&person(number), "stage-006", number);
    }
    world.allow_all();
    world
}

fn counts(world: &World, ids: &[String]) -> Counts {
    let place = |id: &str| ids.iter().position(|own| own == id).unwrap();
    let counts = world.counts().into_iter();
    counts
        .map(|((id, verb), count)| ((place(&id), verb), count))
        .collect()
}

fn ids(world: &World) -> Vec<String> {
    let requests = world.simulator.requests();
    requests.into_iter().map(|request| request.id).collect()
}

fn open(world: &World) -> bool {
    let output = world
        .home
        .words(&["vault", "actions", "--open", "--format", "ndjson"]);
    assert!(output.status.success());
    !output.stdout.is_empty()
}

/// Runs until nothing is open, and holds the vault's record against what has to be done.
fn finish(world: &World, ids: &[String], expected: &Counts, place: &str) {
    for _ in 0..12 {
        world.run().ends(0);
        if !open(world) {
            break;
        }
        std::thread::sleep(Duration::from_millis(700));
    }
    assert!(!open(world), "{place}: still open");
    // What was withdrawn in the last run is done in the next one.
    world.run().ends(0);
    assert_eq!(counts(world, ids), *expected, "{place}");
    let verified = world.home.words(&["audit", "verify"]);
    assert!(verified.status.success(), "{place}");
}

/// What a run that nobody disturbs does.
fn undisturbed() -> Counts {
    let world = world();
    let ids = ids(&world);
    world.run().ends(0);
    world.run().ends(0);
    let counts = counts(&world, &ids);
    let verbs: std::collections::BTreeSet<Verb> = counts.keys().map(|(_, verb)| *verb).collect();
    assert_eq!(verbs.len(), 3, "{counts:?}");
    assert!(
        counts.len() > 27 && counts.values().all(|count| *count == 1),
        "{counts:?}"
    );
    counts
}

/// Two runners at once: the one that comes second finds the store in use.
fn restart_with_a_second_runner(world: &World, place: &str) {
    let hold = Fault::Delay(Duration::from_millis(500));
    world.simulator.fault(Route::Asset, hold, Some(1));
    let before = world.calls(Route::Asset);
    let first = world.home.begin();
    until("the first is at work", || {
        world.calls(Route::Asset) > before
    });
    let second = world.run();
    assert_eq!(second.code, 7, "{place}: {}", second.said);
    world.home.end(first).ends(0);
}

/// Every fail point, each with the times at which it is passed that matter; `None` is every time.
const PLACES: [(&str, Option<&[usize]>); 7] = [
    ("cycle-before-commit", None),
    ("cycle-after-commit", None),
    ("cycle-after-effect", Some(&[1, 2, 13, 24, 25, 26])),
    ("cycle-before-settle", None),
    ("cycle-after-settle", None),
    ("store-before-commit", None),
    ("store-after-commit", None),
];

#[test]
fn each_action_happens_once_whenever_the_process_dies() {
    let expected = undisturbed();
    let mut cases = Vec::new();
    for (name, hits) in PLACES {
        match hits {
            Some(hits) => cases.extend(hits.iter().map(|hit| (name, *hit))),
            None => cases.extend((1..=12).map(|hit| (name, hit))),
        }
    }
    let passed = std::sync::Mutex::new(BTreeMap::<&str, usize>::new());
    each(&cases, |(name, hit)| {
        let place = format!("{name}@{hit}");
        // The store is passed about ten times a run, each group of actions about twice.
        let known = passed.lock().unwrap().get(name).copied();
        if known.is_some_and(|last| last < *hit) {
            return;
        }
        let world = world();
        let ids = ids(&world);
        let mut command = world.home.command(&["run"]);
        let output = command
            .env("ACCESS_REQUEST_AGENT_ABORT_AT", &place)
            .output()
            .unwrap();
        if output.status.signal() != Some(6) {
            assert!(*hit > 1, "{name} was never passed");
            let mut passed = passed.lock().unwrap();
            let last = passed.entry(name).or_insert(*hit - 1);
            *last = (*last).min(*hit - 1);
            return;
        }
        if hit % 2 == 0 {
            restart_with_a_second_runner(&world, &place);
        }
        finish(&world, &ids, &expected, &place);
    });
    let passed = passed.into_inner().unwrap();
    for (name, least) in [
        ("cycle-before-commit", 2),
        ("cycle-after-commit", 2),
        ("cycle-before-settle", 2),
        ("cycle-after-settle", 2),
        ("store-before-commit", 4),
        ("store-after-commit", 4),
    ] {
        assert!(passed[name] >= least, "{passed:?}");
    }
}

/// Killed while the vault has the call: it may commit before, after, or never. Whatever it does, it does it once.
#[test]
fn a_kill_in_the_middle_of_a_call_is_settled_by_looking() {
    let expected = undisturbed();
    let faults = [
        Fault::CommitHang,
        Fault::Hang,
        Fault::Delay(Duration::from_millis(900)),
    ];
    each(&faults, |fault| {
        let world = world();
        let ids = ids(&world);
        world
            .simulator
            .fault(Route::Approve, fault.clone(), Some(1));
        let mut child = world.home.begin();
        until("an approval is sent", || world.calls(Route::Approve) > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        finish(&world, &ids, &expected, &fault.to_string());
    });
}
