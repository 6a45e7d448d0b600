//! What a target gives besides itself: dangerous as if it were asked for, half of a conflict as if it were held.

#![expect(
    clippy::unwrap_used,
    reason = "tests may panic, and print what they counted"
)]

mod common;

use common::*;
use decision::evidence::Frozen;
use decision::evidence::record::{Evidence, Fact, Given, GivenKind, Reserved, Target};
use decision::findings::Kind;
use decision::rules::Rules;
use decision::rules::policy::{Environment, Policy};
use decision::verdict::explain::{because, separation_text};
use decision::verdict::{Standing, rule};

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

fn entitlement_given(name: &str) -> Given {
    Given {
        kind: GivenKind::Entitlement,
        name: name.into(),
        path: vec!["group staff".into(), "group everybody".into()],
    }
}

fn group(name: &str) -> Given {
    Given {
        kind: GivenKind::Group,
        name: name.into(),
        path: vec!["group staff".into()],
    }
}

/// Behind `name` is something that gives this, and whose own name betrays nothing.
fn put_behind(evidence: &mut Evidence, name: &str, gives: Vec<Given>) {
    let target = Target {
        id: "t-1".into(),
        power: "narrow".into(),
        name: "group-17".into(),
        gives,
        ..Target::default()
    };
    evidence.targets.insert(name.into(), present(target));
}

fn asking(rules: &Rules, gives: Vec<Given>) -> Evidence {
    let mut record = evidence(rules, "repo:read");
    put_behind(&mut record, "repo:read", gives);
    record
}

#[test]
fn what_gives_something_dangerous_is_dangerous_at_its_first_binding() {
    let mut policy = policy();
    policy.privileged.push(pattern("ledger-*:close"));
    policy.levels[0].levels.push("close".into());
    let mut live = entitlement("shop:read");
    live.environment = Environment::Production;
    policy.catalogue.push(live);
    let rules = rules(policy);
    let plain = asking(&rules, vec![entitlement_given("wiki:read"), group("staff")]);
    assert_eq!(ruled(&plain, &rules).standing(), Standing::Automatic);
    for (given, kind, why) in [
        (
            entitlement_given("vault:read"),
            Kind::NeverAutoSecurity,
            "because it gives `vault:read` (group staff → group everybody → vault:read), which is by vault:*",
        ),
        (
            entitlement_given("repo:admin"),
            Kind::NeverAutoAdmin,
            "which is by *:admin",
        ),
        // Nothing in its name says so, the catalogue does.
        (
            entitlement_given("shop:read"),
            Kind::NeverAutoProduction,
            "because it gives `shop:read`",
        ),
        (
            entitlement_given("wiki:transmogrify"),
            Kind::NeverAutoAdmin,
            "of which the level is not mapped",
        ),
        (
            group("Payments Admins"),
            Kind::NeverAutoAdmin,
            "because it gives membership in group `Payments Admins` (group staff → group Payments Admins)",
        ),
        (
            group("prod-database"),
            Kind::NeverAutoProduction,
            "membership in group `prod-database`",
        ),
        (
            entitlement_given("ledger-eu:close"),
            Kind::Privileged,
            "ledger-*:close is privileged, and `repo:read` gives `ledger-eu:close`",
        ),
    ] {
        let record = asking(&rules, vec![given.clone()]);
        assert!(
            record.bound_powers.is_empty(),
            "bound now for the first time"
        );
        let frozen = Frozen::new(record.clone(), &rules);
        let ruling = rule(&frozen.case(), &rules, at(0));
        assert!(ruling.findings.contains(kind), "{given:?}: {ruling:?}");
        assert_eq!(ruling.standing(), Standing::Withheld, "{given:?}");
        let text = because(&frozen, &rules, kind);
        assert!(text.contains(why), "{text}");
    }
}

/// A pattern may find its resource in the name and its level in a group that the target gives.
#[test]
fn a_pattern_catches_name_and_given_group_together() {
    let mut policy = policy();
    policy.privileged.push(pattern("repo:deputies"));
    policy
        .conflicts
        .push(conflict(&["repo*:deputies", "payment:approve"]));
    let rules = rules(policy);
    for (given, caught) in [("deputies", true), ("staff", false)] {
        let mut record = asking(&rules, vec![group(given)]);
        hold(&mut record, "payment:approve");
        let findings = ruled(&record, &rules).findings;
        assert_eq!(findings.contains(Kind::Privileged), caught, "{given}");
        assert_eq!(findings.contains(Kind::Conflict), caught, "{given}");
    }
}

#[test]
fn what_gives_one_half_is_that_half() {
    let rules = vendor_and_payment();
    // The higher level implies the half.
    for half in ["vendor:create", "vendor:admin", "vendor:transmogrify"] {
        let mut record = asking(&rules, vec![entitlement_given(half)]);
        assert!(!ruled(&record, &rules).findings.contains(Kind::Conflict));
        hold(&mut record, "payment:approve");
        let frozen = Frozen::new(record.clone(), &rules);
        let ruling = rule(&frozen.case(), &rules, at(0));
        assert!(ruling.findings.contains(Kind::Conflict), "{half}");
        let text = separation_text(&frozen, &rules);
        let way =
            format!("'vendor:*' (which 'repo:read' gives: group staff → group everybody → {half})");
        assert!(text.contains(&way), "{text}");
        assert!(text.contains("already holds 'payment:approve'"), "{text}");
    }
    let mut record = asking(&rules, vec![group("vendor desk")]);
    hold(&mut record, "payment:approve");
    assert!(ruled(&record, &rules).findings.contains(Kind::Conflict));
    // Both halves at once need nothing that is held.
    let both = ["vendor:create", "payment:approve"].map(entitlement_given);
    let record = asking(&rules, both.to_vec());
    assert!(ruled(&record, &rules).findings.contains(Kind::Conflict));
}

/// A holding, a reservation, what a grant of ours gave, what another identity holds: each by what its target gives.
#[test]
fn what_is_held_counts_by_what_its_target_gives() {
    let rules = vendor_and_payment();
    let puts: [fn(&mut Evidence); 4] = [
        |record| hold(record, "wiki:read"),
        |record| {
            hold(record, "wiki:read");
            if let Fact::Present { value, .. } = &mut record.holdings {
                value.items[0].grant = Some("REQ-0#1".into());
            }
        },
        |record| {
            record.reserved.push(Reserved {
                grant: "g".into(),
                request: "REQ-9".into(),
                entitlement: "wiki:read".into(),
            });
        },
        |record| {
            let one = record.linked.get_mut("a").unwrap();
            one.holdings = identity(&["wiki:read"]).holdings;
        },
    ];
    for (number, put) in puts.into_iter().enumerate() {
        let mut record = linked(&rules, "payment:approve", &[]);
        put(&mut record);
        put_behind(
            &mut record,
            "wiki:read",
            vec![entitlement_given("repo:read")],
        );
        assert_eq!(
            ruled(&record, &rules).standing(),
            Standing::Automatic,
            "{number}"
        );
        put_behind(
            &mut record,
            "wiki:read",
            vec![entitlement_given("vendor:create")],
        );
        let frozen = Frozen::new(record.clone(), &rules);
        let ruling = rule(&frozen.case(), &rules, at(0));
        assert!(ruling.findings.contains(Kind::Conflict), "{number}");
        let text = separation_text(&frozen, &rules);
        let way = "wiki:read → group staff → group everybody → vendor:create)";
        assert!(
            text.contains("'vendor:*' through 'vendor:create'") && text.contains(way),
            "{number}: {text}"
        );
        // A target is recognised by its labels when it is held as it is when it is asked for.
        let tagged = Target {
            tags: vec!["vendor".into()],
            ..Target::default()
        };
        record.targets.insert("wiki:read".into(), present(tagged));
        assert!(ruled(&record, &rules).findings.contains(Kind::Conflict));
    }
}

/// The name under which something is held can be an alias; what stands behind the id counts as well.
#[test]
fn an_alias_that_is_held_counts_by_what_stands_behind_its_id() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:*", "payment:approve"]));
    policy.catalogue[1].aliases.push("old-repo:use".into());
    let rules = rules(policy);
    for behind in ["old-repo:use", "repo:read"] {
        let mut record = evidence(&rules, "payment:approve");
        hold(&mut record, "old-repo:use");
        assert_eq!(ruled(&record, &rules).standing(), Standing::Automatic);
        put_behind(
            &mut record,
            behind,
            vec![entitlement_given("vendor:create")],
        );
        assert!(
            ruled(&record, &rules).findings.contains(Kind::Conflict),
            "{behind}"
        );
    }
}

#[test]
fn what_cannot_be_read_behind_something_held_is_never_nothing() {
    let rules = vendor_and_payment();
    let mut record = evidence(&rules, "repo:read");
    hold(&mut record, "wiki:read");
    assert_eq!(ruled(&record, &rules).standing(), Standing::Automatic);
    let unread = Fact::Unreachable {
        source: "directory".into(),
        reason: "no group `nowhere`".into(),
    };
    for fact in [None, Some(unread), Some(Fact::NotInProfile)] {
        let mut record = record.clone();
        record.targets.remove("wiki:read");
        record
            .targets
            .extend(fact.map(|fact| ("wiki:read".to_owned(), fact)));
        let frozen = Frozen::new(record, &rules);
        let ruling = rule(&frozen.case(), &rules, at(0));
        assert!(ruling.findings.contains(Kind::FactUnreachable));
        assert_eq!(ruling.standing(), Standing::Withheld);
        let text = because(&frozen, &rules, Kind::FactUnreachable);
        assert!(
            text.contains("what stands behind `wiki:read`, which is held"),
            "{text}"
        );
    }
    // A system that has no such thing gives nothing by it.
    record.targets.insert(
        "wiki:read".into(),
        Fact::Absent {
            source: "directory".into(),
            as_of: at(-60),
        },
    );
    assert_eq!(ruled(&record, &rules).standing(), Standing::Automatic);
}

/// A record of format 1 did not look behind what is held. It is ruled upon again as it was.
#[test]
fn an_older_record_is_ruled_upon_as_it_was() {
    let rules = vendor_and_payment();
    let mut record = evidence(&rules, "payment:approve");
    hold(&mut record, "repo:read");
    put_behind(
        &mut record,
        "repo:read",
        vec![entitlement_given("vendor:create")],
    );
    assert!(ruled(&record, &rules).findings.contains(Kind::Conflict));
    record.format = 1;
    assert_eq!(ruled(&record, &rules).standing(), Standing::Automatic);
    record.targets.remove("repo:read");
    assert_eq!(ruled(&record, &rules).standing(), Standing::Automatic);
}

/// A lift binds to what made the finding: another way to the same half is a fresh conflict.
#[test]
fn a_second_way_to_a_held_half_is_a_fresh_conflict() {
    let rules = vendor_and_payment();
    let mut record = evidence(&rules, "payment:approve");
    hold(&mut record, "wiki:read");
    put_behind(
        &mut record,
        "wiki:read",
        vec![entitlement_given("vendor:create")],
    );
    lift(&mut record, &rules, Kind::Conflict, "c");
    assert!(Frozen::new(record.clone(), &rules).lifts()[0].is_ok());
    put_behind(
        &mut record,
        "wiki:read",
        vec![
            entitlement_given("vendor:create"),
            entitlement_given("vendor:read"),
        ],
    );
    assert!(Frozen::new(record, &rules).lifts()[0].is_err());
}
