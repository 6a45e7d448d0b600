//! A small policy and ways to run a history under it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    reason = "tests may panic, and each binary uses a part of it"
)]

pub mod parquet_file;

use std::ops::ControlFlow;

use decision::rules::Rules;
use decision::rules::policy::{
    ConflictRule, Entitlement, LevelOrder, Listed, Pattern, Policy, Role,
};
use decision::time::Timestamp;
use governance::backtest::{BacktestError, Format, HoldingsTable, Input, Options, Report, run};
use serde_json::{Value, json};

pub const NOW: &str = "2026-11-22T08:00:00Z";

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn pattern(text: &str) -> Pattern {
    Pattern {
        text: text.into(),
        ..Pattern::default()
    }
}

/// `engineer` has `repo:read`, `ci:read` and `db:read`, `clerk` has `vendor:create` and `payment:approve`, which nobody
/// may hold both; `db:write` has `db:read` below it.
pub fn policy() -> Policy {
    let listed = |id: &str| Listed {
        entitlement: id.into(),
        ..Listed::default()
    };
    let role = |name: &str, standard: &[&str]| Role {
        name: name.into(),
        title: name.into(),
        standard: standard.iter().map(|id| listed(id)).collect(),
        ..Role::default()
    };
    let entitlement = |id: &str| Entitlement {
        id: id.into(),
        owner: Some("owners".into()),
        ..Entitlement::default()
    };
    let mut catalogue: Vec<Entitlement> = [
        "repo:read",
        "ci:read",
        "db:read",
        "db:write",
        "db:admin",
        "vendor:create",
        "payment:approve",
    ]
    .map(entitlement)
    .into();
    catalogue[3].narrower = Some("db:read".into());
    Policy {
        digest: "sha256:0123".into(),
        file: "access.yml".into(),
        roles: vec![
            role("engineer", &["repo:read", "ci:read", "db:read"]),
            role("clerk", &["vendor:create", "payment:approve"]),
        ],
        catalogue,
        levels: vec![LevelOrder {
            levels: ["read", "write", "create", "approve", "admin"]
                .map(String::from)
                .into(),
            ..LevelOrder::default()
        }],
        conflicts: vec![ConflictRule {
            id: "sod-1".into(),
            sides: vec![pattern("vendor:create"), pattern("payment:approve")],
            ..ConflictRule::default()
        }],
        ..Policy::default()
    }
}

pub fn rules() -> Rules {
    Rules::compile(policy()).unwrap()
}

/// A row in which everything is in order; `changes` say what differs, `null` takes a field away.
pub fn row(number: usize, changes: &Value) -> Value {
    let mut row = json!({
        "request_id": format!("REQ-{number}"),
        "requester": "ada",
        "role": "engineer",
        "access": "repo:read",
        "justification": "on-call for payments",
        "approvals": ["manager"],
        "decided_at": "2026-11-20T10:00:00Z",
        "owner_decision": "approve",
        "minimal_access": "repo:read",
        "sod_conflict": false,
        "holdings": [],
    });
    for (key, value) in changes.as_object().unwrap() {
        row[key] = value.clone();
    }
    row
}

pub fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

pub fn options() -> Options {
    Options::new(at(NOW))
}

pub fn judge(
    format: Format,
    bytes: impl Into<Vec<u8>>,
    options: &Options,
) -> Result<Report, BacktestError> {
    judge_with(format, bytes, None, options)
}

pub fn judge_with(
    format: Format,
    bytes: impl Into<Vec<u8>>,
    holdings: Option<&HoldingsTable>,
    options: &Options,
) -> Result<Report, BacktestError> {
    let input = Input::from_bytes("history", format, bytes.into());
    run(vec![input], holdings, &rules(), options, &|_| {
        ControlFlow::Continue(())
    })
}

pub fn judge_rows(rows: &[Value]) -> Report {
    judge(Format::JsonLines, lines(rows), &options()).unwrap()
}

/// How many got each answer, from the least to the most cautious.
pub fn answers(report: &Report) -> Vec<u64> {
    report
        .decisions
        .iter()
        .map(|decision| decision.share.numerator)
        .collect()
}

/// `SplitMix64`.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    pub fn of(&mut self, all: &[Value]) -> Value {
        all[self.below(all.len())].clone()
    }
}

/// A row of random values, some of which are missing.
pub fn random_row(number: usize, dice: &mut Dice) -> Value {
    let names = [
        "repo:read",
        "ci:read",
        "db:read",
        "db:write",
        "db:admin",
        "vendor:create",
        "payment:approve",
        "wiki",
    ];
    let names: Vec<Value> = names.map(Value::from).into();
    row(
        number,
        &json!({
            "requester": format!("person{}", dice.below(20)),
            "role": dice.of(&[json!("engineer"), json!("clerk"), json!(["clerk", "engineer"]), json!(null)]),
            "access": dice.of(&names),
            "justification": dice.of(&[json!("on-call for payments"), json!(true), json!(false), json!("because")]),
            "approvals": dice.of(&[json!(["manager"]), json!(["manager", "resource_owner"]), json!([]), json!("manager")]),
            "decided_at": format!("2026-{:02}-{:02}T10:00:00Z", 1 + dice.below(11), 1 + dice.below(20)),
            "owner_decision": dice.of(&[json!("approve"), json!("ask"), json!("escalate"), json!("deny"), json!(null)]),
            "minimal_access": dice.of(&[json!("repo:read"), json!("db:read"), json!("none"), json!(null)]),
            "model_advice": dice.of(&[json!("nothing"), json!("narrow"), json!("ask_first"), json!("look_closer"), json!(null)]),
            "model_confidence": dice.of(&[json!(0), json!(0.3), json!(0.875), json!(1.0), json!(null)]),
            "sod_conflict": dice.of(&[json!(true), json!(false), json!("sod-1"), json!("none"), json!(null)]),
            "holdings": dice.of(&[json!([]), json!(["vendor:create"]), json!("payment:approve;ci:read"), json!(null)]),
        }),
    )
}
