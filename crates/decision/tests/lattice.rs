//! The whole lattice of the gate: no unsafe point, no point where more caution loosens, and the plain point is open.
//!
//! Why this is complete. A ruling is a function of the case alone, and of the case only through its checks: every
//! finding comes from one check, each check reads the fields listed with its axis below (privilege also adds risk and
//! required approvals, which the axes for those cover), and outcomes are folded by `tighten`, a join. So it is enough to
//! take (1) the full product of what the checks can come to, one representative for each, with every advice, mode
//! and set of lifts, and (2) for every field all of its values, and all pairs of values of different fields, to show
//! that each value comes to what its representative stands for. The predicate `is_plain` is written from the fields,
//! not from the table of findings.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may panic, and print what they counted"
)]

mod common;

use common::*;
use decision::evidence::analysis::Advised;
use decision::evidence::case::{
    AlreadyHeld, BrakeState, Case, CaseCoverage, JustificationState, Lack, LackSet, Lift,
    NameState, PersonState, PolicyState, Relation, TargetState,
};
use decision::evidence::record::{Advice, Fault, LogState, Mode};
use decision::findings::confidence::BasisPoints;
use decision::findings::{Authority, AuthoritySet, FindingSet, Kind, Lifting, TABLE};
use decision::rules::class::{Class, ClassSet};
use decision::rules::ids::{RoleId, SideId, SystemId};
use decision::rules::policy::{ApprovalKind, Policy, Role};
use decision::rules::{ApprovalSet, Rules};
use decision::time::{Minutes, Timestamp};
use decision::verdict::outcome::Outcome;
use decision::verdict::{Ruling, Standing, rule};

const DAY: i64 = 86_400;

/// `payment:approve` is standard for the first role, grantable for the second, outside the third (for which the
/// narrower `payment:read` is standard) and the fourth. Half of a rule; manager and owner must approve.
fn lattice_policy() -> Policy {
    let role = |name: &str, standard: &[&str], grantable: &[&str]| Role {
        name: name.into(),
        standard: standard.iter().map(|id| listed(id)).collect(),
        grantable: grantable.iter().map(|id| listed(id)).collect(),
        ..Role::default()
    };
    let mut policy = policy();
    policy.roles = vec![
        role("payer", &["payment:approve"], &[]),
        role("deputy", &[], &["payment:approve"]),
        role("reader", &["payment:read"], &[]),
        role("guest", &[], &[]),
    ];
    policy.catalogue = ["payment:approve", "payment:read", "vendor:create"]
        .map(entitlement)
        .to_vec();
    policy.catalogue[0].narrower = Some("payment:read".into());
    policy.conflicts = vec![conflict(&["vendor:create", "payment:approve"])];
    policy.approvals.every = vec![ApprovalKind::Manager, ApprovalKind::ResourceOwner];
    policy
}

const HELD_BOTH: [SideId; 2] = [SideId(0), SideId(1)];

fn plain_case(rules: &Rules) -> Case<'static> {
    Case {
        evidence: [7; 32],
        mode: Mode::Guarded,
        log: LogState::Verified,
        policy: PolicyState::Current,
        requester: PersonState::Active,
        beneficiary: PersonState::Active,
        relation: Relation::Same,
        entitlement: rules.entitlement("payment:approve"),
        name: NameState::Clean,
        classes: ClassSet::EMPTY,
        privileged: false,
        forbidden: FindingSet::EMPTY,
        permitted: None,
        target: TargetState::Bound,
        roles: &[RoleId(0)],
        asked_sides: &[],
        held: &[],
        coverage: CaseCoverage::Everything,
        already: AlreadyHeld::No,
        approvals: ApprovalSet::of([ApprovalKind::Manager, ApprovalKind::ResourceOwner]),
        justification: JustificationState::Given,
        duration: None,
        until: None,
        booked: Minutes(0),
        activity: 1,
        lacks: LackSet::EMPTY,
        advised: Advised::NOTHING,
        brake: BrakeState::Free,
        lifts: &[],
    }
}

/// Whether a case may be granted by the rules alone: the promise of the product, field by field.
fn is_plain(case: &Case<'_>, rules: &Rules) -> bool {
    let standard_for_payer = case.entitlement == rules.entitlement("payment:approve");
    let standard_for_reader = case.entitlement == rules.entitlement("payment:read");
    let standard = standard_for_payer && case.roles.contains(&RoleId(0))
        || standard_for_reader && case.roles.contains(&RoleId(2));
    let vendor = rules.side_named("vendor:create").unwrap();
    let payment = rules.side_named("payment:approve").unwrap();
    let asks_half = standard_for_payer || case.asked_sides.contains(&payment);
    let asks_other = case.asked_sides.contains(&vendor);
    let has_payment = asks_half || case.held.contains(&payment);
    let has_vendor = asks_other || case.held.contains(&vendor);
    let covers = |name: &str| match case.coverage {
        CaseCoverage::Everything => true,
        CaseCoverage::Systems(systems) => rules
            .system(name)
            .is_some_and(|system| systems.contains(&system)),
        CaseCoverage::Unreachable => false,
    };
    let separate = if asks_half || asks_other {
        !(has_payment && has_vendor)
            && (has_payment || covers("payment"))
            && (has_vendor || covers("vendor"))
    } else {
        true
    };
    let wanted = case.duration.unwrap_or(Minutes::from_days(30));
    let left = Minutes::from_days(90).0.saturating_sub(case.booked.0);
    let short = match case.duration {
        Some(wanted) => wanted.0 > 0 && wanted.0 <= left,
        None => left > 0 || wanted.0 <= left,
    };
    case.mode == Mode::Guarded
        && case.log == LogState::Verified
        && case.policy == PolicyState::Current
        && case.requester == PersonState::Active
        && case.beneficiary == PersonState::Active
        && case.relation != Relation::None
        && standard
        && case.name == NameState::Clean
        && case.classes.is_empty()
        && !case.privileged
        && case.target == TargetState::Bound
        && separate
        && !matches!(case.coverage, CaseCoverage::Unreachable)
        && case.already != AlreadyHeld::Otherwise
        && case.approvals.contains(ApprovalKind::Manager)
        && case.approvals.contains(ApprovalKind::ResourceOwner)
        && case.justification == JustificationState::Given
        && short
        && case.activity <= 30
        && case.lacks.is_empty()
        && case.advised.advice == Advice::Nothing
        && case.advised.faults.is_empty()
        && case.advised.confidence.0 >= 8_500
        && case.brake == BrakeState::Free
}

/// Position of that set of lifts.
const WITHOUT_OWNER: usize = 3;

fn fault(faults: &[Fault]) -> FindingSet {
    FindingSet::of(faults.iter().map(|fault| fault.kind()))
}

type Change = fn(&mut Case<'static>);
/// What a check can come to. Of two with different ranks the higher one is the more cautious; equal ranks do not compare.
type Axis = &'static [(u8, Change)];

/// One axis for each check, plus mode and brake apart.
const AXES: [Axis; 14] = [
    // Requester: requester, beneficiary, relation.
    &[
        (0, |_| ()),
        (1, |case| case.beneficiary = PersonState::Leaving),
        (2, |case| case.requester = PersonState::Inactive),
    ],
    // Evidence: log, target unread (holdings unread are in the second part).
    &[
        (0, |_| ()),
        (1, |case| case.target = TargetState::Unreachable),
        (2, |case| case.log = LogState::Broken),
    ],
    // Policy version.
    &[(0, |_| ()), (1, |case| case.policy = PolicyState::Stale)],
    // Entitlement and over-asking: roles, already held.
    &[
        (0, |_| ()),
        (1, |case| case.already = AlreadyHeld::Otherwise),
        (1, |case| case.roles = &[RoleId(1), RoleId(3)]),
        (1, |case| case.roles = &[RoleId(3)]),
        (2, |case| {
            case.already = AlreadyHeld::Otherwise;
            case.roles = &[RoleId(2)];
        }),
    ],
    // Privilege: classes, privileged, drift.
    &[
        (0, |_| ()),
        (1, |case| case.classes = ClassSet::EMPTY.with(Class::Admin)),
    ],
    // Separation: held, coverage.
    &[
        (0, |_| ()),
        (1, |case| case.coverage = CaseCoverage::Systems(&[])),
        (2, |case| case.held = &HELD_BOTH),
    ],
    // Risk: activity (the other points come with privilege).
    &[(0, |_| ()), (1, |case| case.activity = 31)],
    // Approvals.
    &[
        (0, |_| ()),
        (1, |case| {
            case.approvals = ApprovalSet::of([ApprovalKind::ResourceOwner])
        }),
        (2, |case| {
            case.approvals = ApprovalSet::of([ApprovalKind::Manager])
        }),
        (3, |case| case.approvals = ApprovalSet::EMPTY),
    ],
    // Justification.
    &[
        (0, |_| ()),
        (1, |case| case.justification = JustificationState::Missing),
    ],
    // Duration.
    &[
        (0, |_| ()),
        (1, |case| case.duration = Some(Minutes::from_days(91))),
    ],
    // Confidence.
    &[
        (0, |_| ()),
        (1, |case| {
            case.lacks = LackSet::EMPTY.with_if(true, Lack::HoldingsStale)
        }),
    ],
    // Advice: `Narrow` and `AskFirst` are two findings with one outcome.
    &[
        (0, |_| ()),
        (1, |case| case.advised.advice = Advice::Narrow),
        (1, |case| case.advised.advice = Advice::AskFirst),
        (2, |case| case.advised.advice = Advice::LookCloser),
        (2, |case| case.advised.faults = fault(&[Fault::Unreadable])),
    ],
    // Brake.
    &[(0, |_| ()), (1, |case| case.brake = BrakeState::Applied)],
    // Mode.
    &[(0, |_| ()), (1, |case| case.mode = Mode::Advise)],
];

/// Lifts of everything by an owner (1), security (2) and a rule owner (3), without those left out.
fn lifts(without: Option<Authority>, one_person: bool, age: i64) -> Vec<Lift> {
    let mut lifts = Vec::new();
    for row in TABLE {
        for (authority, by) in [
            (Authority::ResourceOwner, 1),
            (Authority::Security, 2),
            (Authority::RuleOwner, 3),
        ] {
            if Some(authority) != without {
                lifts.push(Lift {
                    kind: row.kind,
                    by: if one_person { 0 } else { by },
                    authorities: AuthoritySet::of([authority]),
                    at: at(-age),
                    until: Some(at(DAY)),
                });
            }
        }
    }
    lifts
}

#[test]
fn every_combination_of_check_outcomes() {
    let rules = Rules::compile(lattice_policy()).unwrap();
    let plain = plain_case(&rules);
    let full = lifts(None, false, 10);
    let variants: [(&str, Vec<Lift>); 7] = [
        ("none", Vec::new()),
        ("full", full),
        (
            "without security",
            lifts(Some(Authority::Security), false, 10),
        ),
        (
            "without owner",
            lifts(Some(Authority::ResourceOwner), false, 10),
        ),
        (
            "without rule owner",
            lifts(Some(Authority::RuleOwner), false, 10),
        ),
        ("one person", lifts(None, true, 10)),
        ("old", lifts(None, false, 31 * DAY)),
    ];
    let size: usize = AXES.iter().map(|axis| axis.len()).product();
    // shown and remaining of each variant, by point, to compare neighbours.
    let mut known: Vec<[(Outcome, Outcome); 7]> = Vec::with_capacity(size);
    let mut counted = [0_u64; 3];
    let mut choice = [0_usize; AXES.len()];
    for _ in 0..size {
        let mut case = plain;
        for (axis, chosen) in AXES.iter().zip(choice) {
            axis[chosen].1(&mut case);
        }
        let mut here = [(Outcome::Open, Outcome::Open); 7];
        for ((name, lifts), place) in variants.iter().zip(&mut here) {
            let ruling = rule(
                &Case {
                    lifts,
                    ..shorter(case)
                },
                &rules,
                at(0),
            );
            check_point(&ruling, name, is_plain(&case, &rules), case.advised);
            counted[ruling.standing() as usize] += 1;
            *place = (ruling.shown, ruling.remaining);
        }
        known.push(here);
        for (axis, chosen) in AXES.iter().zip(&mut choice) {
            *chosen += 1;
            if *chosen < axis.len() {
                break;
            }
            *chosen = 0;
        }
    }
    println!(
        "{size} points × {} sets of lifts: withheld, automatic, reviewed {counted:?}",
        variants.len()
    );
    assert_eq!(
        counted[Standing::Automatic as usize],
        7,
        "the plain point, whatever the lifts"
    );
    let loosened = neighbours(&known);
    assert_eq!(loosened, 0, "points where more caution loosens");
}

/// A case of any lifetime from a static one.
fn shorter<'a>(case: Case<'static>) -> Case<'a> {
    case
}

/// For every point and axis: the next more cautious choice is not looser in any variant.
fn neighbours(known: &[[(Outcome, Outcome); 7]]) -> u64 {
    let mut loosened = 0;
    let mut step = 1;
    for axis in AXES {
        for (point, here) in known.iter().enumerate() {
            let own = point / step % axis.len();
            for (other, (rank, _)) in axis.iter().enumerate() {
                if *rank > axis[own].0 {
                    let there = &known[point + other * step - own * step];
                    // A moderate risk is lifted by the owner, a high one by security: who lifts is not comparable, so
                    // without the owner only what is shown is compared.
                    let looser =
                        here.iter()
                            .zip(there)
                            .enumerate()
                            .any(|(variant, (here, there))| {
                                there.0 < here.0 || variant != WITHOUT_OWNER && there.1 < here.1
                            });
                    loosened += u64::from(looser);
                }
            }
        }
        step *= axis.len();
    }
    loosened
}

fn check_point(ruling: &Ruling, lifts: &str, plain: bool, advised: Advised) {
    let findings = ruling.findings;
    let standing = ruling.standing();
    // Safety and usefulness in one: automatic exactly where it is promised.
    assert_eq!(
        standing == Standing::Automatic,
        plain,
        "{lifts} {findings:?}"
    );
    assert!(ruling.lifted.is_subset(findings));
    for kind in ruling.lifted.iter() {
        assert_ne!(kind.row().lifting, Lifting::Nobody, "{kind} lifted");
    }
    if advised.advice != Advice::Nothing || !advised.faults.is_empty() {
        assert_ne!(ruling.shown, Outcome::Open);
    }
    let unlifted = findings.without(ruling.lifted);
    assert_eq!(standing == Standing::Withheld, !unlifted.is_empty());
    let beyond = FindingSet::whose(|row| row.lifting == Lifting::Nobody);
    let two_people = FindingSet::whose(|row| matches!(row.lifting, Lifting::Each(..)));
    let of_security = two_people.with(Kind::Brake);
    let of_owner = two_people.union(FindingSet::of([
        Kind::OutOfRole,
        Kind::GrantableOnly,
        Kind::ConfidenceLow,
        Kind::OverAsking,
        Kind::DurationOverCeiling,
    ]));
    let of_rule_owner = FindingSet::of([Kind::Conflict, Kind::Unverifiable]);
    let not_lifted = |these: FindingSet| {
        assert!(
            ruling.lifted.intersection(these).is_empty(),
            "{lifts} {:?}",
            ruling.lifted
        )
    };
    match lifts {
        "none" | "old" => not_lifted(FindingSet::whose(|_| true)),
        "full" => assert_eq!(
            standing == Standing::Reviewed,
            findings.intersection(beyond).is_empty() && !plain
        ),
        "without security" => not_lifted(of_security),
        "without owner" => not_lifted(of_owner),
        "without rule owner" => not_lifted(of_rule_owner),
        "one person" => not_lifted(two_people),
        _ => unreachable!(),
    }
}

/// Every value of every field.
fn fields() -> Vec<Vec<Change>> {
    vec![
        vec![|case| case.mode = Mode::Advise],
        vec![|case| case.log = LogState::Broken],
        vec![|case| case.policy = PolicyState::Stale],
        vec![
            |case| case.requester = PersonState::Leaving,
            |case| case.requester = PersonState::Inactive,
            |case| case.requester = PersonState::Unknown,
            |case| case.requester = PersonState::Ambiguous,
            |case| case.requester = PersonState::Agent,
            |case| case.requester = PersonState::Unreachable,
        ],
        vec![
            |case| case.beneficiary = PersonState::Leaving,
            |case| case.beneficiary = PersonState::Inactive,
            |case| case.beneficiary = PersonState::Unknown,
            |case| case.beneficiary = PersonState::Ambiguous,
            |case| case.beneficiary = PersonState::Agent,
            |case| case.beneficiary = PersonState::Unreachable,
        ],
        vec![|case| case.relation = Relation::Allowed, |case| {
            case.relation = Relation::None
        }],
        vec![
            |case| case.entitlement = None,
            |case| case.entitlement = Some(decision::rules::ids::EntitlementId(1)),
            |case| case.entitlement = Some(decision::rules::ids::EntitlementId(2)),
            |case| case.entitlement = Some(decision::rules::ids::EntitlementId(u32::MAX)),
        ],
        vec![|case| case.name = NameState::Suspicious],
        vec![
            |case| case.classes = ClassSet::EMPTY.with(Class::Admin),
            |case| case.classes = ClassSet::EMPTY.with(Class::Production),
            |case| case.classes = ClassSet::EMPTY.with(Class::SensitiveData),
            |case| case.classes = ClassSet::EMPTY.with(Class::SecurityTooling),
            |case| {
                case.classes = Class::BUILT_IN
                    .into_iter()
                    .fold(ClassSet::EMPTY, ClassSet::with)
            },
        ],
        vec![|case| case.privileged = true],
        vec![
            |case| case.target = TargetState::Drifted,
            |case| case.target = TargetState::Missing,
            |case| case.target = TargetState::Unreachable,
        ],
        vec![
            |case| case.roles = &[],
            |case| case.roles = &[RoleId(1)],
            |case| case.roles = &[RoleId(2)],
            |case| case.roles = &[RoleId(0), RoleId(1), RoleId(2), RoleId(3)],
            |case| case.roles = &[RoleId(u32::MAX)],
        ],
        vec![|case| case.asked_sides = &[SideId(0)], |case| {
            case.asked_sides = &[SideId(1)]
        }],
        vec![
            |case| case.held = &[SideId(0)],
            |case| case.held = &[SideId(1)],
            |case| case.held = &HELD_BOTH,
        ],
        vec![
            |case| case.coverage = CaseCoverage::Systems(&[]),
            |case| case.coverage = CaseCoverage::Systems(&[SystemId(0)]),
            |case| case.coverage = CaseCoverage::Systems(&[SystemId(1)]),
            |case| case.coverage = CaseCoverage::Systems(&[SystemId(0), SystemId(1)]),
            |case| case.coverage = CaseCoverage::Unreachable,
        ],
        vec![|case| case.already = AlreadyHeld::ByGrant, |case| {
            case.already = AlreadyHeld::Otherwise
        }],
        vec![
            |case| case.approvals = ApprovalSet::EMPTY,
            |case| case.approvals = ApprovalSet::of([ApprovalKind::Manager]),
            |case| case.approvals = ApprovalSet::of([ApprovalKind::ResourceOwner]),
            |case| case.approvals = ApprovalSet::of([ApprovalKind::Security]),
            |case| {
                case.approvals = ApprovalSet::of([ApprovalKind::Manager, ApprovalKind::Security])
            },
            |case| {
                case.approvals =
                    ApprovalSet::of([ApprovalKind::ResourceOwner, ApprovalKind::Security])
            },
            |case| case.approvals = ApprovalSet::of(ApprovalKind::ALL),
        ],
        vec![|case| case.justification = JustificationState::Missing],
        vec![
            |case| case.duration = Some(Minutes(0)),
            |case| case.duration = Some(Minutes(1)),
            |case| case.duration = Some(Minutes::from_days(90)),
            |case| case.duration = Some(Minutes::from_days(91)),
            |case| case.duration = Some(Minutes(u32::MAX)),
        ],
        vec![
            |case| case.until = Some(Timestamp::from_seconds(0)),
            |case| case.until = Some(at(60)),
        ],
        vec![
            |case| case.booked = Minutes::from_days(89),
            |case| case.booked = Minutes::from_days(90),
            |case| case.booked = Minutes(u32::MAX),
        ],
        vec![
            |case| case.activity = 10,
            |case| case.activity = 11,
            |case| case.activity = 30,
            |case| case.activity = 31,
            |case| case.activity = u32::MAX,
        ],
        vec![
            |case| case.lacks = LackSet::EMPTY.with_if(true, Lack::PersonStale),
            |case| case.lacks = LackSet::EMPTY.with_if(true, Lack::HoldingsStale),
            |case| case.lacks = LackSet::EMPTY.with_if(true, Lack::ManagerUnknown),
            |case| case.lacks = LackSet::EMPTY.with_if(true, Lack::OwnerUnknown),
            |case| case.lacks = LackSet::EMPTY.with_if(true, Lack::TargetUnread),
            |case| case.lacks = LackSet::EMPTY.with_if(true, Lack::ActivityUnread),
            |case| {
                case.lacks = Lack::ALL
                    .into_iter()
                    .fold(LackSet::EMPTY, |set, lack| set.with_if(true, lack))
            },
        ],
        vec![
            |case| case.advised.advice = Advice::Narrow,
            |case| case.advised.advice = Advice::AskFirst,
            |case| case.advised.advice = Advice::LookCloser,
            |case| case.advised.faults = fault(&[Fault::Lost]),
            |case| case.advised.faults = fault(&[Fault::Refused]),
            |case| case.advised.faults = fault(&[Fault::CutShort]),
            |case| case.advised.faults = fault(&[Fault::Filtered]),
            |case| case.advised.faults = fault(&[Fault::Unreadable]),
            |case| case.advised.faults = fault(&[Fault::OutOfContract]),
            |case| case.advised.faults = fault(&[Fault::Unfounded]),
            |case| case.advised.faults = fault(&[Fault::BoundReached]),
            |case| case.advised.faults = fault(&Fault::ALL),
            |case| case.advised.confidence = BasisPoints(0),
            |case| case.advised.confidence = BasisPoints(8_499),
            |case| case.advised.confidence = BasisPoints(8_500),
            |case| case.advised.confidence = BasisPoints(u16::MAX),
        ],
        vec![|case| case.brake = BrakeState::Applied],
    ]
}

/// One value, every pair and every triple of values of different fields.
#[test]
fn every_value_of_every_field_alone_and_with_two_others() {
    let rules = Rules::compile(lattice_policy()).unwrap();
    let plain = plain_case(&rules);
    let fields = fields();
    let mut points = 0_u64;
    let mut look = |case: &Case<'static>| {
        let ruling = rule(case, &rules, at(0));
        let automatic = ruling.standing() == Standing::Automatic;
        assert_eq!(
            automatic,
            is_plain(case, &rules),
            "{case:?} {:?}",
            ruling.findings
        );
        points += 1;
    };
    look(&plain);
    for (first, ones) in fields.iter().enumerate() {
        for one in ones {
            let mut case = plain;
            one(&mut case);
            look(&case);
            for (second, others) in fields.iter().enumerate().skip(first + 1) {
                for other in others {
                    let mut case = case;
                    other(&mut case);
                    look(&case);
                    for third in fields.iter().skip(second + 1).flatten() {
                        let mut case = case;
                        third(&mut case);
                        look(&case);
                    }
                }
            }
        }
    }
    println!("{points} points");
}

/// Every opinion there is (each advice, every set of faults, every class of confidence, and findings that no analyst may make)
/// over every value and every pair of values of all other fields, with and without lifts: what is shown and what remains are
/// never looser than without it, and nothing that stood is gone. INVARIANT(ratchet).
#[test]
fn no_opinion_whatsoever_loosens_a_ruling() {
    let rules = Rules::compile(lattice_policy()).unwrap();
    let plain = plain_case(&rules);
    let other: Vec<Change> = (fields().into_iter().flatten())
        .filter(|change| {
            let mut case = plain;
            change(&mut case);
            case.advised == Advised::NOTHING
        })
        .collect();
    let mut opinions = Vec::new();
    for advice in Advice::ALL {
        for faults in 0_u32..1 << Fault::ALL.len() {
            let faults = Fault::ALL
                .iter()
                .filter(|own| faults >> (**own as u32) & 1 == 1);
            let faults = FindingSet::of(faults.map(|fault| fault.kind()));
            for confidence in [10_000, 8_499] {
                opinions.push(Advised {
                    advice,
                    faults,
                    confidence: BasisPoints(confidence),
                });
            }
        }
        // Out of range, and trying to say what is not an analyst's to say.
        opinions.push(Advised {
            advice,
            faults: FindingSet::whose(|_| true),
            confidence: BasisPoints(u16::MAX),
        });
    }
    let sets = [Vec::new(), lifts(None, false, 10), lifts(None, true, 10)];
    let mut points = 0_u64;
    let mut look = |case: &Case<'static>, opinions: &[Advised]| {
        for lifts in &sets {
            let without = Case {
                lifts,
                ..shorter(*case)
            };
            let before = rule(&without, &rules, at(0));
            for opinion in opinions {
                let case = Case {
                    advised: *opinion,
                    ..without
                };
                let after = rule(&case, &rules, at(0));
                assert!(before.findings.is_subset(after.findings), "{opinion:?}");
                assert!(before.shown <= after.shown, "{opinion:?}");
                assert!(before.remaining <= after.remaining, "{opinion:?}");
                assert!(before.confidence >= after.confidence, "{opinion:?}");
                assert_eq!((before.risk, before.required), (after.risk, after.required));
                assert!(
                    after.standing() != Standing::Automatic
                        || before.standing() == Standing::Automatic
                );
                points += 1;
            }
        }
    };
    look(&plain, &opinions);
    for (number, one) in other.iter().enumerate() {
        let mut case = plain;
        one(&mut case);
        look(&case, &opinions);
        // Pairs with every twenty-third opinion, each pair with others: all are met many times over.
        for (second, change) in other.iter().enumerate().skip(number + 1) {
            let mut case = case;
            change(&mut case);
            let some: Vec<Advised> = (opinions.iter().skip((number + second) % 23).step_by(23))
                .copied()
                .collect();
            look(&case, &some);
        }
    }
    println!("{} opinions, {points} rulings", opinions.len());
}

/// In advise mode the plain request is shown as it would be, withheld, and released by one lift.
#[test]
fn the_plain_point_in_advise_mode() {
    let rules = Rules::compile(lattice_policy()).unwrap();
    let mut case = plain_case(&rules);
    case.mode = Mode::Advise;
    let ruling = rule(&case, &rules, at(0));
    assert_eq!(
        (ruling.shown, ruling.standing()),
        (Outcome::Open, Standing::Withheld)
    );
    for authority in [Authority::ResourceOwner, Authority::Security] {
        let lifts = [Lift {
            kind: Kind::AdviseMode,
            by: 1,
            authorities: AuthoritySet::of([authority]),
            at: at(-1),
            until: None,
        }];
        let ruling = rule(
            &Case {
                lifts: &lifts,
                ..shorter(case)
            },
            &rules,
            at(0),
        );
        assert_eq!(ruling.standing(), Standing::Reviewed);
    }
}
