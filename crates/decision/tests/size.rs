//! Large inputs: nothing overflows, and nothing takes more than a few seconds even unoptimised.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may panic, and print what they counted"
)]

mod common;

use std::time::{Duration, Instant};

use common::*;
use decision::evidence::Frozen;
use decision::evidence::record::Coverage;
use decision::findings::Kind;
use decision::findings::lifting::facts_digest;
use decision::request::Access;
use decision::rules::Rules;
use decision::rules::policy::{Policy, Role};
use decision::verdict::{explain, rule};

fn within<T>(seconds: u64, what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    println!("{what}: {took:?}");
    assert!(took < Duration::from_secs(seconds), "{what} took {took:?}");
    result
}

fn toxic() -> Rules {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:*", "payment:approve"]));
    Rules::compile(policy).unwrap()
}

#[test]
fn a_hundred_thousand_holdings_and_a_thousand_lifts() {
    let rules = toxic();
    let mut record = evidence(&rules, "payment:approve");
    for number in 0..100_000 {
        let kind = if number % 1_000 == 0 {
            "vendor"
        } else {
            "share"
        };
        hold(&mut record, &format!("{kind}-{number}:read"));
    }
    lift(&mut record, &rules, Kind::Conflict, "c");
    let one = record.lifts[0].clone();
    record.lifts.extend((0..1_000).map(|_| one.clone()));
    let frozen = within(60, "freeze", || Frozen::new(record, &rules));
    let ruling = within(1, "rule", || rule(&frozen.case(), &rules, at(0)));
    assert!(ruling.lifted.contains(Kind::Conflict));
    within(60, "facts", || {
        facts_digest(&frozen, &rules, Kind::Conflict)
    });
    within(60, "text", || explain::separation_text(&frozen, &rules));
}

#[test]
fn a_chain_of_ten_thousand_links() {
    let rules = toxic();
    let mut record = evidence(&rules, "repo:read");
    for number in 0..10_000 {
        let mut one = person(&format!("k{number}"), &["security"]);
        one.linked.push(format!("k{}", number + 1));
        record.people.insert(one.id.clone(), one);
    }
    alter(&mut record.beneficiary, |person| {
        person.linked.push("k0".into())
    });
    let frozen = within(10, "freeze", || Frozen::new(record, &rules));
    assert!(frozen.excluded().contains("k9999"));
}

#[test]
fn roles_inherit_as_deep_as_a_policy_may_say() {
    // The reader of policies stops at a depth of 64; the core itself stands more.
    let chain = |depth: usize| {
        let mut policy = policy();
        for number in 0..depth {
            policy.roles.push(Role {
                name: format!("r{number}"),
                inherits: if number == 0 {
                    vec!["clerk".into()]
                } else {
                    vec![format!("r{}", number - 1)]
                },
                ..Role::default()
            });
        }
        policy
    };
    let rules = within(30, "compile", || Rules::compile(chain(500)).unwrap());
    let last = rules.role("r499").unwrap();
    let id = rules.entitlement("repo:read").unwrap();
    assert!(rules.standard_for(id).contains(&last));
    let mut circle = chain(3);
    circle.roles[1].inherits = vec!["r2".into()];
    assert!(Rules::compile(circle).is_err());
}

#[test]
fn a_diamond_of_roles_is_not_exponential() {
    let mut policy = policy();
    policy.roles.push(Role {
        name: "a0".into(),
        ..Role::default()
    });
    for number in 1..60 {
        for side in ["a", "b"] {
            let mut role = Role {
                name: format!("{side}{number}"),
                ..Role::default()
            };
            for below in ["a", "b"] {
                if number > 1 || below == "a" {
                    role.inherits.push(format!("{below}{}", number - 1));
                }
            }
            policy.roles.push(role);
        }
    }
    within(10, "compile", || Rules::compile(policy).unwrap());
}

#[test]
fn narrower_in_a_circle_ends() {
    let mut policy = policy();
    policy.catalogue[1].narrower = Some("repo:admin".into());
    policy.catalogue[3].narrower = Some("repo:read".into());
    let rules = Rules::compile(policy).unwrap();
    assert_eq!(rules.narrower_chain("repo:admin").len(), 8);
    let ruling = ruled(&evidence(&rules, "repo:admin"), &rules);
    assert!(ruling.findings.contains(Kind::OverAsking));
}

#[test]
fn a_name_of_a_megabyte() {
    let rules = toxic();
    for unit in ["prod-", "\u{200B}", "a:", "\u{FDFA}", "\u{1D4B}", "İ"] {
        let name = unit.repeat(1_000_000 / unit.len());
        let mut record = evidence(&rules, "repo:read");
        record.request.access = Access::new(&name);
        let frozen = within(30, unit, || Frozen::new(record, &rules));
        let found = rule(&frozen.case(), &rules, at(0)).findings;
        assert!(found.contains(Kind::EntitlementUnknown));
    }
}

#[test]
fn an_empty_policy_and_an_empty_name() {
    let rules = Rules::compile(Policy::default()).unwrap();
    for name in ["", ":", "::", "*", "*:*", "a:", ":a", "\u{0}"] {
        let mut record = evidence(&rules, name);
        if let decision::evidence::record::Fact::Present { value, .. } = &mut record.holdings {
            value.coverage = Coverage::Nothing;
        }
        hold(&mut record, name);
        assert!(
            ruled(&record, &rules)
                .findings
                .contains(Kind::EntitlementUnknown),
            "{name}"
        );
    }
}
