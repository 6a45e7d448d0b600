//! The golden history: a few hundred decisions with their records, which every release must make again byte for byte.
//! `UPDATE_GOLDEN=1` decides them anew; the difference then shows in `git diff`, and belongs into the changelog.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may panic: that is how they fail"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use agent::replay::{Replayed, replay};
use agent::report::Decision;
use agent::review::Act;
use agent::ruling::decide;
use decision::evidence::record::Mode;
use decision::request::digest_of;
use decision::rules::Rules;
use decision::rules::policy::ApprovalKind;
use decision::time::Timestamp;
use policy::cases::TestCase;
use policy::{Guardrails, load};
use ports::Store as _;
use ports::store::RulingRow;
use sandbox::Company;
use serde::{Deserialize, Serialize};
use testkit::world::{World, request};

/// One decision: under which policy, on what record, with which outcome.
#[derive(Serialize, Deserialize)]
struct Line {
    policy: String,
    evidence: String,
    record: String,
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// The policies of the history, as they were.
fn policies() -> BTreeMap<String, (Rules, Vec<TestCase>)> {
    ["company.yml", "cookbook.yml"]
        .into_iter()
        .map(|name| {
            let bytes = std::fs::read(golden(name)).unwrap();
            let mut loaded = load("access.yml", &bytes, &Guardrails::default())
                .unwrap_or_else(|report| panic!("{}", policy::render(&report, 100, false)));
            let tests = std::mem::take(&mut loaded.tests);
            (name.to_owned(), (loaded.compile().unwrap(), tests))
        })
        .collect()
}

#[test]
fn every_decision_of_the_golden_history_is_made_again_byte_for_byte() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        write();
    }
    let policies = policies();
    let text = std::fs::read_to_string(golden("history.jsonl")).unwrap();
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    let mut told = String::new();
    for (number, line) in text.lines().enumerate() {
        let line: Line = serde_json::from_str(line).unwrap();
        let decision = Decision::from_json(&line.record).unwrap();
        *outcomes.entry(decision.decision.clone()).or_default() += 1;
        let row = RulingRow {
            id: format!("{}, line {}", decision.request_id, number + 1),
            request: decision.request_id.clone(),
            revision: 1,
            evidence_digest: digest_of(line.evidence.as_bytes()),
            evidence: line.evidence,
            policy: decision.policy_version.clone(),
            engine: String::new(),
            record: line.record,
            decision: decision.decision,
            decided_at: Timestamp::default(),
        };
        match replay(&row, &policies[&line.policy].0) {
            Replayed::Identical => {}
            Replayed::Different(fields) => {
                for field in fields {
                    writeln!(
                        told,
                        "{}: {}: {} -> {}",
                        row.id, field.path, field.stored, field.now
                    )
                    .unwrap();
                }
            }
            other @ (Replayed::Erased | Replayed::Unusable(_)) => panic!("{}: {other:?}", row.id),
        }
    }
    assert!(told.is_empty(), "{told}");
    assert!(outcomes.values().sum::<u32>() >= 200, "{outcomes:?}");
    assert_eq!(outcomes.len(), 4, "each answer occurs: {outcomes:?}");
}

/// Decides a company's tickets before and after their approvals, and the cases of the cookbook.
fn write() {
    let company = Company::generate(7, 120);
    std::fs::write(golden("company.yml"), &company.access_yml).unwrap();
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/tests/cookbook/access.yml"),
        golden("cookbook.yml"),
    )
    .unwrap();
    let world = World::new(&company.access_yml, &company.directory_yml, Mode::Guarded).unwrap();
    for planted in &company.tickets {
        let _ = world
            .agent()
            .handle(vec![request(&planted.ticket).unwrap()]);
        for (kind, by) in &planted.approvals {
            let kind = ApprovalKind::ALL
                .into_iter()
                .find(|own| own.name() == *kind);
            let reviewer = world.reviewer(by).unwrap();
            // An approval that does not count is refused, and that is part of life.
            let _ = world
                .agent()
                .review(&planted.request_id, &reviewer, Act::Approve(kind));
        }
    }
    let mut text = String::new();
    let mut add = |policy: &str, evidence: String, record: String| {
        let policy = policy.to_owned();
        let line = Line {
            policy,
            evidence,
            record,
        };
        text.push_str(&serde_json::to_string(&line).unwrap());
        text.push('\n');
    };
    for (_, ruling) in world.store.rulings_after(0, 10_000).unwrap() {
        add("company.yml", ruling.row.evidence, ruling.row.record);
    }
    let policies = policies();
    let (rules, tests) = &policies["cookbook.yml"];
    for case in tests {
        let evidence = case.evidence(rules, &|_| None).unwrap();
        let text = serde_json::to_string(&evidence).unwrap();
        let (frozen, ruling, _) = decide(evidence, rules);
        add(
            "cookbook.yml",
            text,
            Decision::new(&frozen, rules, &ruling).to_json(),
        );
    }
    std::fs::write(golden("history.jsonl"), text).unwrap();
}
