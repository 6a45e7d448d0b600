//! Random records of evidence: a plain one first, then a few changes, each of which may matter or not.

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::{
    Advice, Approval, Coverage, Evidence, FORMAT, Fact, Holding, Holdings, LogState, Lookup, Mode,
    Person, Reserved, Target,
};
use decision::request::{Access, Content, Request, Term};
use decision::rules::Rules;
use decision::rules::policy::{ApprovalKind, Policy};
use decision::time::{Minutes, Timestamp};

use super::{Dice, FROZEN_AT, behind, change, linked};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(FROZEN_AT + seconds)
}

pub(super) fn read<T>(value: T) -> Fact<T> {
    Fact::Present {
        value,
        source: "directory".into(),
        as_of: at(-60),
    }
}

pub(super) fn person(id: &str, groups: &[&str]) -> Person {
    Person {
        id: id.to_owned(),
        login: id.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..Person::default()
    }
}

/// Everybody but requester and beneficiary, with groups.
const OTHERS: [(&str, &[&str]); 8] = [
    ("m1", &[]),
    ("o1", &["owners"]),
    ("o2", &["owners", "security"]),
    ("s1", &["security"]),
    ("s2", &["security", "controls"]),
    ("c1", &["controls"]),
    ("c2", &["controls", "owners", "security"]),
    ("x1", &[]),
];

pub(super) fn any(dice: &mut Dice<'_>, rules: &Rules) -> Evidence {
    let policy = rules.policy();
    let names: Vec<String> = policy
        .catalogue
        .iter()
        .flat_map(|entry| [&entry.id].into_iter().chain(&entry.aliases))
        .cloned()
        .collect();
    let first = names.first().cloned().unwrap_or_default();
    let asked = if dice.chance(40) {
        dice.of(&names)
    } else {
        first
    };
    let mut evidence = plain(policy, &asked);
    if dice.chance(45) {
        evidence.mode = Mode::Advise;
    }
    if dice.chance(15) {
        for_somebody_else(dice, &mut evidence);
    }
    if dice.chance(50) {
        holdings(dice, &mut evidence, &names);
    }
    for _ in 0..dice.of(&[0, 0, 0, 1, 1, 2, 3, 6]) {
        change::any(dice, &mut evidence);
    }
    linked::add(dice, &mut evidence, &names);
    behind::add(dice, &mut evidence, rules);
    content_of_approvals(dice, &mut evidence, rules);
    evidence
}

/// A standard request by `p1` with everything in order, approved by the manager.
fn plain(policy: &Policy, asked: &str) -> Evidence {
    let id = policy
        .catalogue
        .iter()
        .find(|entry| entry.id == asked || entry.aliases.iter().any(|alias| alias == asked))
        .map_or(asked, |entry| entry.id.as_str());
    let mut filer = person("p1", &["staff"]);
    filer.roles = vec!["engineer".into()];
    filer.manager = Some("m1".into());
    let target = |id: &str| {
        read(Target {
            id: format!("t-{id}"),
            power: format!("power of {id}"),
            name: "t".into(),
            ..Target::default()
        })
    };
    Evidence {
        format: FORMAT,
        frozen_at: at(0),
        mode: Mode::Guarded,
        policy: policy.digest.clone(),
        active_policy: policy.digest.clone(),
        own_policy: false,
        log: LogState::Verified,
        request: Request {
            id: "REQ-1".into(),
            revision: 1,
            requester: "p1".into(),
            on_behalf_of: None,
            access: Access::new(asked),
            justification: Some("quarterly reconciliation".into()),
            term: Term::Unstated,
            created_at: Some(at(-3_600)),
            ticket: None,
            claims: Vec::new(),
        },
        requester: read(Lookup::One(Box::new(filer.clone()))),
        beneficiary: read(Lookup::One(Box::new(filer))),
        people: OTHERS
            .iter()
            .map(|(id, groups)| ((*id).to_owned(), person(id, groups)))
            .collect(),
        holdings: read(Holdings {
            coverage: Coverage::Everything,
            items: Vec::new(),
        }),
        reserved: Vec::new(),
        linked: BTreeMap::new(),
        earlier: Vec::new(),
        targets: policy
            .catalogue
            .iter()
            .map(|entry| (entry.id.clone(), target(&entry.id)))
            .collect(),
        bound_powers: BTreeMap::from([(id.to_owned(), format!("power of {id}"))]),
        approvals: vec![approval("a0", ApprovalKind::Manager, "m1", -600)],
        lifts: Vec::new(),
        advice: Advice::Nothing,
        analysis: None,
        facts: Fact::NotInProfile,
        activity: read(1),
        brakes: Vec::new(),
    }
}

pub(super) fn approval(id: &str, kind: ApprovalKind, by: &str, seconds: i64) -> Approval {
    Approval {
        id: id.to_owned(),
        kind,
        by: by.to_owned(),
        at: at(seconds),
        content: Content {
            request: String::new(),
            revision: 1,
            beneficiary: String::new(),
            entitlement: String::new(),
            power: String::new(),
            duration: None,
            start: None,
        },
    }
}

fn for_somebody_else(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    let mut other = person("p2", &[]);
    other.roles = vec![dice.of(&["engineer", "clerk", "lead", "nobody"]).to_owned()];
    other.manager = dice.of(&[Some("p1"), Some("m1"), None]).map(str::to_owned);
    if dice.chance(40) {
        other.delegates.push("p1".into());
    }
    evidence.request.on_behalf_of = Some("p2".into());
    evidence.beneficiary = read(Lookup::One(Box::new(other)));
}

fn holdings(dice: &mut Dice<'_>, evidence: &mut Evidence, names: &[String]) {
    evidence.holdings = read(any_holdings(dice, names));
    if dice.chance(20) {
        evidence.reserved.push(any_reserved(dice, names));
    }
}

pub(super) fn any_holdings(dice: &mut Dice<'_>, names: &[String]) -> Holdings {
    let mut items = Vec::new();
    for _ in 0..dice.of(&[0, 1, 1, 2, 4]) {
        let entitlement = if dice.chance(80) {
            dice.of(names)
        } else {
            dice.of(&[
                "ghost:approve",
                "payments-x:read",
                "Vendor:create",
                "vendor:admin",
                "pr0d:x",
                "repo",
            ])
            .to_owned()
        };
        let grant = dice.chance(30).then(|| "G-1".to_owned());
        items.push(Holding {
            entitlement,
            path: Vec::new(),
            grant,
        });
    }
    let coverage = match dice.of(&[0, 0, 1, 2, 3]) {
        0 => Coverage::Everything,
        1 => Coverage::Systems(vec!["erp".into(), "repo".into(), "vendor".into()]),
        2 => Coverage::Systems(vec!["erp".into(), "payment".into()]),
        _ => Coverage::Nothing,
    };
    Holdings { coverage, items }
}

pub(super) fn any_reserved(dice: &mut Dice<'_>, names: &[String]) -> Reserved {
    Reserved {
        grant: "G-2".into(),
        request: dice.of(&["REQ-0", "REQ-1"]).to_owned(),
        entitlement: dice.of(names),
    }
}

/// What each approval was given for: mostly the request as it is.
fn content_of_approvals(dice: &mut Dice<'_>, evidence: &mut Evidence, rules: &Rules) {
    let frozen = Frozen::new(evidence.clone(), rules);
    for approval in &mut evidence.approvals {
        approval.content = frozen.content().clone();
        if dice.chance(12) {
            spoil(dice, &mut approval.content, rules.policy());
        }
    }
}

/// Changes one part of a content.
pub(super) fn spoil(dice: &mut Dice<'_>, content: &mut Content, policy: &Policy) {
    match dice.below(8) {
        0 => content.request = "REQ-2".into(),
        1 => content.revision = 2,
        2 => content.beneficiary = "p9".into(),
        3 => {
            let wider = policy
                .catalogue
                .iter()
                .find(|entry| entry.narrower.as_ref() == Some(&content.entitlement));
            content.entitlement = wider.map_or("other:read".into(), |entry| entry.id.clone());
        }
        4 => content.power = "other".into(),
        5 => content.duration = dice.of(&[None, Some(Minutes(1)), Some(Minutes(u32::MAX))]),
        6 => content.start = Some(at(dice.of(&[0, 3_600]))),
        _ => content.duration = content.duration.map(|it| Minutes(it.0.saturating_sub(1))),
    }
}
