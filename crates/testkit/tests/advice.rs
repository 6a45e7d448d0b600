//! The review of a ticket by a model, over a whole agent: bounds, contract, what is recorded, what a person lifts, and replay.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may panic: that is how they fail"
)]

#[expect(dead_code, reason = "others use the rest")]
#[path = "../../agent/tests/advise/model.rs"]
mod model;

use agent::Agent;
use agent::advise::ticket::{Bounds, LostAdviser, ModelAdviser, TOOL_CALLS_MAX};
use agent::replay::Replayed;
use agent::report::Decision;
use agent::review::Act;
use decision::evidence::record::{Evidence, Mode};
use decision::findings::Kind;
use decision::request::Request;
use decision::rules::policy::ApprovalKind;
use model::{Ear, Heard, PRICE, asking, error, text, tool};
use policy::contract::{ADVISE, Contract};
use ports::Store as _;
use ports::model::{Answer, ModelError, Price, Reason, Stop, ToolCall, Turn};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::world::{World, request};

const POLICY: &str = "
roles:
  engineer: { standard: [\"repo:read\", \"dev-db:read\"] }
  clerk: { standard: [\"vendor:create\"], grantable: [\"payment:approve\"] }
sod_conflicts:
  - [\"vendor:create\", \"payment:approve\"]
privileged: [\"*:admin\", \"prod:*\"]
approvals: { every: [] }
";
const DIRECTORY: &str = "
people:
  engineer-001: { roles: [engineer], manager: manager-001 }
  clerk-001: { roles: [clerk], manager: manager-001, holds: [\"vendor:create\"] }
  manager-001: { roles: [] }
";

fn world(mode: Mode) -> World {
    World::new(
        &POLICY.replace("approvals: { every: [] }\n", ""),
        DIRECTORY,
        mode,
    )
    .unwrap()
}

fn ticket(id: &str, who: &str, access: &str, why: &str) -> Request {
    let ticket =
        json!({ "request_id": id, "requester": who, "access": access, "justification": why });
    request(&ticket.to_string()).unwrap()
}

fn bounds() -> Bounds {
    Bounds::of(&Contract::load(ADVISE.as_bytes()).unwrap())
}

fn advice(advice: &str, confidence: i64, cites: &[&str]) -> String {
    json!({ "advice": advice, "triggers": [], "confidence": confidence as f64 / 100.0, "cites": cites, "note": "Seen." }).to_string()
}

/// An adviser of one model, and what it hears.
fn adviser(
    price: Option<Price>,
    say: impl Fn(&Heard, usize) -> Result<Answer, ModelError> + Send + Sync + 'static,
) -> (ModelAdviser, Ear) {
    let (asking, heard) = asking(price, say);
    (ModelAdviser::new(asking.clone(), asking, bounds()), heard)
}

fn handle(world: &World, adviser: &dyn ports::Adviser, request: Request) -> (Decision, Evidence) {
    let agent = Agent {
        adviser: Some(adviser),
        ..world.agent()
    };
    let id = request.id.clone();
    let decision = agent.handle(vec![request]).pop().unwrap().unwrap().decision;
    let stored = world.store.latest_ruling(&id).unwrap().unwrap();
    (
        decision,
        serde_json::from_str(&stored.row.evidence).unwrap(),
    )
}

/// An approved standard request, which is granted unless somebody is in doubt.
fn approved(world: &World, adviser: &dyn ports::Adviser) -> (Decision, Evidence) {
    let (first, _) = handle(
        world,
        adviser,
        ticket(
            "R-1",
            "engineer-001",
            "repo:read",
            "to read the build scripts",
        ),
    );
    assert_ne!(
        first.decision, "AUTO_PROVISION",
        "the manager has not approved"
    );
    let agent = Agent {
        adviser: Some(adviser),
        ..world.agent()
    };
    let manager = world.reviewer("manager-001").unwrap();
    let act = Act::Approve(Some(ApprovalKind::Manager));
    let decision = agent.review("R-1", &manager, act).unwrap().decision;
    let stored = world.store.latest_ruling("R-1").unwrap().unwrap();
    (
        decision,
        serde_json::from_str(&stored.row.evidence).unwrap(),
    )
}

fn findings(decision: &Decision) -> Vec<&str> {
    decision
        .findings
        .iter()
        .map(|line| line.finding.as_str())
        .collect()
}

#[test]
fn a_model_with_nothing_to_add_lets_standard_access_through_and_is_asked_once() {
    let world = world(Mode::Guarded);
    let (adviser, heard) = adviser(Some(PRICE), |_, _| {
        Ok(tool("summarize", &advice("nothing", 97, &["repo:read"])))
    });
    let (decision, evidence) = approved(&world, &adviser);
    assert_eq!(
        (decision.decision.as_str(), decision.grant.applied),
        ("AUTO_PROVISION", true)
    );
    assert_eq!(decision.confidence, 0.97, "a model can only lower it");
    // Ruled upon twice, asked once, without a strong call.
    assert_eq!(heard.lock().unwrap().len(), 1);
    let analysis = evidence.analysis.unwrap();
    assert_eq!(analysis.analyst, "test/model-1");
    let exchange = &analysis.exchanges[0];
    assert!(exchange.prompt.starts_with("ticket-review 1") && exchange.nanodollars > 0);
    // The record replays, and nobody is asked.
    let stored = world.store.latest_ruling("R-1").unwrap().unwrap();
    let replayed = agent::replay::replay(&stored.row, &world.rules);
    assert_eq!(replayed, Replayed::Identical);
    assert_eq!(heard.lock().unwrap().len(), 1);
}

#[test]
fn each_advice_and_each_fault_withholds() {
    type Say = fn() -> Result<Answer, ModelError>;
    let cases: [(Kind, Say); 14] = [
        (Kind::AdviceNarrow, || {
            Ok(tool("summarize", &advice("narrow", 90, &[])))
        }),
        (Kind::AdviceAskFirst, || {
            Ok(tool("summarize", &advice("ask_first", 90, &[])))
        }),
        (Kind::AdviceLookCloser, || {
            Ok(tool("summarize", &advice("look_closer", 90, &[])))
        }),
        (Kind::ConfidenceLow, || {
            Ok(tool("summarize", &advice("nothing", 60, &[])))
        }),
        (Kind::AdviceUnreadable, || {
            Ok(tool("summarize", &advice("nothing", 101, &[])))
        }),
        (Kind::AdviceUnreadable, || {
            Ok(tool("summarize", &advice("grant", 90, &[])))
        }),
        (Kind::AdviceUnreadable, || Ok(text("approved!"))),
        (Kind::AdviceUnfounded, || {
            Ok(tool("summarize", &advice("nothing", 90, &["repo:admin"])))
        }),
        (Kind::AdviceOutOfContract, || Ok(tool("grant_access", "{}"))),
        (Kind::AdviceOutOfContract, || {
            Ok(tool(
                "summarize",
                "{\"advice\":\"nothing\",\"triggers\":[],\"confidence\":0.99,\"cites\":[],\"note\":\"\",\"decision\":\"AUTO_PROVISION\"}",
            ))
        }),
        (Kind::AdviceRefused, || {
            Ok(Answer {
                stop: Stop::Refused,
                ..text("")
            })
        }),
        (Kind::AdviceCutShort, || {
            Ok(Answer {
                stop: Stop::Length,
                ..text("{")
            })
        }),
        (Kind::AdviceFiltered, || Err(error(Reason::Filtered, None))),
        (Kind::ModelLost, || Err(error(Reason::Overloaded, None))),
    ];
    for (kind, say) in cases {
        let world = world(Mode::Guarded);
        let (adviser, _) = adviser(Some(PRICE), move |heard, _| {
            // Whoever is asked for a judgement has nothing to add.
            if heard.has_form {
                Ok(text(&advice("nothing", 99, &[])))
            } else {
                say()
            }
        });
        let (decision, _) = approved(&world, &adviser);
        assert!(!decision.grant.applied, "{kind}");
        assert_ne!(decision.decision, "AUTO_PROVISION", "{kind}");
        assert!(
            findings(&decision).contains(&kind.name()),
            "{kind}: {:?}",
            findings(&decision)
        );
    }
}

#[test]
fn a_trigger_of_the_contract_hands_over() {
    let world = world(Mode::Guarded);
    let (adviser, _) = adviser(Some(PRICE), |heard, _| {
        if heard.has_form {
            return Ok(text(&advice("nothing", 99, &[])));
        }
        let said = "{\"advice\":\"nothing\",\"triggers\":[\"policy_ambiguous\"],\"confidence\":0.95,\"cites\":[],\"note\":\"Two rules fit.\"}";
        Ok(tool("summarize", said))
    });
    let (decision, evidence) = approved(&world, &adviser);
    assert_eq!(
        (decision.decision.as_str(), decision.escalation.to.as_str()),
        ("ESCALATE", "resource_owner")
    );
    assert!(evidence.analysis.unwrap().note.contains("Two rules fit."));
}

/// INVARIANT(contract): a model that never stops is stopped, by turns and by calls of tools.
#[test]
fn a_model_that_never_stops_is_stopped() {
    let world = world(Mode::Guarded);
    let (endless, heard) = adviser(Some(PRICE), |_, _| Ok(tool("read_request", "{}")));
    let (decision, evidence) = approved(&world, &endless);
    assert_eq!(findings(&decision), ["advice-bound-reached"]);
    assert_eq!(heard.lock().unwrap().len(), 8, "eight turns");
    assert_eq!(evidence.analysis.unwrap().exchanges.len(), 8);

    let world = self::world(Mode::Guarded);
    let (greedy, heard) = adviser(Some(PRICE), |_, _| {
        let call = |number: usize| ToolCall {
            id: format!("c{number}"),
            name: "check_policy".into(),
            arguments: "{\"access\": \"repo:read\"}".into(),
        };
        Ok(Answer {
            calls: (0..5).map(call).collect(),
            ..tool("read_request", "{}")
        })
    });
    let (decision, _) = approved(&world, &greedy);
    assert_eq!(findings(&decision), ["advice-bound-reached"]);
    assert_eq!(heard.lock().unwrap().len(), TOOL_CALLS_MAX / 5 + 1);
}

#[test]
fn no_request_costs_more_than_the_contract_allows() {
    // Two cents for a thousand tokens read: the worst case of a call does not fit after a few.
    let dear = Price {
        input: 20_000,
        cache_read: 20_000,
        cache_write: 20_000,
        output: 60_000,
    };
    let world = world(Mode::Guarded);
    let (adviser, heard) = adviser(Some(dear), |_, _| Ok(tool("read_request", "{}")));
    let (decision, evidence) = approved(&world, &adviser);
    assert_eq!(findings(&decision), ["advice-bound-reached"]);
    let analysis = evidence.analysis.unwrap();
    let spent: u64 = analysis.exchanges.iter().map(|own| own.nanodollars).sum();
    assert!(spent <= 250_000_000, "{spent}");
    assert!(heard.lock().unwrap().len() < 8);
}

#[test]
fn the_strong_model_is_asked_where_there_is_something_to_judge() {
    let world = world(Mode::Guarded);
    let (fast, fast_heard) = asking(Some(PRICE), |_, _| {
        Ok(tool("summarize", &advice("nothing", 95, &[])))
    });
    let (strong, strong_heard) = asking(Some(PRICE), |_, _| {
        Ok(text(
            "{\"advice\":\"look_closer\",\"triggers\":[],\"confidence\":0.90,\"cites\":[\"vendor:create\",\"payment:approve\"],\"note\":\"Together they pay an invented vendor.\"}",
        ))
    });
    let adviser = ModelAdviser::new(fast, strong, bounds());
    let (standard, _) = handle(
        &world,
        &adviser,
        ticket(
            "R-1",
            "engineer-001",
            "dev-db:read",
            "to look at the import",
        ),
    );
    assert_eq!(standard.decision, "REQUEST_INFO");
    assert_eq!(
        (
            fast_heard.lock().unwrap().len(),
            strong_heard.lock().unwrap().len()
        ),
        (1, 0)
    );
    let (conflict, evidence) = handle(
        &world,
        &adviser,
        ticket(
            "R-2",
            "clerk-001",
            "payment:approve",
            "to stand in at month end",
        ),
    );
    assert_eq!(conflict.decision, "ESCALATE");
    assert_eq!(strong_heard.lock().unwrap().len(), 1);
    let analysis = evidence.analysis.unwrap();
    assert!(analysis.faults.is_empty(), "{:?}", analysis.remarks);
    assert_eq!(analysis.confidence, Some(9_000));
    assert!(analysis.note.contains("invented vendor"));
}

/// INVARIANT(no-secrets): people stand under other names, secrets are masked, and the tools that read serve evidence alone.
#[test]
fn what_leaves_names_nobody_and_holds_no_secret() {
    let world = world(Mode::Guarded);
    let (adviser, heard) = adviser(Some(PRICE), |_, number| {
        Ok(match number {
            1 => tool("check_policy", "{\"access\": \"prod-db:admin\"}"),
            2 => tool("prepare_change", "{\"access\": \"repo:read\"}"),
            3 => tool("check_policy", "{\"acces\": 1}"),
            _ => tool("summarize", &advice("nothing", 95, &[])),
        })
    });
    let why = "engineer-001 and MANAGER-001 agreed, password=canary-4711-canary";
    handle(
        &world,
        &adviser,
        ticket("R-1", "engineer-001", "repo:read", why),
    );
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 4);
    let last = heard[3].text();
    for canary in ["canary", "engineer-001", "manager-001", "MANAGER-001"] {
        assert!(
            !last.to_lowercase().contains(&canary.to_lowercase()),
            "`{canary}` in {last}"
        );
    }
    assert!(last.contains("person-1 and person-2 agreed"), "{last}");
    let results: Vec<(bool, Value)> = heard[3]
        .turns
        .iter()
        .filter_map(|turn| match turn {
            Turn::Results(results) => Some((
                results[0].is_error,
                serde_json::from_str(&results[0].content).unwrap_or_default(),
            )),
            Turn::Ours(_) | Turn::Model { .. } => None,
        })
        .collect();
    assert_eq!(results[0], (false, json!({ "in_catalogue": false })));
    assert_eq!(results[1].1["applied"], json!(false));
    assert!(results[2].0, "arguments that are none are told, not fatal");
    assert_eq!(
        heard[0].tools,
        [
            "read_request",
            "check_policy",
            "prepare_change",
            "summarize"
        ]
    );
}

#[test]
fn a_lost_model_withholds_and_a_person_releases_it() {
    let world = world(Mode::Guarded);
    let lost = LostAdviser {
        model: "test/model-1".into(),
        why: "no key is set".into(),
    };
    let (decision, evidence) = approved(&world, &lost);
    assert_eq!(
        (decision.decision.as_str(), findings(&decision)),
        ("ESCALATE", vec!["model-lost"])
    );
    assert_eq!(evidence.analysis.unwrap().remarks, ["no key is set"]);
    // When it is back it is asked, and what it then says counts.
    let (adviser, heard) = adviser(Some(PRICE), |_, _| {
        Ok(tool("summarize", &advice("nothing", 95, &[])))
    });
    let agent = Agent {
        adviser: Some(&adviser),
        ..world.agent()
    };
    let again = agent.rule_again("R-1").unwrap().decision;
    assert_eq!(
        (again.decision.as_str(), again.grant.applied),
        ("AUTO_PROVISION", true)
    );
    assert_eq!(heard.lock().unwrap().len(), 1);
}

/// A model that is lost in the middle again and again gets no fresh money each time: 0.25 US dollars are for the request.
#[test]
fn what_was_spent_before_the_model_was_lost_counts() {
    let world = world(Mode::Guarded);
    let cost = PRICE.of(&text("").usage.unwrap());
    // It reads once, and then its provider is gone, so each ruling pays for one call.
    let (asking, heard) = asking(Some(PRICE), |heard, _| {
        if heard.turns.len() == 1 {
            Ok(tool("read_request", "{}"))
        } else {
            Err(error(Reason::RateLimited, None))
        }
    });
    let worst = 60_000_000;
    let bounds = Bounds {
        limit: worst + cost * 2,
        ..bounds()
    };
    let adviser = ModelAdviser::new(asking.clone(), asking, bounds);
    let agent = Agent {
        adviser: Some(&adviser),
        ..world.agent()
    };
    handle(
        &world,
        &adviser,
        ticket(
            "R-1",
            "engineer-001",
            "repo:read",
            "to read the build scripts",
        ),
    );
    for _ in 0..20 {
        agent.rule_again("R-1").unwrap();
    }
    let stored = world.store.latest_ruling("R-1").unwrap().unwrap();
    let evidence: Evidence = serde_json::from_str(&stored.row.evidence).unwrap();
    let analysis = evidence.analysis.unwrap();
    assert!(analysis.spent() <= worst + cost * 2, "{analysis:?}");
    assert!(analysis.spent_before >= cost * 2, "{analysis:?}");
    let asked = heard.lock().unwrap().len();
    assert!((4..20).contains(&asked), "{asked}");
    let replayed = agent::replay::replay(&stored.row, &world.rules);
    assert_eq!(replayed, Replayed::Identical);
}

/// What was spent on an earlier text was spent on the request all the same.
#[test]
fn another_text_brings_no_fresh_money() {
    let world = world(Mode::Guarded);
    let (adviser, _) = adviser(Some(PRICE), |_, _| {
        Ok(tool("summarize", &advice("nothing", 95, &[])))
    });
    let (_, first) = handle(
        &world,
        &adviser,
        ticket(
            "R-1",
            "engineer-001",
            "repo:read",
            "to read the build scripts",
        ),
    );
    let spent = first.analysis.unwrap().spent();
    let again = json!({
        "request_id": "R-1", "revision": 2, "requester": "engineer-001", "access": "repo:read",
        "justification": "to read the build scripts of the second half",
    });
    let (_, second) = handle(&world, &adviser, request(&again.to_string()).unwrap());
    let second = second.analysis.unwrap();
    assert!(!second.exchanges.is_empty(), "it is asked anew");
    assert_eq!(second.spent_before, spent);
}

/// A model that is slow is not waited for.
#[test]
fn a_slow_model_is_stopped_by_the_clock() {
    let world = world(Mode::Guarded);
    let (asking, heard) = asking(Some(PRICE), |_, _| {
        std::thread::sleep(Duration::from_millis(60));
        Ok(tool("read_request", "{}"))
    });
    let bounds = Bounds {
        time: Duration::from_millis(100),
        ..bounds()
    };
    let adviser = ModelAdviser::new(asking.clone(), asking, bounds);
    let (decision, evidence) = approved(&world, &adviser);
    assert_eq!(findings(&decision), ["advice-bound-reached"]);
    let remarks = evidence.analysis.unwrap().remarks;
    assert_eq!(remarks, ["the time for asking is over"]);
    assert_eq!(heard.lock().unwrap().len(), 2);
}

/// A call that is not its to make spoils what it says beside it, whatever comes first.
#[test]
fn a_forbidden_call_beside_the_end_is_found() {
    let world = world(Mode::Guarded);
    let (adviser, _) = adviser(Some(PRICE), |heard, _| {
        if heard.has_form {
            return Ok(text(&advice("nothing", 99, &[])));
        }
        let mut answer = tool("summarize", &advice("nothing", 99, &[]));
        answer.calls.extend(tool("grant_access", "{}").calls);
        Ok(answer)
    });
    let (decision, _) = approved(&world, &adviser);
    assert_eq!(findings(&decision), ["advice-out-of-contract"]);
}

/// INVARIANT(bound): who lifts advice lifts what was said of this content, and nothing that is said later.
#[test]
fn a_lift_of_advice_binds_to_what_was_said() {
    let world = world(Mode::Guarded);
    let digest = |note: &'static str, why: &str| {
        let (adviser, _) = adviser(Some(PRICE), move |_, _| {
            let said = json!({ "advice": "look_closer", "triggers": [], "confidence": 0.9, "cites": [], "note": note }).to_string();
            Ok(if note.is_empty() {
                text("")
            } else {
                tool("summarize", &said)
            })
        });
        let agent = Agent {
            adviser: Some(&adviser),
            ..world.agent()
        };
        let request = ticket("R-1", "engineer-001", "repo:read", why);
        let (frozen, ruling) = agent.preview(&request).unwrap().basis.unwrap();
        let kind = if note.is_empty() {
            Kind::AdviceUnreadable
        } else {
            Kind::AdviceLookCloser
        };
        assert!(ruling.findings.contains(kind), "{:?}", ruling.findings);
        decision::findings::lifting::facts_digest(&frozen, &world.rules, kind)
    };
    let first = digest("Odd.", "to read the build scripts");
    assert_eq!(first, digest("Odd.", "to read the build scripts"));
    assert_ne!(first, digest("Very odd.", "to read the build scripts"));
    assert_ne!(
        first,
        digest("Odd.", "to copy it all home to my own machine")
    );
    assert_ne!(
        digest("", "to read the build scripts"),
        digest("", "to copy it all home to my own machine")
    );
}

/// INVARIANT(signed-state): a ruling that somebody wrote whole, with every digest in it, replays. It is not what a model said.
#[test]
fn a_ruling_that_was_forged_whole_is_not_believed() {
    let world = world(Mode::Guarded);
    let (doubting, _) = adviser(Some(PRICE), |heard, _| {
        if heard.has_form {
            return Ok(text(&advice("look_closer", 90, &[])));
        }
        Ok(tool("summarize", &advice("look_closer", 90, &[])))
    });
    let (decision, mut evidence) = approved(&world, &doubting);
    assert!(findings(&decision).contains(&"advice-look-closer"));

    let row = world.store.latest_ruling("R-1").unwrap().unwrap().row;
    evidence.advice = decision::evidence::record::Advice::Nothing;
    let body = serde_json::to_string(&evidence).unwrap();
    let (frozen, ruling, _) = agent::ruling::decide(evidence, &world.rules);
    let forged = Decision::new(&frozen, &world.rules, &ruling);
    assert_eq!(forged.decision, "AUTO_PROVISION");
    let digest = decision::request::digest_of(body.as_bytes());
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database
        .execute("INSERT INTO evidence VALUES (?1, ?2)", [&digest, &body])
        .unwrap();
    let edited = database.execute(
        "UPDATE ruling SET evidence = ?1, record = ?2, decision = ?3 WHERE id = ?4",
        [&digest, &forged.to_json(), &forged.decision, &row.id],
    );
    assert_eq!(edited, Ok(1));
    let stored = world.store.latest_ruling("R-1").unwrap().unwrap();
    assert_eq!(
        agent::replay::replay(&stored.row, &world.rules),
        Replayed::Identical
    );

    let agent = Agent {
        adviser: Some(&doubting),
        ..world.agent()
    };
    let again = agent.rule_again("R-1").map(|handled| handled.decision);
    let error = again.unwrap_err().to_string();
    assert!(
        error.contains("the log does not confirm the ruling"),
        "{error}"
    );
}
