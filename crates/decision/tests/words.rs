//! What people are told: where a rule stands, what conflicts, and what is offered instead.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

mod common;

use common::*;
use decision::evidence::Frozen;
use decision::evidence::record::Evidence;
use decision::findings::{Check, Kind};
use decision::request::Term;
use decision::rules::Rules;
use decision::rules::policy::{Listed, Place, Policy, Role};
use decision::time::Minutes;
use decision::verdict::alternatives::{self, Alternative};
use decision::verdict::explain::{because, cleared};
use decision::verdict::rule;

fn listed_at(id: &str, line: u32) -> Listed {
    Listed {
        place: Place {
            line,
            ..Place::default()
        },
        ..listed(id)
    }
}

/// `auditor` comes first in the file and lists the same; `clerk` has it through `base`.
fn roles() -> Policy {
    let role = |name: &str, inherits: &[&str], standard: Vec<Listed>| Role {
        name: name.into(),
        title: name.into(),
        inherits: inherits.iter().map(|name| (*name).into()).collect(),
        standard,
        ..Role::default()
    };
    Policy {
        roles: vec![
            role("auditor", &[], vec![listed_at("repo:read", 3)]),
            role("base", &[], vec![listed_at("repo:read", 7)]),
            role("middle", &["base"], vec![]),
            role("clerk", &["middle"], vec![listed_at("payment:approve", 9)]),
            role("tester", &["base"], vec![listed_at("repo:read", 12)]),
        ],
        ..policy()
    }
}

#[test]
fn the_place_is_that_of_the_role_that_fits_or_of_one_it_inherits() {
    let rules = Rules::compile(roles()).unwrap();
    for (role, place) in [("clerk", "7"), ("tester", "12"), ("auditor", "3")] {
        let mut record = evidence(&rules, "repo:read");
        alter(&mut record.beneficiary, |person| {
            person.roles = vec![role.into()];
        });
        let told = cleared(&Frozen::new(record, &rules), &rules, Check::Entitlement);
        let expected = format!("'repo:read' is standard for the {role} role (access.yml:{place})");
        assert_eq!(told, expected);
    }
}

#[test]
fn a_conflict_of_what_is_held_already_is_a_whole_sentence() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:create", "payment:approve"]));
    let rules = Rules::compile(policy).unwrap();
    let mut record = evidence(&rules, "payment:approve");
    hold(&mut record, "vendor:create");
    let both =
        |record: &Evidence| because(&Frozen::new(record.clone(), &rules), &rules, Kind::Conflict);
    assert_eq!(
        both(&record),
        "the person already holds 'vendor:create'; combining with 'payment:approve' violates segregation of duties rule sod-1"
    );
    // An extension: what is asked for is held as well.
    hold(&mut record, "payment:approve");
    assert_eq!(
        both(&record),
        "the person already holds 'vendor:create' and 'payment:approve', which violates segregation of duties rule sod-1"
    );
}

/// `repo:admin` is narrowed by `repo:approve`, that by `repo:create`, that by `repo:read`, which alone is standard.
fn steps() -> Rules {
    let mut policy = policy();
    let ids = ["repo:admin", "repo:approve", "repo:create", "repo:read"];
    policy.catalogue = ids.map(entitlement).to_vec();
    policy.catalogue.push(entitlement("payment:approve"));
    for (entry, below) in policy.catalogue.iter_mut().zip(ids.iter().skip(1)) {
        entry.narrower = Some((*below).to_owned());
    }
    Rules::compile(policy).unwrap()
}

fn offers(record: &Evidence, rules: &Rules) -> Vec<Alternative> {
    let frozen = Frozen::new(record.clone(), rules);
    let ruling = rule(&frozen.case(), rules, at(0));
    alternatives::of(&frozen, rules, &ruling)
}

#[test]
fn what_over_asking_names_is_offered_as_well() {
    let rules = steps();
    let mut record = evidence(&rules, "repo:admin");
    let mut ids: Vec<String> = offers(&record, &rules)
        .into_iter()
        .filter_map(|offer| offer.entitlement)
        .collect();
    ids.sort();
    assert_eq!(ids, ["repo:approve", "repo:read"]);
    // One step down it is the same, and told once.
    record.request.access = decision::request::Access::new("repo:create");
    assert_eq!(offers(&record, &rules).len(), 1);
}

#[test]
fn an_offer_keeps_the_end_that_was_asked_for() {
    let rules = steps();
    let mut record = evidence(&rules, "repo:admin");
    for (end, minutes) in [(86_400, 1_440), (90, 2)] {
        record.request.term = Term::Until(at(end));
        let offers = offers(&record, &rules);
        assert!(!offers.is_empty());
        for offer in offers {
            assert_eq!(offer.duration, Some(Minutes(minutes)), "{offer:?}");
            let told = format!("until {}, ", at(end));
            assert!(offer.text.contains(&told), "{offer:?}");
        }
    }
    // Later than what is given by itself: that is the bound.
    record.request.term = Term::Until(at(86_400 * 365));
    for offer in offers(&record, &rules) {
        assert!(
            offer.duration <= Some(rules.policy().duration.maximum),
            "{offer:?}"
        );
    }
    // What has ended is not offered at all.
    record.request.term = Term::Until(at(-60));
    assert_eq!(offers(&record, &rules), []);
}
