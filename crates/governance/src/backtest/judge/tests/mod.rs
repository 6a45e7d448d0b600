//! The fast path against the slow one, on random policies and rows.

use std::sync::Arc;

use decision::evidence::case::JustificationState;
use decision::rules::conditions::{
    Condition, ConditionFacts, Conditions, Effect, Forbid, PermittedFit, Truth,
};
use decision::rules::policy::{
    BlastRadius, ConflictRule, DurationRules, Entitlement, Environment, LevelOrder, Listed,
    NeverAuto, Pattern, Place as Written, Policy, RequiredApprovals, Role, Sensitivity, Severity,
};

use super::*;
use crate::backtest::row::{Place, Texts};
use decision::findings::risk::RiskLevel;

const NOW: i64 = 1_795_334_400;
const NAMES: [&str; 14] = [
    "repo:read",
    "repo:write",
    "repo:admin",
    "vendor:create",
    "payment:approve",
    "pay:approve",
    "prod-db:read",
    "pii:read",
    "deploy:prod",
    "r\u{435}po:read",
    " repo : read",
    "REPO:READ",
    "wiki",
    "repo:*",
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn names(&mut self, most: usize) -> Vec<&'static str> {
        (0..self.below(most + 1)).map(|_| self.of(&NAMES)).collect()
    }
}

fn policy(dice: &mut Dice) -> Policy {
    let pattern = |text: &str| Pattern {
        text: text.into(),
        ..Pattern::default()
    };
    let ids: Vec<&str> = NAMES[..9]
        .iter()
        .copied()
        .filter(|_| dice.chance(80))
        .collect();
    let listed = |names: Vec<&str>| {
        let known = names.into_iter().filter(|name| ids.contains(name));
        known
            .map(|name| Listed {
                entitlement: name.into(),
                ..Listed::default()
            })
            .collect()
    };
    let catalogue = ids
        .iter()
        .map(|id| Entitlement {
            id: (*id).into(),
            aliases: if *id == "repo:read" && dice.chance(50) {
                vec!["REPO:READ".into()]
            } else {
                Vec::new()
            },
            owner: dice.chance(60).then(|| "owners".into()),
            environment: dice.of(&[
                Environment::Unstated,
                Environment::Unstated,
                Environment::Production,
            ]),
            sensitivity: dice.of(&[
                Sensitivity::Unstated,
                Sensitivity::Unstated,
                Sensitivity::Confidential,
                Sensitivity::Restricted,
            ]),
            narrower: (*id == "repo:write" && ids.contains(&"repo:read"))
                .then(|| "repo:read".into()),
            maximum: dice.chance(20).then_some(Minutes::from_days(5)),
            standing: dice.chance(20).then(|| "for ever".into()),
            blast_radius: BlastRadius {
                people: dice.chance(20).then_some(20_000),
                systems: dice.chance(20).then_some(12),
                ..BlastRadius::default()
            },
            tags: if dice.chance(10) {
                vec!["prod".into()]
            } else {
                Vec::new()
            },
            ..Entitlement::default()
        })
        .collect();
    let kinds = [
        ApprovalKind::Manager,
        ApprovalKind::ResourceOwner,
        ApprovalKind::Security,
    ];
    let conflicts = (0..dice.below(4)).map(|number| {
        let mut sides = vec![
            dice.of(&NAMES[..9]),
            dice.of(&[
                "payment:*",
                "*:approve",
                "deploy:prod",
                "wiki",
                "repo:write",
            ]),
        ];
        if dice.chance(20) {
            sides.push("vendor:*");
        }
        sides.dedup();
        ConflictRule {
            id: format!("sod-{number}"),
            sides: sides.into_iter().map(pattern).collect(),
            severity: dice.of(&[Severity::High, Severity::Critical]),
            ..ConflictRule::default()
        }
    });
    let conflicts = conflicts.collect();
    Policy {
        digest: "sha256:test".into(),
        file: "access.yml".into(),
        roles: ["clerk", "engineer"]
            .map(|name| Role {
                name: name.into(),
                standard: listed(dice.names(8)),
                grantable: listed(dice.names(2)),
                ..Role::default()
            })
            .to_vec(),
        catalogue,
        levels: vec![LevelOrder {
            levels: ["read", "write", "create", "approve", "prod"]
                .map(String::from)
                .to_vec(),
            ..LevelOrder::default()
        }],
        conflicts,
        privileged: dice.names(1).into_iter().map(pattern).collect(),
        never_auto: if dice.chance(20) {
            vec![NeverAuto {
                class: decision::rules::class::Class::Production,
                patterns: vec![pattern("deploy:*")],
            }]
        } else {
            Vec::new()
        },
        approvals: RequiredApprovals {
            every: if dice.chance(70) {
                vec![ApprovalKind::Manager]
            } else {
                vec![dice.of(&kinds)]
            },
            grantable: if dice.chance(50) {
                vec![ApprovalKind::ResourceOwner]
            } else {
                Vec::new()
            },
            ..RequiredApprovals::default()
        },
        duration: DurationRules::default(),
        conditions: Vec::new(),
    }
}

fn row<'a>(dice: &mut Dice, interner: &mut Interner, has_table: bool) -> Row<'a> {
    let at = (!dice.chance(10))
        .then(|| Timestamp::from_seconds(NOW - i64::try_from(dice.below(100)).unwrap() * 3_600));
    let roles = dice.of(&["clerk", "engineer", "clerk;engineer", "nobody", ""]);
    let lists = [dice.names(3).join(";"), dice.names(1).join(";")];
    let inline = dice.chance(if has_table { 30 } else { 80 });
    let requester = dice.of(&["ada", "bob", "eve"]);
    let beneficiary = if dice.chance(20) { "bob" } else { requester };
    Row {
        place: Place { input: 0, row: 1 },
        texts: Texts {
            request_id: "REQ-1",
            ..Texts::default()
        },
        access: interner.names.number(dice.of(&NAMES)),
        roles: (!roles.is_empty()).then(|| interner.roles.number(roles)),
        requester: interner.people.number(requester),
        beneficiary: interner.people.number(beneficiary),
        holdings: inline.then(|| {
            interner
                .holdings
                .number(&lists[usize::from(dice.chance(50))])
        }),
        at,
        duration: dice
            .chance(30)
            .then(|| Minutes::from_days(dice.of(&[1, 10, 90, 91]))),
        until: dice
            .chance(20)
            .then(|| Timestamp::from_seconds(NOW + dice.of(&[-86_400, 86_400, 20_000_000]))),
        justification: if dice.chance(80) {
            JustificationState::Given
        } else {
            JustificationState::Missing
        },
        approvals: ApprovalSet::of(ApprovalKind::ALL.into_iter().filter(|_| dice.chance(70))),
        owner_decision: None,
        minimal_access: dice
            .chance(50)
            .then(|| interner.names.number(dice.of(&NAMES))),
        sod_conflict: None,
        model: None,
    }
}

#[test]
fn the_fast_path_is_the_slow_path() {
    let mut answers = [0; 4];
    let mut conflicts = 0;
    for seed in 0..600 {
        let mut dice = Dice(seed);
        let Ok(rules) = Rules::compile(policy(&mut dice)) else {
            continue;
        };
        let mut table = HoldingsTable::default();
        for _ in 0..dice.below(8) {
            let edge = |dice: &mut Dice| {
                dice.chance(50).then(|| {
                    Timestamp::from_seconds(NOW - i64::try_from(dice.below(100)).unwrap() * 3_600)
                })
            };
            let (from, until) = (edge(&mut dice), edge(&mut dice));
            table.hold(dice.of(&["ada", "bob"]), dice.of(&NAMES), from, until);
        }
        let has_table = dice.chance(50);
        let setting = Setting {
            as_of: Timestamp::from_seconds(NOW),
            holdings: has_table.then_some(&table),
            declared: &[],
            slowly: false,
        };
        let mut fast = Judge::new(&rules, setting);
        let mut slow = Judge::new(
            &rules,
            Setting {
                slowly: true,
                ..setting
            },
        );
        let mut interner = Interner::default();
        for _ in 0..40 {
            let mut row = row(&mut dice, &mut interner, has_table);
            if row.duration.is_some() {
                row.until = None;
            }
            let (quick, whole) = (
                fast.judge(&row, &mut interner),
                slow.judge(&row, &mut interner),
            );
            let context = format!(
                "seed {seed}: {row:?} asks for {}",
                interner.names.text(row.access)
            );
            assert_eq!(
                quick.ruling,
                Ruling {
                    evidence: [0; 32],
                    ..whole.ruling
                },
                "{context}"
            );
            assert_eq!(quick.scope, whole.scope, "{context}");
            assert_eq!(quick.has_holdings, whole.has_holdings);
            assert!(!quick.is_dangerous_grant, "{context}");
            // Held names that are spelled otherwise are the same to a person who reads them, and not to the rules.
            let at = row.at.unwrap_or(setting.as_of);
            let held = fast.seen.look_at_held(&fast.known, &row, at, &mut interner);
            let held = held.map_or_else(Vec::new, |held| {
                fast.seen.names_held(&fast.known, held, at, &mut interner)
            });
            let is_plain = |number: &u32| NAMES[..9].contains(&interner.names.text(*number));
            assert!(
                !quick.is_conflicting_grant || !held.iter().all(is_plain),
                "{context}"
            );
            answers[quick.answer as usize] += 1;
            conflicts += usize::from(quick.ruling.findings.contains(Kind::Conflict));
        }
    }
    // What was compared was not all alike.
    assert!(
        answers[0] > 200 && answers[1] > 200 && answers[2] > 5_000,
        "{answers:?}"
    );
    assert!(conflicts > 300, "{conflicts}");
}

/// Holds when the department is the one named, open when a fact is unread.
#[derive(Debug)]
struct ByDepartment;

impl Conditions for ByDepartment {
    fn evaluate(&self, facts: &ConditionFacts<'_>) -> Vec<Truth> {
        let person = facts.evidence.beneficiary();
        let in_finance =
            person.is_some_and(|person| person.department.as_deref() == Some("Finance"));
        let forbids = match person {
            Some(person) if person.unread.iter().any(|name| name == "contractor") => Truth::Open,
            Some(person) if person.attributes.contains_key("contractor") => Truth::Holds,
            Some(_) | None => Truth::Fails,
        };
        vec![
            forbids,
            if in_finance {
                Truth::Holds
            } else {
                Truth::Fails
            },
        ]
    }

    fn unknown_to(&self, _: usize, _: &ConditionFacts<'_>) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn conditions_come_in() {
    let condition = |id: &str, effect| Condition {
        id: id.into(),
        effect,
        reason: None,
        route: None,
        place: Written::default(),
    };
    let policy = Policy {
        digest: "sha256:test".into(),
        catalogue: vec![Entitlement {
            id: "ledger:read".into(),
            ..Entitlement::default()
        }],
        levels: vec![LevelOrder {
            levels: vec!["read".into()],
            ..LevelOrder::default()
        }],
        conditions: vec![
            condition("no-contractors", Effect::Forbid(Forbid::Deny)),
            condition(
                "finance",
                Effect::Permit {
                    fit: PermittedFit::Standard,
                    entitlement: "ledger:read".into(),
                    role: None,
                },
            ),
        ],
        ..Policy::default()
    };
    let rules = Rules::compile(policy)
        .unwrap()
        .with_conditions(Arc::new(ByDepartment));
    let declared = ["contractor".to_owned()];
    let setting = |declared| Setting {
        as_of: Timestamp::from_seconds(NOW),
        holdings: None,
        declared,
        slowly: false,
    };
    let answer = |department, attributes, declared| {
        let mut interner = Interner::default();
        let row = Row {
            texts: Texts {
                request_id: "REQ-1",
                department,
                attributes,
                ..Texts::default()
            },
            access: interner.names.number("ledger:read"),
            requester: interner.people.number("ada"),
            beneficiary: interner.people.number("ada"),
            holdings: Some(interner.holdings.number("[]")),
            ..row(&mut Dice(1), &mut Interner::default(), false)
        };
        let row = Row {
            duration: None,
            until: None,
            roles: None,
            minimal_access: None,
            justification: JustificationState::Given,
            approvals: ApprovalSet::of([ApprovalKind::Manager]),
            ..row
        };
        Judge::new(&rules, setting(declared))
            .judge(&row, &mut interner)
            .answer
    };
    assert_eq!(answer("Finance", "", &[]), Answer::AutoProvision);
    assert_eq!(answer("Sales", "", &[]), Answer::Escalate);
    assert_eq!(
        answer("Finance", r#"{"contractor":true}"#, &[]),
        Answer::Deny
    );
    assert_eq!(answer("Finance", "", &declared), Answer::Escalate);
}

#[test]
fn one_finding_alone_is_told_with_the_risk_that_it_explains() {
    let ruling = |kinds: &[Kind], points: decision::findings::risk::RiskPoints, risk| {
        let rules = Rules::compile(Policy::default()).unwrap();
        let setting = Setting {
            as_of: Timestamp::default(),
            holdings: None,
            declared: &[],
            slowly: false,
        };
        let mut interner = Interner::default();
        let mut row = row(&mut Dice(1), &mut interner, false);
        row.access = interner.names.number("wiki");
        let judged = Judge::new(&rules, setting).judge(&row, &mut interner);
        Ruling {
            findings: FindingSet::of(kinds.iter().copied()),
            points,
            risk,
            ..judged.ruling
        }
    };
    let points = |privilege, blast_radius| decision::findings::risk::RiskPoints {
        privilege,
        blast_radius,
        ..Default::default()
    };
    let low = RiskLevel::Low;
    for (kinds, points, risk, expected) in [
        (&[][..], points(0, 0), low, None),
        (
            &[Kind::JustificationMissing],
            points(0, 0),
            low,
            Some(Kind::JustificationMissing),
        ),
        (
            &[Kind::JustificationMissing, Kind::OutOfRole],
            points(0, 0),
            low,
            None,
        ),
        (
            &[Kind::Conflict, Kind::RiskHigh],
            points(0, 0),
            RiskLevel::High,
            Some(Kind::Conflict),
        ),
        (
            &[Kind::Conflict, Kind::RiskHigh],
            points(0, 30),
            RiskLevel::High,
            None,
        ),
        (
            &[Kind::Privileged, Kind::RiskModerate],
            points(40, 0),
            RiskLevel::Moderate,
            Some(Kind::Privileged),
        ),
        (
            &[Kind::Privileged, Kind::RiskHigh],
            points(40, 30),
            RiskLevel::High,
            None,
        ),
        (
            &[Kind::RiskModerate],
            points(0, 30),
            RiskLevel::Moderate,
            Some(Kind::RiskModerate),
        ),
        (
            &[Kind::OutOfRole, Kind::RiskModerate],
            points(0, 30),
            RiskLevel::Moderate,
            None,
        ),
    ] {
        assert_eq!(
            only_blocker(&ruling(kinds, points, risk)),
            expected,
            "{kinds:?}"
        );
    }
}
