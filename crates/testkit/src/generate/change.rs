//! One change somewhere in a record, which may matter or not.

use decision::evidence::record::{
    Advice, Analysis, EarlierGrant, Evidence, Fact, Fault, Holdings, LogState, Lookup,
    PersonStatus, Target, Trigger,
};
use decision::request::{Access, Claim, Term};
use decision::rules::policy::ApprovalKind;
use decision::time::Minutes;

use super::Dice;
use super::evidence::{approval, at, read};

/// One change somewhere in the record.
pub(super) fn any(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    match dice.below(20) {
        0 if dice.chance(50) => {
            let faults = Fault::ALL.into_iter().filter(|_| dice.chance(15));
            evidence.analysis = Some(Analysis {
                analyst: "model".into(),
                faults: faults.collect(),
                confidence: None,
                ..Analysis::default()
            });
            if let Some(analysis) = &mut evidence.analysis {
                analysis.confidence =
                    dice.of(&[None, Some(0), Some(8_499), Some(8_500), Some(20_000)]);
                let triggers = Trigger::ALL.into_iter();
                analysis.triggers = triggers.filter(|_| dice.chance(8)).collect();
            }
        }
        0 => evidence.advice = dice.of(&Advice::ALL),
        1 if dice.chance(40) => evidence.own_policy = true,
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

pub(super) fn state<T>(dice: &mut Dice<'_>, value: T) -> Fact<T> {
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
        gives: Vec::new(),
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
