//! Random records of evidence: a plain one first, then a few changes, each of which may matter or not.

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::{
    Advice, Approval, Coverage, EarlierGrant, Evidence, FORMAT, Fact, Holding, Holdings, LogState,
    Lookup, Mode, Person, PersonStatus, Reserved, Target,
};
use decision::request::{Access, Claim, Content, Request, Term};
use decision::rules::Rules;
use decision::rules::policy::{ApprovalKind, Policy};
use decision::time::{Minutes, Timestamp};

use super::{Dice, FROZEN_AT};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(FROZEN_AT + seconds)
}

fn read<T>(value: T) -> Fact<T> {
    Fact::Present {
        value,
        source: "directory".into(),
        as_of: at(-60),
    }
}

fn person(id: &str, groups: &[&str]) -> Person {
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
        change(dice, &mut evidence);
    }
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
        activity: read(1),
        brakes: Vec::new(),
    }
}

fn approval(id: &str, kind: ApprovalKind, by: &str, seconds: i64) -> Approval {
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
    evidence.holdings = read(Holdings { coverage, items });
    if dice.chance(20) {
        evidence.reserved.push(Reserved {
            grant: "G-2".into(),
            request: dice.of(&["REQ-0", "REQ-1"]).to_owned(),
            entitlement: dice.of(names),
        });
    }
}

/// One change somewhere in the record.
fn change(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    match dice.below(20) {
        0 => evidence.advice = dice.of(&Advice::ALL),
        1 => evidence.brakes.push("day".into()),
        2 => evidence.activity = state(dice, 25),
        3 => {
            evidence.request.justification = dice
                .of(&[None, Some("x"), Some("aaaaaaaaaaaa"), Some("ééé ßß 12 Ж")])
                .map(str::to_owned)
        }
        4 => evidence.active_policy = dice.of(&["sha256:other", "sha256:policy"]).to_owned(),
        5 => evidence.log = LogState::Broken,
        6 => change_person(dice, &mut evidence.requester),
        7 => change_person(dice, &mut evidence.beneficiary),
        8 | 9 => change_colleague(dice, evidence),
        10 => evidence.holdings = state(dice, Holdings::default()),
        11 | 12 => change_target(dice, evidence),
        13 => change_name(dice, evidence),
        14 | 15 => change_term(dice, evidence),
        16 => change_earlier(dice, evidence),
        17 => evidence.approvals.clear(),
        18 => evidence.request.claims.push(Claim {
            kind: ApprovalKind::Manager,
            by: "m1".into(),
            at: None,
            reference: None,
        }),
        _ => change_approvals(dice, evidence),
    }
}

fn state<T>(dice: &mut Dice<'_>, value: T) -> Fact<T> {
    let source = "directory".to_owned();
    match dice.below(5) {
        0 => Fact::Unreachable {
            source,
            reason: "timeout".into(),
        },
        1 => Fact::NotInProfile,
        2 => Fact::Absent {
            source,
            as_of: at(dice.of(&[-60, -90_000])),
        },
        _ => Fact::Present {
            value,
            source,
            as_of: at(dice.of(&[-60, -86_400, -86_401, 60])),
        },
    }
}

fn change_person(dice: &mut Dice<'_>, fact: &mut Fact<Lookup>) {
    let Some(Lookup::One(person)) = fact.value() else {
        return;
    };
    let mut person = person.clone();
    match dice.below(9) {
        0 => person.status = dice.of(&[PersonStatus::Inactive, PersonStatus::Agent]),
        1 => person.leaves_at = Some(at(86_400 * dice.of(&[13, 14, 15, -2]))),
        2 => person.manager = dice.of(&[None, Some("x1"), Some("o1")]).map(str::to_owned),
        3 => person.roles = vec![dice.of(&["clerk", "lead", "nobody"]).to_owned()],
        4 => person
            .delegates
            .push(dice.of(&["m1", "o1", "s1", "c1"]).to_owned()),
        5 => person
            .linked
            .push(dice.of(&["m1", "o2", "s2", "c2"]).to_owned()),
        6 => {
            *fact = read(Lookup::Several(2));
            return;
        }
        _ => {
            *fact = state(dice, Lookup::One(person));
            return;
        }
    }
    *fact = read(Lookup::One(person));
}

fn change_colleague(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    let id = dice.of(&["m1", "o1", "o2", "s1", "s2", "c1", "c2"]);
    let other = dice.of(&["p1", "p2", "m1", "o1", "s2", "c2"]).to_owned();
    if let Some(person) = evidence.people.get_mut(id) {
        match dice.below(6) {
            0 => person.status = PersonStatus::Inactive,
            1 => person.linked.push(other),
            2 => person.delegates.push(other),
            3 => person.groups = vec!["security".into(), "owners".into(), "controls".into()],
            4 => person.groups.clear(),
            _ => {
                evidence.people.remove(id);
            }
        }
    }
}

fn change_target(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    let target = Target {
        id: "t".into(),
        power: dice.of(&["power of repo:read", "wider", ""]).to_owned(),
        name: dice
            .of(&["t", "PROD admins", "domain controllers", "ｐｒｏｄ db"])
            .to_owned(),
        path: vec![dice.of(&["ou", "Payments/prod2", "pii"]).to_owned()],
        tags: vec![dice.of(&["a", "tier:prod", "vendor"]).to_owned()],
    };
    let keys: Vec<String> = evidence.targets.keys().cloned().collect();
    let bound = dice.chance(40);
    let fact = if dice.chance(50) {
        state(dice, target)
    } else {
        read(target)
    };
    for id in keys {
        if !bound {
            evidence.bound_powers.remove(&id);
        }
        evidence.targets.insert(id, fact.clone());
    }
}

fn change_name(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    let asked = evidence.request.access.asked();
    let other = match dice.below(9) {
        0 => format!("  {} ", asked.replace(':', " : ")),
        1 => asked.to_uppercase(),
        2 => asked.replace(':', ":\u{200B}"),
        3 => asked.replace('e', "\u{435}"),
        4 => format!("{asked} (write)"),
        5 => "repo:*".to_owned(),
        6 => "pr0d-db:read".to_owned(),
        7 => "product-catalog:read".to_owned(),
        _ => "ghost:approve".to_owned(),
    };
    evidence.request.access = Access::new(&other);
}

fn change_term(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    let days = dice.of(&[1, 20, 30, 90, 91, 4_000]);
    evidence.request.term = match dice.below(4) {
        0 => Term::For(Minutes::from_days(days)),
        1 => Term::Until(at(86_400 * i64::from(days) + i64::from(dice.of(&[0, 30])))),
        2 => Term::Until(at(-60)),
        _ => Term::For(Minutes(dice.of(&[0, 1, u32::MAX]))),
    };
}

fn change_earlier(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    let ids: Vec<String> = evidence.targets.keys().cloned().collect();
    for _ in 0..dice.of(&[1, 2, 3]) {
        let start = dice.of(&[-200, -80, -60, -1, 3]);
        let length = dice.of(&[10, 30, 85, 0]);
        evidence.earlier.push(EarlierGrant {
            grant: "G-0".into(),
            entitlement: dice.of(&ids),
            start: at(86_400 * start),
            end: at(86_400 * (start + length) + dice.of(&[0, 1])),
        });
    }
}

fn change_approvals(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    if dice.chance(40) {
        evidence.approvals.clear();
    }
    for number in 0..dice.of(&[1, 2, 3]) {
        let kind = dice
            .of(&ApprovalKind::ALL.map(Some))
            .unwrap_or(ApprovalKind::Manager);
        let by = dice.of(&["m1", "o1", "s1", "p1", "c2", "o2", "gone"]);
        let when = dice.of(&[-60, -60, -86_400 * 30, -86_400 * 30 - 1, 60, 0]);
        evidence
            .approvals
            .push(approval(&format!("a{}", number + 1), kind, by, when));
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
