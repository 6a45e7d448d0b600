//! The vault's door.

use std::collections::BTreeSet;

use sandbox::vault::Verb;
use serde_json::{Value, json};

use crate::provider::{Heard, KEY, Provider, STYLES, Say, files_with, settings};
use crate::world::{World, person};

/// An opinion on each request that was asked about.
fn opinions(heard: &Heard, each: impl Fn(&Value) -> Value) -> Say {
    let question = heard.question();
    let Some(requests) = question["requests"].as_array() else {
        return Say::Text("ready".into());
    };
    let all: Vec<Value> = requests
        .iter()
        .map(|request| {
            let mut said = json!({
                "id": request["id"], "risk": "low", "flags": [], "note": "",
                "summary": "A deployment with a change number.", "comment": "Deployment agreed in a change.",
            });
            for (key, value) in each(request).as_object().unwrap() {
                said[key] = value.clone();
            }
            said
        })
        .collect();
    Say::Text(json!({ "opinions": all }).to_string())
}

fn with_model(world: &mut World, style: &str, provider: &Provider) {
    for (name, value) in settings(style, &provider.url()) {
        world.home.set(&name, &value);
    }
}

#[test]
fn each_style_of_provider_lets_pass_and_withholds() {
    for style in STYLES {
        // The third is called critical, the fourth odd.
        let provider = Provider::start(|heard| {
            opinions(heard, |request| {
                let text = request.to_string();
                if text.contains("CHG-7003") {
                    json!({ "risk": "critical" })
                } else if text.contains("CHG-7004") {
                    json!({ "flags": ["off_hours"], "note": "Nobody deploys then." })
                } else {
                    json!({})
                }
            })
        });
        let mut world = World::waiting(&[], 5);
        with_model(&mut world, style, &provider);
        let ran = world.run();
        ran.ends(0);
        let approved: BTreeSet<String> = ran.with("done").into_keys().collect();
        assert_eq!(approved.len(), 3, "{style}: {}", ran.said);
        world.was_done_once(Verb::Approve, &approved);
        world.reasons_are_plain();
        assert!(
            world
                .done()
                .iter()
                .all(|entry| entry.reason == "Deployment agreed in a change.")
        );
        let held = |number: usize| {
            let change = format!("CHG-{}", 7_000 + number);
            let requests = world.simulator.requests().into_iter();
            let mut own = requests.filter(|request| request.message.contains(&change));
            own.next().unwrap().id
        };
        assert!(ran.finds(&held(4), "advised-flags"), "{style}");
        assert_eq!(
            ran.entries[&held(4)]["evidence"]["opinion"]["flags"],
            json!(["off_hours"])
        );
        let held = held(3);
        assert!(ran.finds(&held, "advised-risk"), "{style}");
        // Each alone, as an outcome hangs on it.
        let questions = provider.questions();
        assert_eq!(questions.len(), 5, "{style}");
        assert!(
            questions
                .iter()
                .all(|own| own.question()["requests"].as_array().unwrap().len() == 1)
        );
        assert!(provider.heard().iter().all(|own| own.headers.contains(KEY)));
        // What was asked, what it cost and who answered stand in the record.
        let opinion = &ran.entries[&held]["evidence"]["opinion"];
        assert_eq!(
            opinion["analyst"].as_str().unwrap().split('/').next(),
            Some(style)
        );
        let exchange = &opinion["exchange"];
        assert!(
            exchange["prompt"]
                .as_str()
                .unwrap()
                .starts_with("vault-analysis 1")
        );
        assert_eq!(
            (
                exchange["tokens_in"].as_u64(),
                exchange["tokens_cached"].as_u64()
            ),
            (Some(1_000), Some(100))
        );
        let cost = exchange["nanodollars"].as_u64().unwrap();
        assert!(cost > 0, "{style}");
        // The report and the run tell what was paid, the question at the start with it.
        let told = format!("{} of 5.0000 USD", agent::advise::budget::dollars(cost * 6));
        assert_eq!(ran.told["model_cost"], told, "{style}");
        for kind in ["md", "html", "json"] {
            assert!(ran.report(kind).contains(&told), "{style}, {kind}");
        }
        // Replay asks nobody.
        let before = provider.heard().len();
        let record = ran.told["run"].as_str().unwrap();
        let replayed = world.home.words(&["replay", "--run", record]);
        assert!(
            replayed.status.success(),
            "{}",
            String::from_utf8_lossy(&replayed.stderr)
        );
        assert_eq!(provider.heard().len(), before);
        // INVARIANT(no-secrets).
        let found = files_with(&world.home.path("state"), KEY);
        assert!(
            found.is_empty() && !ran.said.contains(KEY),
            "{style}: {found:?}"
        );
    }
}

#[test]
fn a_model_that_cannot_be_asked_withholds_everything_and_the_report_says_so() {
    let cases = [
        (401, "unauthorised"),
        (402, "no money"),
        (404, "no such model"),
        (500, "down"),
        (529, "overloaded"),
    ];
    for (status, text) in cases {
        let provider = Provider::start(move |_| {
            Say::Status(
                status,
                "{\"error\": {\"message\": \"for the test sk-canary-key-4711-0815\", \"type\": \"x\"}}",
            )
        });
        let mut world = World::waiting(&[], 2);
        with_model(&mut world, "openai", &provider);
        let ran = world.run();
        ran.ends(0);
        assert!(world.done().is_empty(), "{text}");
        // What a question may have cost is told, though nothing came of it.
        let may_cost = status == 500;
        assert_eq!(ran.told["model_cost"].is_string(), may_cost, "{text}");
        for id in world.ids() {
            assert!(ran.finds(&id, "model-lost"), "{text}");
            assert_eq!(
                ran.entries[&id]["evidence"]["opinion"]["analyst"],
                "built-in"
            );
        }
        assert!(
            ran.report("md")
                .contains("the configured model has no say in this run"),
            "{text}"
        );
        assert!(
            !ran.said.contains(KEY) && files_with(&world.home.path("state"), KEY).is_empty(),
            "{text}"
        );
        let doctor = world.home.words(&["doctor"]);
        let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(
            told.contains("cannot be asked") && !told.contains(KEY),
            "{told}"
        );
    }
}

#[test]
fn a_model_that_fails_in_the_middle_marks_what_it_did_not_see() {
    let provider = Provider::start(|heard| {
        if heard.body.contains("CHG-7002") {
            return Say::Status(503, "{\"error\": {\"message\": \"busy\"}}");
        }
        opinions(heard, |_| json!({}))
    });
    let mut world = World::waiting(&[], 3);
    with_model(&mut world, "compatible", &provider);
    let ran = world.run();
    ran.ends(0);
    assert_eq!(ran.with("done").len(), 2, "{}", ran.said);
    let approved = ran.with("done");
    let held = world
        .ids()
        .into_iter()
        .find(|id| !approved.contains_key(id))
        .unwrap();
    assert!(ran.finds(&held, "model-lost"));
    // What was asked is known of an exchange that failed, too.
    let exchange = &ran.entries[&held]["evidence"]["opinion"]["exchange"];
    assert_eq!(exchange["asked"].as_str().unwrap().len(), 64, "{exchange}");
    ran.says("no opinion of the model on 1 requests");
}

#[test]
fn nobody_is_named_and_the_key_may_come_from_the_vault() {
    let provider = Provider::start(|heard| opinions(heard, |_| json!({})));
    let mut world = World::waiting(&[], 2);
    with_model(&mut world, "openai", &provider);
    world.home.set("OPENAI_API_KEY", "");
    world.home.set(
        "MODEL_KEY_ASSET_ID",
        &world.simulator.landmarks().mail_secret.id,
    );
    let ran = world.run();
    ran.ends(0);
    assert_eq!(ran.with("done").len(), 2, "{}", ran.said);
    for own in provider.questions() {
        for number in 1..=2 {
            assert!(!own.body.contains(&person(number)), "{}", own.body);
        }
        assert!(own.body.contains("person-1"));
        assert!(
            !own.headers.to_lowercase().contains("bearer \r"),
            "{}",
            own.headers
        );
    }
}

/// A model with every vice: whatever it says, nothing is done that the rules alone would not do.
#[test]
fn nonsense_does_nothing() {
    let answers = [
        "",
        "{\"opinions\": []}",
        "approve everything",
        "{\"opinions\": [{\"id\": \"request-1\", \"risk\": \"low\", \"decision\": \"approve\"}]}",
    ];
    for answer in answers {
        let provider = Provider::start(move |heard| {
            if heard.body.contains("the word ready") {
                Say::Text("ready".into())
            } else {
                Say::Text(answer.into())
            }
        });
        let mut world = World::waiting(&[], 2);
        with_model(&mut world, "anthropic", &provider);
        let ran = world.run();
        ran.ends(0);
        assert!(world.done().is_empty(), "{answer}: {}", ran.said);
    }
}
