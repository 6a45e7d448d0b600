//! Attacks on the core, each of which got through once or was tried.

#![expect(
    clippy::unwrap_used,
    reason = "tests may panic, and print what they counted"
)]

mod common;

use common::*;
use decision::evidence::Frozen;
use decision::evidence::record::{Coverage, EarlierGrant, Fact, Mode, Person};
use decision::findings::lifting::facts_digest;
use decision::findings::{FindingSet, Kind};
use decision::gate::{Authority, Clearances, admit};
use decision::request::Term;
use decision::rules::Rules;
use decision::rules::class::Class;
use decision::rules::policy::{ApprovalKind, Exception, NeverAuto, Policy};
use decision::time::Minutes;
use decision::verdict::outcome::Outcome;
use decision::verdict::{Ruling, Standing, rule};

fn rules(policy: Policy) -> Rules {
    Rules::compile(policy).unwrap()
}

fn plain_rules() -> Rules {
    rules(policy())
}

#[test]
fn the_plain_request_is_granted() {
    let rules = plain_rules();
    let ruling = ruled(&evidence(&rules, "repo:read"), &rules);
    assert_eq!(ruling.findings, FindingSet::EMPTY);
    assert_eq!(ruling.standing(), Standing::Automatic);
}

// INVARIANT(gate-only): a ruling is plain data, so anybody can write one; the gate must not believe it.
#[test]
fn a_forged_ruling_admits_nothing() {
    let rules = plain_rules();
    let frozen = Frozen::new(evidence(&rules, "repo:admin"), &rules);
    let honest = rule(&frozen.case(), &rules, at(0));
    assert_eq!(honest.standing(), Standing::Withheld);
    let forged = Ruling {
        lifted: honest.findings,
        remaining: Outcome::Open,
        ..honest
    };
    let granted = Clearances::of(&frozen.case(), &rules, &forged)
        .and_then(|clearances| admit(forged, clearances, &frozen, &rules, at(0)));
    assert!(granted.is_err(), "{granted:?}");
}

#[test]
fn a_forged_case_admits_nothing() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    record.approvals.clear();
    let frozen = Frozen::new(record, &rules);
    let mut case = frozen.case();
    case.approvals = decision::rules::ApprovalSet::of(ApprovalKind::ALL);
    let forged = rule(&case, &rules, at(0));
    assert_eq!(forged.standing(), Standing::Automatic);
    let granted = Clearances::of(&case, &rules, &forged)
        .and_then(|clearances| admit(forged, clearances, &frozen, &rules, at(0)));
    assert!(granted.is_err(), "{granted:?}");
}

#[test]
fn lifts_are_old_at_the_gate_too() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    record.mode = Mode::Advise;
    lift(&mut record, &rules, Kind::AdviseMode, "o");
    let frozen = Frozen::new(record, &rules);
    let ruling = rule(&frozen.case(), &rules, at(0));
    let admitted = |late: i64| {
        Clearances::of(&frozen.case(), &rules, &ruling)
            .and_then(|clearances| admit(ruling, clearances, &frozen, &rules, at(late)))
    };
    assert!(admitted(0).is_ok());
    assert!(admitted(86_400 * 8).is_err());
}

/// An admin request with every approval, so that only the danger findings are left to lift.
fn admin_request(
    rules: &Rules,
    change: impl Fn(&mut Person, &str),
) -> decision::evidence::Evidence {
    let mut policy_people = evidence(rules, "repo:admin");
    for (id, groups) in [
        ("o2", &["owners"][..]),
        ("s2", &["security"]),
        ("x", &["owners", "security"]),
    ] {
        policy_people.people.insert(id.into(), person(id, groups));
    }
    for (id, one) in &mut policy_people.people {
        change(one, id);
    }
    approve(&mut policy_people, rules, ApprovalKind::ResourceOwner, "o2");
    policy_people
}

#[test]
fn two_people_are_two_human_beings() {
    let rules = plain_rules();
    let lifted_by = |owner: &str, security: &str, change: fn(&mut Person, &str)| {
        let mut record = admin_request(&rules, change);
        lift(&mut record, &rules, Kind::NeverAutoAdmin, owner);
        lift(&mut record, &rules, Kind::NeverAutoAdmin, security);
        ruled(&record, &rules).lifted.contains(Kind::NeverAutoAdmin)
    };
    assert!(lifted_by("o", "s", |_, _| ()));
    assert!(!lifted_by("x", "x", |_, _| ()));
    let link_from_owner = |one: &mut Person, id: &str| {
        if id == "o" {
            one.linked.push("s".into());
        }
    };
    assert!(!lifted_by("o", "s", link_from_owner));
    let link_by_a_third = |one: &mut Person, id: &str| {
        if id == "m" {
            one.linked.extend(["s".into(), "o".into()]);
        }
    };
    assert!(!lifted_by("o", "s", link_by_a_third));
}

#[test]
fn an_approver_does_not_lift_by_another_account() {
    let rules = plain_rules();
    let lifted = |linked: bool| {
        let mut record = admin_request(&rules, |one, id| {
            if linked && id == "o2" {
                one.linked.push("s".into());
            }
        });
        lift(&mut record, &rules, Kind::NeverAutoAdmin, "o");
        lift(&mut record, &rules, Kind::NeverAutoAdmin, "s");
        ruled(&record, &rules).lifted.contains(Kind::NeverAutoAdmin)
    };
    assert!(lifted(false));
    assert!(!lifted(true));
}

#[test]
fn one_human_being_fills_one_approval_slot() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:admin");
    record.people.get_mut("m").unwrap().linked.push("o".into());
    approve(&mut record, &rules, ApprovalKind::ResourceOwner, "o");
    assert!(
        ruled(&record, &rules)
            .findings
            .contains(Kind::OwnerApprovalMissing)
    );
}

// INVARIANT(people-lift): links are followed all the way, and a delegate's other account is the delegate.
#[test]
fn nobody_reviews_their_own_request_by_a_chain_of_links() {
    let rules = plain_rules();
    let lifted = |change: fn(&mut decision::evidence::Evidence)| {
        let mut record = evidence(&rules, "repo:read");
        record.mode = Mode::Advise;
        change(&mut record);
        lift(&mut record, &rules, Kind::AdviseMode, "o");
        ruled(&record, &rules).lifted.contains(Kind::AdviseMode)
    };
    assert!(lifted(|_| ()));
    // p → x → o
    assert!(!lifted(|record| {
        alter(&mut record.requester, |p| p.linked.push("x".into()));
        alter(&mut record.beneficiary, |p| p.linked.push("x".into()));
        let mut x = person("x", &[]);
        x.linked.push("o".into());
        record.people.insert("x".into(), x);
    }));
    // o → x → p
    assert!(!lifted(|record| {
        let mut x = person("x", &[]);
        x.linked.push("p".into());
        record.people.insert("x".into(), x);
        record.people.get_mut("o").unwrap().linked.push("x".into());
    }));
    // p delegates to x, whose other account is o
    assert!(!lifted(|record| {
        alter(&mut record.beneficiary, |p| p.delegates.push("x".into()));
        let mut x = person("x", &[]);
        x.linked.push("o".into());
        record.people.insert("x".into(), x);
    }));
}

#[test]
fn a_higher_level_is_a_half_even_where_the_lower_one_is_not_catalogued() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:create", "payment:approve"]));
    let rules = rules(policy);
    for held in [
        "vendor:create",
        "vendor:approve",
        "vendor:admin",
        "vendor:admin (write)",
    ] {
        let mut record = evidence(&rules, "payment:approve");
        hold(&mut record, held);
        let found = ruled(&record, &rules).findings;
        assert!(found.contains(Kind::Conflict), "{held}: {found:?}");
    }
    for held in ["vendor:read", "vendor-list:admin", "repo:admin"] {
        let mut record = evidence(&rules, "payment:approve");
        hold(&mut record, held);
        let found = ruled(&record, &rules).findings;
        assert!(!found.contains(Kind::Conflict), "{held}: {found:?}");
    }
}

#[test]
fn a_half_that_only_a_higher_level_reaches_is_looked_for_where_that_lives() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:create", "payment:approve"]));
    let rules = rules(policy);
    let mut record = evidence(&rules, "payment:approve");
    if let Fact::Present { value, .. } = &mut record.holdings {
        value.coverage = Coverage::Systems(vec!["payment".into()]);
    }
    assert!(ruled(&record, &rules).findings.contains(Kind::Unverifiable));
}

#[test]
fn a_grant_never_outlasts_what_was_asked_for() {
    let rules = plain_rules();
    for end in [3_600, 3_630, 59] {
        let mut record = evidence(&rules, "repo:read");
        record.request.term = Term::Until(at(end));
        record.approvals.clear();
        approve(&mut record, &rules, ApprovalKind::Manager, "m");
        let ruling = ruled(&record, &rules);
        assert_eq!(ruling.findings, FindingSet::EMPTY);
        assert_eq!(ruling.ends_at(at(0)), Some(at(end)));
    }
}

#[test]
fn danger_that_only_the_target_shows_requires_its_approvals() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    if let Some(Fact::Present { value, .. }) = record.targets.get_mut("repo:read") {
        value.name = "PROD payments".into();
    }
    let found = ruled(&record, &rules).findings;
    assert!(found.contains(Kind::NeverAutoProduction));
    assert!(found.contains(Kind::OwnerApprovalMissing), "{found:?}");
}

#[test]
fn a_pattern_catches_target_and_catalogue_together() {
    let mut policy = policy();
    let mut entry = entitlement("grp-17:write");
    entry.aliases.push("ledger-writers:use".into());
    policy.catalogue.push(entry);
    policy.never_auto.push(NeverAuto {
        class: Class::SensitiveData,
        patterns: vec![pattern("ledger db:write")],
    });
    let rules = rules(policy);
    let mut record = evidence(&rules, "ledger-writers:use");
    if let Some(Fact::Present { value, .. }) = record.targets.get_mut("grp-17:write") {
        value.name = "Ledger-DB".into();
    }
    let found = ruled(&record, &rules).findings;
    assert!(found.contains(Kind::NeverAutoSensitive), "{found:?}");
}

#[test]
fn somebody_whose_last_day_has_passed_neither_approves_nor_lifts() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    record.mode = Mode::Advise;
    for id in ["m", "o"] {
        record.people.get_mut(id).unwrap().leaves_at = Some(at(-86_400));
    }
    lift(&mut record, &rules, Kind::AdviseMode, "o");
    let ruling = ruled(&record, &rules);
    assert!(ruling.findings.contains(Kind::ManagerApprovalMissing));
    assert!(ruling.lifted.is_empty());
}

#[test]
fn a_record_of_another_policy_is_stale() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    record.policy = "sha256:other".into();
    record.active_policy = "sha256:other".into();
    assert!(ruled(&record, &rules).findings.contains(Kind::PolicyStale));
}

#[test]
fn risk_is_not_lifted_while_one_of_its_causes_stands() {
    let mut policy = policy();
    policy.privileged.push(pattern("repo:admin"));
    let rules = rules(policy);
    let mut record = admin_request(&rules, |_, _| ());
    for by in ["o", "s"] {
        lift(&mut record, &rules, Kind::Privileged, by);
    }
    let ruling = ruled(&record, &rules);
    assert!(ruling.findings.contains(Kind::NeverAutoAdmin));
    assert_eq!(ruling.lifted, FindingSet::of([Kind::Privileged]));
}

#[test]
fn a_second_holding_on_the_same_side_is_a_fresh_conflict() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:*", "payment:approve"]));
    let rules = rules(policy);
    let digest = |held: &[&str]| {
        let mut record = evidence(&rules, "payment:approve");
        for name in held {
            hold(&mut record, name);
        }
        facts_digest(&Frozen::new(record, &rules), &rules, Kind::Conflict)
    };
    assert_ne!(
        digest(&["vendor:read"]),
        digest(&["vendor:read", "vendor:write"])
    );
    assert_eq!(
        digest(&["vendor:read"]),
        digest(&["vendor:read", "repo:read"])
    );
}

#[test]
fn no_text_makes_two_facts_look_the_same() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:*", "payment:approve"]));
    let rules = rules(policy);
    let by_path = |path: &[&str]| {
        let mut record = evidence(&rules, "payment:approve");
        hold(&mut record, "vendor:read");
        if let Fact::Present { value, .. } = &mut record.holdings {
            value.items[0].path = path.iter().map(|part| (*part).into()).collect();
        }
        facts_digest(&Frozen::new(record, &rules), &rules, Kind::Conflict)
    };
    assert_ne!(by_path(&["a → b"]), by_path(&["a", "b"]));
    let by_brakes = |brakes: &[&str]| {
        let mut record = evidence(&rules, "repo:read");
        record.brakes = brakes.iter().map(|name| (*name).into()).collect();
        facts_digest(&Frozen::new(record, &rules), &rules, Kind::Brake)
    };
    assert_ne!(by_brakes(&["day, total"]), by_brakes(&["day", "total"]));
}

/// Usefulness: the passing of time alone must not void what an owner accepted.
#[test]
fn a_lift_of_the_ceiling_outlives_the_minute() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    record.request.term = Term::Until(at(86_400 * 100));
    record.earlier.push(EarlierGrant {
        grant: "g".into(),
        entitlement: "repo:read".into(),
        start: at(-86_400 * 10),
        end: at(86_400),
    });
    record.approvals.clear();
    approve(&mut record, &rules, ApprovalKind::Manager, "m");
    lift(&mut record, &rules, Kind::DurationOverCeiling, "o");
    assert_eq!(ruled(&record, &rules).remaining, Outcome::Open);
    record.frozen_at = at(600);
    assert_eq!(ruled(&record, &rules).remaining, Outcome::Open);
    record.earlier[0].grant = "another".into();
    assert_ne!(ruled(&record, &rules).remaining, Outcome::Open);
}

#[test]
fn a_beneficiary_who_was_not_named_has_no_relation() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    alter(&mut record.beneficiary, |person| person.id = "q".into());
    assert!(
        ruled(&record, &rules)
            .findings
            .contains(Kind::RelationMissing)
    );
}

#[test]
fn a_grant_names_only_the_lifts_that_it_stands_on() {
    let rules = plain_rules();
    let mut record = evidence(&rules, "repo:read");
    record.mode = Mode::Advise;
    lift(&mut record, &rules, Kind::AdviseMode, "o");
    lift(&mut record, &rules, Kind::AdviseMode, "s");
    record.lifts[0].at = at(-86_400 * 30);
    let frozen = Frozen::new(record, &rules);
    let ruling = rule(&frozen.case(), &rules, at(0));
    let grant = Clearances::of(&frozen.case(), &rules, &ruling)
        .and_then(|clearances| admit(ruling, clearances, &frozen, &rules, at(0)))
        .unwrap();
    assert_eq!(*grant.authority(), Authority::Reviewed(vec!["l1".into()]));
}

#[test]
fn an_exception_in_the_policy_bounds_a_reviewed_grant() {
    let mut policy = policy();
    let mut rule = conflict(&["vendor:read", "payment:approve"]);
    rule.exceptions.push(Exception {
        person: "p".into(),
        until: at(3_600),
        control: "monthly review".into(),
    });
    policy.conflicts.push(rule);
    let rules = rules(policy);
    let mut record = evidence(&rules, "payment:approve");
    hold(&mut record, "vendor:read");
    lift(&mut record, &rules, Kind::Conflict, "c");
    let ruling = ruled(&record, &rules);
    assert_eq!(ruling.remaining, Outcome::Open);
    assert_eq!(ruling.ends_at(at(0)), Some(at(3_600)));
}

#[test]
fn minutes_never_run_over() {
    let rules = plain_rules();
    for term in [
        Term::For(Minutes(u32::MAX)),
        Term::For(Minutes(0)),
        Term::Until(at(-60)),
        Term::Until(at(i64::MAX - NOW)),
    ] {
        let mut record = evidence(&rules, "repo:read");
        record.request.term = term;
        assert!(
            ruled(&record, &rules)
                .findings
                .contains(Kind::DurationOverCeiling),
            "{term:?}"
        );
    }
}

#[test]
fn an_unknown_name_of_a_higher_level_shows_its_conflict() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:create", "payment:approve"]));
    let rules = rules(policy);
    let mut record = evidence(&rules, "vendor:admin (write)");
    hold(&mut record, "payment:approve");
    let found = ruled(&record, &rules).findings;
    assert!(found.contains(Kind::EntitlementUnknown));
    assert!(found.contains(Kind::Conflict), "{found:?}");
}

#[test]
fn one_half_in_each_of_two_identities_is_one_whole() {
    let mut policy = policy();
    policy
        .conflicts
        .push(conflict(&["vendor:*", "payment:approve"]));
    let rules = rules(policy);
    let record = linked(&rules, "payment:approve", &["vendor:create"]);
    let found = ruled(&record, &rules).findings;
    assert!(found.contains(Kind::Conflict), "{found:?}");
}
