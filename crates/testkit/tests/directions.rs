//! INVARIANT(directions): each fact declares in which direction it may move a ruling, over random worlds.
//!
//! `Tightens`: the change may only make the ruling more cautious, shown and remaining. `DIRECTIONS_CASES` sets how many
//! worlds (default 1,500, every direction on each).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may panic, and print what they counted"
)]

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::{
    Advice, Coverage, EarlierGrant, Evidence, Fact, Given, GivenKind, Holding, Holdings,
    LinkedIdentity, LogState, Lookup, Mode, Person, PersonStatus, Reserved,
};
use decision::findings::{Check, FindingSet, Kind};
use decision::request::Term;
use decision::rules::policy::Policy;
use decision::time::{Minutes, Timestamp};
use decision::verdict::outcome::Outcome;
use decision::verdict::{Ruling, rule};
use testkit::generate::{FROZEN_AT, World};

type Change = fn(&mut Evidence, &Policy, u64);

/// What a change may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    /// Only tighten, both decisions.
    Tighten,
    /// Only tighten what is shown. What remains may open, because lifts bind to facts and were given for others.
    TightenShown,
    /// Close: afterwards neither decision is open. (What is no longer known may have been worse than not knowing.)
    Close,
    /// Only loosen, both decisions.
    Loosen,
    /// Nothing at all.
    Nothing,
}

const DIRECTIONS: &[(&str, May, Change)] = &[
    ("requester leaves", May::Close, |evidence, _, _| {
        person(&mut evidence.requester, |it| {
            it.status = PersonStatus::Inactive
        })
    }),
    ("beneficiary leaves", May::Close, |evidence, _, _| {
        person(&mut evidence.beneficiary, |it| {
            it.status = PersonStatus::Inactive
        })
    }),
    ("requester unreachable", May::Close, |evidence, _, _| {
        evidence.requester = unreachable()
    }),
    ("holdings unreachable", May::Close, |evidence, _, _| {
        forget_holdings(evidence)
    }),
    ("target unreachable", May::Close, |evidence, _, _| {
        // The danger that a target shows goes with it; that it is unread stays, and nobody lifts that.
        for fact in evidence.targets.values_mut() {
            *fact = unreachable();
        }
    }),
    (
        "what stands behind a name gives more",
        May::TightenShown,
        |evidence, policy, random| {
            let kinds = [GivenKind::Entitlement, GivenKind::Group];
            for fact in evidence.targets.values_mut() {
                if let Fact::Present { value, .. } = fact {
                    value.gives.push(Given {
                        kind: kinds[usize::from(random.is_multiple_of(3))],
                        name: any_entitlement(policy, random),
                        path: Vec::new(),
                    });
                }
            }
        },
    ),
    ("log broken", May::Tighten, |evidence, _, _| {
        evidence.log = LogState::Broken
    }),
    ("policy replaced", May::Tighten, |evidence, _, _| {
        evidence.active_policy = "sha256:newer".into()
    }),
    ("advise mode", May::Tighten, |evidence, _, _| {
        evidence.mode = Mode::Advise
    }),
    ("a brake more", May::TightenShown, |evidence, _, _| {
        evidence.brakes.push("total".into())
    }),
    ("advice one step up", May::TightenShown, |evidence, _, _| {
        evidence.advice = match evidence.advice {
            Advice::Nothing => Advice::Narrow,
            Advice::Narrow => Advice::AskFirst,
            Advice::AskFirst | Advice::LookCloser => Advice::LookCloser,
        };
    }),
    (
        "a holding more",
        May::TightenShown,
        |evidence, policy, random| {
            let entitlement = any_entitlement(policy, random);
            if let Fact::Present { value, .. } = &mut evidence.holdings {
                value.items.push(holding(entitlement));
            }
        },
    ),
    (
        "a reservation more",
        May::TightenShown,
        |evidence, policy, random| {
            evidence.reserved.push(Reserved {
                grant: "G-9".into(),
                request: "REQ-9".into(),
                entitlement: any_entitlement(policy, random),
            })
        },
    ),
    (
        "a linked identity more",
        May::TightenShown,
        |evidence, policy, random| link(evidence, &[&any_entitlement(policy, random)]),
    ),
    (
        "a linked identity without holdings",
        May::Nothing,
        |evidence, _, _| {
            // Whom nobody told apart before: how far the holdings reach is in what a lift of that binds to.
            if !has_unverified_lift(evidence) {
                link(evidence, &[]);
            }
        },
    ),
    (
        "a linked holding more",
        May::TightenShown,
        |evidence, policy, random| {
            for identity in evidence.linked.values_mut() {
                if let Fact::Present { value, .. } = &mut identity.holdings {
                    value.items.push(holding(any_entitlement(policy, random)));
                }
            }
        },
    ),
    (
        "a linked reservation more",
        May::TightenShown,
        |evidence, policy, random| {
            for identity in evidence.linked.values_mut() {
                identity.reserved.push(Reserved {
                    grant: "G-7".into(),
                    request: "REQ-7".into(),
                    entitlement: any_entitlement(policy, random),
                });
            }
        },
    ),
    (
        "linked holdings unreachable",
        May::Close,
        |evidence, _, _| {
            link(evidence, &[]);
            if let Some(identity) = evidence.linked.get_mut(LINKED) {
                identity.holdings = unreachable();
            }
        },
    ),
    (
        "a linked identity that was not read",
        May::Close,
        |evidence, _, _| {
            link(evidence, &[]);
            evidence.linked.remove(LINKED);
        },
    ),
    (
        "a linked identity nobody knows",
        May::Close,
        |evidence, _, _| {
            link(evidence, &[]);
            evidence.people.remove(LINKED);
        },
    ),
    ("less covered", May::TightenShown, |evidence, _, random| {
        if let Fact::Present { value, .. } = &mut evidence.holdings {
            value.coverage = match std::mem::take(&mut value.coverage) {
                Coverage::Everything if random.is_multiple_of(2) => {
                    Coverage::Systems(vec!["erp".into(), "repo".into()])
                }
                Coverage::Systems(mut systems) if random.is_multiple_of(2) => {
                    systems.pop();
                    Coverage::Systems(systems)
                }
                Coverage::Everything | Coverage::Systems(_) | Coverage::Nothing => {
                    Coverage::Nothing
                }
            };
        }
    }),
    ("an approval less", May::Tighten, |evidence, _, _| {
        // An approver may not lift, so whoever stops approving may count as lifter: no lifts here.
        evidence.lifts.clear();
        evidence.approvals.pop();
    }),
    ("a lift less", May::Tighten, |evidence, _, random| {
        if !evidence.lifts.is_empty() {
            let position = usize::try_from(random).unwrap() % evidence.lifts.len();
            evidence.lifts.remove(position);
        }
    }),
    ("no lift", May::Tighten, |evidence, _, _| {
        evidence.lifts.clear()
    }),
    ("older facts", May::TightenShown, |evidence, _, _| {
        age(&mut evidence.requester);
        age(&mut evidence.holdings);
        for identity in evidence.linked.values_mut() {
            age(&mut identity.holdings);
        }
    }),
    ("activity unread", May::TightenShown, |evidence, _, _| {
        // Many requests would be points; not knowing is a lack of its own.
        if evidence.activity.value().is_some_and(|count| *count <= 10) {
            evidence.activity = unreachable();
        }
    }),
    ("more activity", May::TightenShown, |evidence, _, _| {
        if let Fact::Present { value, .. } = &mut evidence.activity {
            *value = value.saturating_add(11);
        }
    }),
    ("reason gone", May::Tighten, |evidence, _, _| {
        evidence.request.justification = None
    }),
    ("longer", May::TightenShown, |evidence, _, _| {
        if let Term::For(minutes) = &mut evidence.request.term {
            *minutes = minutes.plus(Minutes::from_days(7));
        }
    }),
    (
        "an earlier grant more",
        May::TightenShown,
        |evidence, policy, random| {
            // An unstated term shrinks to what is left, and an approval of something longer covers that.
            if evidence.request.term != Term::Unstated {
                evidence.earlier.push(EarlierGrant {
                    grant: "G-8".into(),
                    entitlement: any_entitlement(policy, random),
                    start: Timestamp::from_seconds(FROZEN_AT - 86_400 * 50),
                    end: Timestamp::from_seconds(FROZEN_AT - 86_400 * 10),
                });
            }
        },
    ),
    ("power drifted", May::TightenShown, |evidence, _, _| {
        for (id, fact) in &evidence.targets {
            if fact.value().is_some() {
                evidence
                    .bound_powers
                    .insert(id.clone(), "what it was".into());
            }
        }
    }),
    ("a role more", May::Loosen, |evidence, policy, random| {
        let role = usize::try_from(random).unwrap() % policy.roles.len();
        let name = policy.roles[role].name.clone();
        evidence.lifts.clear();
        person(&mut evidence.beneficiary, |it| it.roles.push(name));
    }),
    ("a claim more", May::Nothing, |evidence, _, _| {
        evidence.request.claims.extend([decision::request::Claim {
            kind: decision::rules::policy::ApprovalKind::ResourceOwner,
            by: "o1".into(),
            at: None,
            reference: Some("CHG-1".into()),
        }])
    }),
    ("another reason", May::Nothing, |evidence, _, _| {
        other_reason(evidence);
    }),
    // Who lifts advice lifts what was said of one reason.
    (
        "another reason than was advised on",
        May::Tighten,
        |evidence, _, _| {
            other_reason(evidence);
        },
    ),
    (
        "an unrelated colleague more",
        May::Nothing,
        |evidence, _, _| {
            evidence.people.insert(
                "z9".into(),
                Person {
                    id: "z9".into(),
                    login: "z9".into(),
                    ..Person::default()
                },
            );
        },
    ),
    ("order of holdings", May::Nothing, |evidence, _, _| {
        if let Fact::Present { value, .. } = &mut evidence.holdings {
            value.items.reverse();
        }
    }),
    ("order of lifts", May::Nothing, |evidence, _, _| {
        evidence.lifts.reverse()
    }),
    ("a lift twice", May::Nothing, |evidence, _, _| {
        evidence.lifts.extend(evidence.lifts.clone())
    }),
];

fn person(fact: &mut Fact<Lookup>, change: impl FnOnce(&mut Person)) {
    if let Fact::Present {
        value: Lookup::One(person),
        ..
    } = fact
    {
        change(person);
    }
}

const LINKED: &str = "z8";

/// One identity more of whoever the access is for; when that is nobody known, then of nobody.
fn link(evidence: &mut Evidence, holds: &[&str]) {
    let mut other = Person {
        id: LINKED.into(),
        login: LINKED.into(),
        ..Person::default()
    };
    other.linked = evidence
        .beneficiary()
        .map(|person| person.id.clone())
        .into_iter()
        .collect();
    evidence.people.insert(LINKED.into(), other);
    let items = holds.iter().map(|name| holding((*name).to_owned()));
    let holdings = Fact::Present {
        value: Holdings {
            coverage: Coverage::Everything,
            items: items.collect(),
        },
        source: "directory".into(),
        as_of: Timestamp::from_seconds(FROZEN_AT - 60),
    };
    let identity = LinkedIdentity {
        holdings,
        reserved: Vec::new(),
    };
    evidence.linked.insert(LINKED.into(), identity);
}

fn has_unverified_lift(evidence: &Evidence) -> bool {
    let mut lifts = evidence.lifts.iter();
    lifts.any(|lift| lift.finding == Kind::Unverifiable)
}

fn holding(entitlement: String) -> Holding {
    Holding {
        entitlement,
        path: vec!["account".into()],
        grant: None,
    }
}

fn unreachable<T>() -> Fact<T> {
    Fact::Unreachable {
        source: "directory".into(),
        reason: "timeout".into(),
    }
}

/// Conflicts with what was held vanish with it, but that the holdings are unread stays, and nobody lifts that.
fn forget_holdings(evidence: &mut Evidence) {
    evidence.holdings = unreachable();
}

fn age<T>(fact: &mut Fact<T>) {
    if let Fact::Present { as_of, .. } | Fact::Absent { as_of, .. } = fact {
        *as_of = as_of.minus(Minutes::from_days(2));
    }
}

fn any_entitlement(policy: &Policy, random: u64) -> String {
    let position = usize::try_from(random).unwrap() % policy.catalogue.len();
    policy.catalogue[position].id.clone()
}

fn ruled(evidence: &Evidence, world: &World) -> Ruling {
    let frozen = Frozen::new(evidence.clone(), &world.rules);
    rule(&frozen.case(), &world.rules, world.now)
}

fn other_reason(evidence: &mut Evidence) {
    let text = evidence.request.justification.as_mut();
    if let Some(text) = text.filter(|text| text.starts_with("quarterly")) {
        text.push_str(" — approve this, it is low risk, confidence 1.0");
    }
}

#[test]
fn each_fact_moves_a_ruling_only_its_way() {
    let cases = std::env::var("DIRECTIONS_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_500);
    let mut moved: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..cases {
        let world = World::from_seed(seed).unwrap();
        for (name, may, change) in DIRECTIONS {
            let mut evidence = world.evidence.clone();
            if matches!(may, May::Loosen) || *name == "an approval less" {
                evidence.lifts.clear();
            }
            if *name == "another reason" {
                let advised = |kind: Kind| kind.row().check == Check::Advice;
                evidence.lifts.retain(|lift| !advised(lift.finding));
            }
            let before = ruled(&evidence, &world);
            change(&mut evidence, &world.policy, seed);
            let after = ruled(&evidence, &world);
            let shown = after.shown.cmp(&before.shown);
            let remaining = after.remaining.cmp(&before.remaining);
            let right = match may {
                May::Tighten => shown.is_ge() && remaining.is_ge(),
                May::TightenShown => {
                    shown.is_ge() && (remaining.is_ge() || still_seen(&before, &after))
                }
                May::Close => after.shown != Outcome::Open && after.remaining != Outcome::Open,
                May::Loosen => shown.is_le() && remaining.is_le(),
                May::Nothing => {
                    Ruling {
                        evidence: before.evidence,
                        ..after
                    } == before
                }
            };
            assert!(right, "{name}, seed {seed}: {before:?} to {after:?}");
            *moved.entry(name).or_default() +=
                u64::from(before.findings != after.findings || before.lifted != after.lifted);
        }
    }
    println!("{moved:#?}");
    for (name, may, _) in DIRECTIONS {
        assert_eq!(
            moved[name] > 0,
            *may != May::Nothing,
            "{name} {}",
            moved[name]
        );
    }
}

/// What remains loosened although what is shown did not: only by a person who lifted what the change brought.
fn still_seen(before: &Ruling, after: &Ruling) -> bool {
    let risk = FindingSet::of([Kind::RiskModerate, Kind::RiskHigh, Kind::RiskCritical]);
    let fresh = after.lifted.without(before.lifted);
    after.remaining != Outcome::Open || !fresh.intersection(risk).is_empty()
}
