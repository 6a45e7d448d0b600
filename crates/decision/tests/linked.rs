//! Attacks through another identity of the same human being.

#![expect(
    clippy::unwrap_used,
    reason = "tests may panic, and print what they counted"
)]

mod common;

use common::*;
use decision::evidence::Frozen;
use decision::evidence::record::{Coverage, Evidence, Fact, Reserved};
use decision::findings::Kind;
use decision::findings::lifting::facts_digest;
use decision::rules::Rules;
use decision::rules::policy::Policy;
use decision::verdict::outcome::Outcome;
use decision::verdict::{Standing, explain, rule};

fn rules(policy: Policy) -> Rules {
    Rules::compile(policy).unwrap()
}

fn vendor_and_payment() -> Rules {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:*", "payment:approve"]));
    rules(policy)
}

#[test]
fn one_half_in_each_of_two_identities_is_a_conflict() {
    let rules = vendor_and_payment();
    let record = linked(&rules, "payment:approve", &["vendor:create"]);
    let frozen = Frozen::new(record.clone(), &rules);
    let ruling = rule(&frozen.case(), &rules, at(0));
    assert!(ruling.findings.contains(Kind::Conflict), "{ruling:?}");
    assert_eq!(ruling.standing(), Standing::Withheld);
    let named = "'vendor:*' through 'vendor:create' (linked identity p-admin → group x)";
    let text = explain::separation_text(&frozen, &rules);
    assert!(text.contains(named), "{text}");
    // A reservation is as good as a holding.
    let mut reserved = linked(&rules, "payment:approve", &[]);
    let one = reserved.linked.get_mut("a").unwrap();
    one.reserved.push(Reserved {
        grant: "g".into(),
        request: "REQ-9".into(),
        entitlement: "vendor:create".into(),
    });
    assert!(ruled(&reserved, &rules).findings.contains(Kind::Conflict));
    // And what is held there is neither held already nor in the way of anything else.
    let apart = linked(&rules, "repo:read", &["repo:read", "vendor:create"]);
    assert_eq!(ruled(&apart, &rules).standing(), Standing::Automatic);
}

#[test]
fn a_linked_identity_that_was_not_read_is_never_nothing() {
    let rules = vendor_and_payment();
    let whole = linked(&rules, "payment:approve", &[]);
    assert_eq!(ruled(&whole, &rules).standing(), Standing::Automatic);
    let spoils: [fn(&mut Evidence); 7] = [
        |record| record.linked.clear(),
        |record| _ = record.people.remove("a"),
        |record| {
            record.linked.get_mut("a").unwrap().holdings = Fact::Unreachable {
                source: "directory".into(),
                reason: "timeout".into(),
            }
        },
        |record| {
            record.linked.get_mut("a").unwrap().holdings = Fact::Absent {
                source: "directory".into(),
                as_of: at(-60),
            }
        },
        // One link further, one that only the other side tells, and one that only an approver tells.
        |record| {
            let other = record.people.get_mut("a").unwrap();
            other.linked.push("b".into());
        },
        |record| {
            let mut one = person("b", &[]);
            one.linked.push("a".into());
            record.people.insert("b".into(), one);
        },
        |record| {
            let owner = record.people.get_mut("o").unwrap();
            owner.linked.push("p".into());
        },
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let mut record = whole.clone();
        spoil(&mut record);
        let found = ruled(&record, &rules).findings;
        assert!(found.contains(Kind::Unverifiable), "{number}: {found:?}");
        assert!(found.contains(Kind::FactUnreachable), "{number}: {found:?}");
    }
}

#[test]
fn what_is_covered_is_covered_for_every_identity() {
    let rules = vendor_and_payment();
    let covers = |own: Coverage, other: Coverage| {
        let mut record = linked(&rules, "payment:approve", &[]);
        if let Fact::Present { value, .. } = &mut record.holdings {
            value.coverage = own;
        }
        if let Fact::Present { value, .. } = &mut record.linked.get_mut("a").unwrap().holdings {
            value.coverage = other;
        }
        !ruled(&record, &rules).findings.contains(Kind::Unverifiable)
    };
    let only = |names: &[&str]| Coverage::Systems(names.iter().map(|it| (*it).into()).collect());
    assert!(covers(Coverage::Everything, only(&["vendor", "repo"])));
    assert!(covers(only(&["vendor"]), Coverage::Everything));
    assert!(covers(
        only(&["vendor", "repo"]),
        only(&["payment", "vendor"])
    ));
    assert!(!covers(Coverage::Everything, only(&["repo"])));
    assert!(!covers(only(&["repo"]), Coverage::Everything));
    assert!(!covers(only(&["vendor"]), only(&["repo"])));
    assert!(!covers(Coverage::Everything, Coverage::Nothing));
}

#[test]
fn what_a_linked_identity_gains_is_a_fresh_conflict() {
    let rules = vendor_and_payment();
    let digest =
        |record: &Evidence, kind| facts_digest(&Frozen::new(record.clone(), &rules), &rules, kind);
    let one = linked(&rules, "payment:approve", &["vendor:read"]);
    let conflict = |held: &[&str]| {
        let record = linked(&rules, "payment:approve", held);
        digest(&record, Kind::Conflict)
    };
    assert_ne!(
        conflict(&["vendor:read"]),
        conflict(&["vendor:read", "vendor:write"])
    );
    assert_eq!(
        conflict(&["vendor:read"]),
        conflict(&["vendor:read", "repo:read"])
    );
    // The same half, held by themselves along a path that reads the same.
    let mut own = linked(&rules, "payment:approve", &[]);
    hold(&mut own, "vendor:read");
    if let Fact::Present { value, .. } = &mut own.holdings {
        value.items[0].path = vec!["linked identity p-admin".into(), "group x".into()];
    }
    assert_ne!(digest(&own, Kind::Conflict), digest(&one, Kind::Conflict));
    // Who accepted not looking everywhere did so for these identities.
    let mut unverified = linked(&rules, "payment:approve", &[]);
    if let Fact::Present { value, .. } = &mut unverified.holdings {
        value.coverage = Coverage::Nothing;
    }
    let mut more = unverified.clone();
    let mut other = person("b", &[]);
    other.linked.push("a".into());
    more.people.insert("b".into(), other);
    more.linked.insert("b".into(), identity(&[]));
    assert_ne!(
        digest(&unverified, Kind::Unverifiable),
        digest(&more, Kind::Unverifiable)
    );
    // A lift that was given for what was there falls with what was added.
    let mut lifted = one;
    lift(&mut lifted, &rules, Kind::Conflict, "c");
    assert_eq!(ruled(&lifted, &rules).remaining, Outcome::Open);
    lifted
        .linked
        .insert("a".into(), identity(&["vendor:read", "vendor:write"]));
    assert_ne!(ruled(&lifted, &rules).remaining, Outcome::Open);
}
