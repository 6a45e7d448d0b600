//! Where the model's key may be, when it is read, and where it never goes.

use std::process::Output;

use sandbox::vault::{AGENT, Decision, Route, Status, Verb};
use serde_json::{Value, json};

use crate::provider::{Heard, KEY, Provider, Say, files_with, settings};
use crate::tickets::{POLICY, account, advising};
use crate::world::World;

/// What the simulator's secrets are.
const MAIL_SECRET: &str = "sim-mail-not-a-real-secret";
const TICKET_TOKEN: &str = "sim-ticket-not-a-real-token";

fn nothing(heard: &Heard) -> Say {
    if heard.body.contains("the word ready") {
        return Say::Text("ready".to_owned());
    }
    advising(heard, "nothing")
}

/// A vault, and a home in which whoever runs the test is the manager. The vault has the model's key, and guarded mode may start.
fn world(provider: &Provider, asset: &str) -> World {
    let mut world = World::new(&[]);
    for (name, value) in settings("openai", &provider.url()) {
        world.home.set(&name, &value);
    }
    world.home.set("OPENAI_API_KEY", "");
    world.home.set("MODEL_KEY_ASSET_ID", asset);
    let account = account();
    let directory = format!(
        "people:\n  engineer-001: {{ roles: [engineer], manager: {account} }}\n  {account}: {{ roles: [engineer] }}\ngroups:\n  security: {{ members: [{account}] }}\n"
    );
    std::fs::write(world.home.path("access.yml"), POLICY).unwrap();
    std::fs::write(world.home.path("directory.yml"), directory).unwrap();
    for words in [
        &["policy", "activate", "--reason", "test"][..],
        &["policy", "allow-guarded", "--reason", "test"],
    ] {
        fine(&world.home.words(words));
    }
    world
}

#[track_caller]
fn fine(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(!text.contains("not-a-real") && !errors.contains("not-a-real"));
    text
}

fn ticket(world: &World, ids: &[&str]) -> String {
    let line = |id: &&str| {
        json!({
            "request_id": id, "requester": "engineer-001", "access": "dev-db:read",
            "justification": format!("to look at the failed import of {id}"),
        })
        .to_string()
    };
    let path = world.home.path("tickets.ndjson");
    let lines: Vec<String> = ids.iter().map(line).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn handle(world: &World, ids: &[&str], more: &[&str]) -> Vec<Value> {
    let path = ticket(world, ids);
    let words = [
        &["handle", &path, "--mode", "guarded", "--format", "ndjson"],
        more,
    ]
    .concat();
    let text = fine(&world.home.words(&words));
    (text.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn approve(world: &World, id: &str) -> Value {
    let words = [
        "review", "approve", id, "--mode", "guarded", "--format", "json",
    ];
    serde_json::from_str(&fine(&world.home.words(&words))).unwrap()
}

/// Our own requests for secrets, with where they stand.
fn own_requests(world: &World) -> Vec<(String, Status)> {
    let requests = world.simulator.requests().into_iter();
    requests
        .filter(|request| request.requestor == AGENT)
        .map(|request| (request.id, request.status))
        .collect()
}

#[test]
fn the_vault_gives_the_key_for_tickets_once_and_only_when_somebody_is_asked() {
    let provider = Provider::start(nothing);
    let mut world = world(&provider, "");
    let asset = world.simulator.landmarks().mail_secret.id;
    world.home.set("MODEL_KEY_ASSET_ID", &asset);
    // A verb that asks nothing calls no vault.
    let idle = |world: &World| {
        let before = world.simulator.calls();
        for words in [
            &["request", "list"][..],
            &["request", "show", "R-1"],
            &["review", "list"],
            &["grants", "list"],
            &["audit", "verify"],
            &["replay", "--all"],
            &["policy", "show"],
        ] {
            world.home.words(words);
        }
        assert_eq!(world.simulator.calls(), before);
    };
    assert!(world.simulator.calls().is_empty());
    idle(&world);
    let decisions = handle(&world, &["R-1", "R-2", "R-3"], &[]);
    assert_eq!(decisions.len(), 3);
    for decision in &decisions {
        assert_eq!(decision["advice"]["analyst"], "openai/gpt-4.1-mini");
        assert!(decision["advice"].get("faults").is_none(), "{decision}");
    }
    assert_eq!(world.calls(Route::Credentials), 1, "three tickets, one key");
    assert_eq!(provider.heard().len(), 6);
    for heard in provider.heard() {
        let bearer = format!("Bearer {MAIL_SECRET}");
        assert_eq!(heard.header("authorization"), Some(bearer.as_str()));
    }
    idle(&world);
    // What was said is taken from the record: nobody is asked, and no key is read.
    let before = world.simulator.calls();
    let decision = approve(&world, "R-1");
    assert_eq!(decision["decision"], "AUTO_PROVISION", "{decision}");
    assert_eq!(decision["grant"]["applied"], true);
    assert_eq!(world.simulator.calls(), before);
    // INVARIANT(no-secrets).
    assert!(files_with(&world.home.path("state"), MAIL_SECRET).is_empty());
    // A preview asks the model too, and stores nothing.
    let previewed = handle(&world, &["R-9"], &["--dry-run"]);
    assert!(
        previewed[0]["advice"].get("faults").is_none(),
        "{}",
        previewed[0]
    );
    assert_eq!(world.calls(Route::Credentials), 2);
    assert!(own_requests(&world).is_empty());
}

#[test]
fn a_key_that_the_vault_does_not_give_is_a_lost_model_with_the_reason() {
    let provider = Provider::start(nothing);
    let mut world = world(&provider, "");
    let forbidden = world.simulator.landmarks().forbidden_secret.id;
    let base = world.simulator.base_url();
    for (number, (name, value, told)) in [
        (
            "MODEL_KEY_ASSET_ID",
            forbidden.as_str(),
            "key was not read from the vault",
        ),
        ("VAULT_BASE_URL", "", "VAULT_BASE_URL is not set"),
        (
            "VAULT_BASE_URL",
            "http://127.0.0.1:9/ztna/acme/root",
            "127.0.0.1",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        world.home.set("VAULT_BASE_URL", &base);
        world.home.set(name, value);
        let id = format!("R-{number}");
        let decision = &handle(&world, &[&id], &[])[0];
        assert_eq!(decision["advice"]["faults"], json!(["lost"]), "{decision}");
        assert!(
            decision["advice"]["remarks"].to_string().contains(told),
            "{decision}"
        );
        let decision = approve(&world, &id);
        assert_eq!(decision["decision"], "ESCALATE", "{decision}");
        assert_eq!(decision["decided_by"], "model-lost");
    }
    assert!(provider.heard().is_empty() && own_requests(&world).is_empty());
}

/// What stands behind a form: a preview asks nobody, a ticket does, and gives back what it was given.
#[test]
fn a_request_for_the_key_is_filed_once_and_given_back() {
    let provider = Provider::start(nothing);
    let mut world = world(&provider, "");
    let asset = world.simulator.landmarks().automatic_secret.id;
    world.home.set("MODEL_KEY_ASSET_ID", &asset);
    let previewed = &handle(&world, &["R-1"], &["--dry-run"])[0];
    assert_eq!(previewed["advice"]["faults"], json!(["lost"]));
    let why = previewed["advice"]["remarks"].to_string();
    assert!(why.contains("somebody would have to be asked"), "{why}");
    assert!(own_requests(&world).is_empty());

    world.home.set("VAULT_COMPLETE_REQUESTS", "false");
    for id in ["R-2", "R-3"] {
        let decision = &handle(&world, &[id], &[])[0];
        assert!(decision["advice"].get("faults").is_none(), "{decision}");
    }
    let [(request, status)] = &own_requests(&world)[..] else {
        panic!("{:?}", own_requests(&world));
    };
    assert_ne!(
        *status,
        Status::Completed,
        "it serves until its window ends"
    );
    let pending = world.home.path("state/.pending_model_key.json");
    assert!(pending.exists());

    world.home.set("VAULT_COMPLETE_REQUESTS", "true");
    handle(&world, &["R-4"], &[]);
    let done = world.simulator.request(request).unwrap().status;
    assert_eq!((done, own_requests(&world).len()), (Status::Completed, 1));
    assert!(!pending.exists());
    let bearer = format!("Bearer {TICKET_TOKEN}");
    assert_eq!(
        provider.heard()[0].header("authorization"),
        Some(bearer.as_str())
    );
}

/// Others wait for the store meanwhile: a ticket files the request for the key and goes on, and the next one reads it.
#[test]
fn a_ticket_does_not_wait_for_who_approves_that_the_key_is_read() {
    let provider = Provider::start(nothing);
    let mut world = world(&provider, "");
    let asset = world.simulator.landmarks().model_key.id;
    world.home.set("MODEL_KEY_ASSET_ID", &asset);
    let decide = |world: &World, id: &str| -> Value {
        let path = ticket(world, &[id]);
        let text = fine(&world.home.words(&["handle", &path, "--format", "ndjson"]));
        serde_json::from_str(&text).unwrap()
    };
    let begun = std::time::Instant::now();
    for id in ["R-1", "R-2"] {
        let decision = decide(&world, id);
        assert_eq!(decision["advice"]["faults"], json!(["lost"]), "{decision}");
        assert!(
            decision["advice"]
                .to_string()
                .contains("waits for approval")
        );
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(60));
    let own = own_requests(&world);
    assert_eq!(own.len(), 1, "asked once");
    let (request, who) = (&own[0].0, "security-001");
    let approve = (world.simulator).decide_as(who, Decision::Approve, request, "as asked");
    approve.unwrap();
    let decision = decide(&world, "R-3");
    assert!(decision["advice"].get("faults").is_none(), "{decision}");
    let status = world.simulator.request(request).unwrap().status;
    assert_eq!(status, Status::Completed);
}

/// Whoever only looks gets what the vault gives at once, and files nothing.
#[test]
fn the_doctor_and_a_plan_ask_nobody_for_the_key() {
    let provider = Provider::start(nothing);
    let mut world = World::waiting(&[], 1);
    for (name, value) in settings("openai", &provider.url()) {
        world.home.set(&name, &value);
    }
    world.home.set("OPENAI_API_KEY", "");
    let marks = world.simulator.landmarks();
    for (asset, is_given, said) in [
        (&marks.mail_secret.id, true, "openai/gpt-4.1-mini answers"),
        (&marks.model_key.id, false, "was not asked"),
        (&marks.forbidden_secret.id, false, "cannot be asked"),
    ] {
        world.home.set("MODEL_KEY_ASSET_ID", asset);
        let before = provider.heard().len();
        let doctor = world.home.words(&["doctor"]);
        let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(told.contains(said), "{told}");
        let plan = world.home.words(&["run", "--plan", "--format", "json"]);
        let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
        assert_eq!(plan["model_cost"].is_string(), is_given, "{plan}");
        assert_eq!(provider.heard().len() > before, is_given);
    }
    let own = world.done();
    assert!(
        own.iter().all(|entry| entry.verb != Verb::Submit),
        "{own:?}"
    );
}

#[test]
fn a_key_is_in_one_place() {
    let provider = Provider::start(nothing);
    let mut world = world(&provider, "");
    let file = world.home.path("key");
    std::fs::write(&file, KEY).unwrap();
    let places = [
        ("MODEL_KEY_FILE", file.to_str().unwrap()),
        ("MODEL_KEY_RING", "agent/model"),
        ("MODEL_KEY_ASSET_ID", "471a8ae1-0000-4000-8000-000000000001"),
    ];
    for left_out in places {
        for (name, value) in places {
            let value = if name == left_out.0 { "" } else { value };
            world.home.set(name, value);
        }
        for words in [&["request", "rule", "R-1"][..], &["doctor"], &["run"]] {
            let output = world.home.words(words);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(4), "{said}");
            assert!(
                said.contains("several places") && said.contains("keep one"),
                "{said}"
            );
        }
    }
    assert!(provider.heard().is_empty() && world.simulator.calls().is_empty());
}

/// INVARIANT(no-secrets): over a network that is not one's own no key goes in plain text, wherever it is kept.
#[test]
fn no_key_goes_to_another_network_in_plain_text() {
    let provider = Provider::start(nothing);
    let mut world = world(&provider, "");
    let asset = world.simulator.landmarks().mail_secret.id;
    for (style, url) in [
        ("compatible", "http://llm.example:8000"),
        ("compatible", "http://8.8.8.8:8000"),
        ("openai", "http://192.168.1.1:8000"),
    ] {
        world.home.set("MODEL_PROVIDER", style);
        world.home.set("MODEL_BASE_URL", url);
        for (name, value) in [
            ("MODEL_KEY_ASSET_ID", asset.as_str()),
            ("OPENAI_API_KEY", KEY),
        ] {
            world.home.set("MODEL_KEY_ASSET_ID", "");
            world.home.set("OPENAI_API_KEY", "");
            world.home.set(name, value);
            let output = world.home.words(&["request", "rule", "R-1"]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(4), "{said}");
            assert!(
                said.contains("plain text") && said.contains("https"),
                "{said}"
            );
            assert!(!said.contains(KEY));
        }
    }
    assert!(world.simulator.calls().is_empty());
}

#[test]
fn the_doctor_asks_both_models_and_a_run_the_one_that_it_needs() {
    let provider = Provider::start(|heard| {
        if heard.body.contains("\"gpt-4.1\"") {
            return Say::Status(404, "{\"error\": {\"message\": \"no such model\"}}");
        }
        nothing(heard)
    });
    let mut world = World::waiting(&[], 0);
    for (name, value) in settings("openai", &provider.url()) {
        world.home.set(&name, &value);
    }
    let fine = world.home.words(&["doctor"]);
    let told = String::from_utf8_lossy(&fine.stdout).into_owned();
    assert!(
        !told.contains("judge of tickets"),
        "one model is asked once: {told}"
    );
    assert_eq!(provider.heard().len(), 1);
    world.home.set("MODEL_STRONG", "gpt-4.1");
    let doctor = world.home.words(&["doctor", "--format", "json"]);
    assert_eq!(doctor.status.code(), Some(1));
    let rows: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let rows = rows.as_array().unwrap().iter();
    let of = |topic: &str| {
        let mut own = rows.clone().filter(|row| row["topic"] == topic);
        let row = own.next().unwrap();
        format!("{} {}", row["state"].as_str().unwrap(), row["text"])
    };
    assert!(of("analyst").starts_with("fine"), "{}", of("analyst"));
    let strong = of("judge of tickets");
    assert!(
        strong.starts_with("bad") && strong.contains("openai/gpt-4.1 cannot"),
        "{strong}"
    );
    let before = provider.heard().len();
    let ran = world.run();
    ran.ends(0);
    assert!(!ran.report("md").contains("has no say"));
    let heard = provider.heard();
    assert!(
        heard[before..]
            .iter()
            .all(|own| !own.body.contains("\"gpt-4.1\""))
    );
    // People read the cost too.
    let text = world.home.words(&["run"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("model cost: 0.0005 of 5.0000 USD"), "{text}");
}

/// The key ring of the kernel, where it gives one.
#[cfg(target_os = "linux")]
#[test]
fn the_key_may_be_in_the_key_ring() {
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    let name = format!("access-request-agent/test-{}", std::process::id());
    let provider = Provider::start(nothing);
    let mut world = world(&provider, "");
    world.home.set("MODEL_KEY_RING", &name);
    let missing = world.home.words(&["request", "rule", "R-1"]);
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert_eq!(missing.status.code(), Some(4), "{said}");
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true);
    let stored = ring.and_then(|ring| Ok((ring, ring.add_key(&name, &format!("{KEY}\n"))?)));
    let Ok((ring, key)) = stored else {
        assert!(
            said.contains("no key ring") && said.contains("MODEL_KEY_FILE"),
            "{said}"
        );
        println!("skipped: this machine gives no key ring");
        return;
    };
    assert!(
        said.contains("has no key") && said.contains(&name),
        "{said}"
    );
    // A test that fails leaves nothing behind.
    let _ = key.set_timeout(600);
    // A session of its own, on which the user's key ring does not hang, as a service has it; it goes to our children.
    KeyRing::from_special_id(KeyRingIdentifier::Session, true).unwrap();
    let decision = &handle(&world, &["R-1"], &[])[0];
    let doctor = world.home.words(&["doctor"]);
    // It comes before the environment.
    world.home.set("OPENAI_API_KEY", "sk-another");
    handle(&world, &["R-2"], &[]);
    ring.unlink_key(key).unwrap();
    assert!(decision["advice"].get("faults").is_none(), "{decision}");
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("openai/gpt-4.1-mini answers"));
    let bearer = format!("Bearer {KEY}");
    for heard in provider.heard() {
        assert_eq!(heard.header("authorization"), Some(bearer.as_str()));
    }
    assert!(files_with(&world.home.path("state"), KEY).is_empty());
    let gone = world.home.words(&["request", "rule", "R-1"]);
    assert_eq!(gone.status.code(), Some(4));
}
