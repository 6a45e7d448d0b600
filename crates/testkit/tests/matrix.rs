//! The decision matrix as a golden file: what each finding means. `UPDATE_GOLDEN=1` writes it anew.

#![expect(
    clippy::unwrap_used,
    reason = "tests may panic, and print what they counted"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use decision::evidence::Frozen;
use decision::evidence::case::{Case, Lift};
use decision::findings::risk::RiskPoints;
use decision::findings::{Authority, AuthoritySet, FindingSet, Kind, Lifting, Row, TABLE, lifting};
use decision::time::{Minutes, Timestamp};
use testkit::generate::World;

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix.golden")
}

fn quorum(row: &Row) -> (&'static [Authority], &'static str, Option<Minutes>) {
    match row.lifting {
        Lifting::Nobody => (&[], "nobody", None),
        Lifting::Any(who, age) => (who, "one of", Some(age)),
        Lifting::Each(who, age) => (who, "each of", Some(age)),
        Lifting::Exception(who, age) => (who, "one, with end and control, of", Some(age)),
        Lifting::WithCause(who, age) => (who, "with its cause, or one of", Some(age)),
    }
}

/// What lifts by these authorities, each by another person, leave of a case that has only this finding.
fn after(case: &Case<'_>, kind: Kind, given: &[Authority]) -> String {
    let now = Timestamp::from_seconds(testkit::generate::FROZEN_AT);
    let lifts: Vec<Lift> = given
        .iter()
        .zip(1..)
        .map(|(authority, by)| Lift {
            kind,
            by,
            authorities: AuthoritySet::of([*authority]),
            at: now,
            until: Some(now.plus(Minutes(60))),
        })
        .collect();
    let points = RiskPoints {
        blast_radius: 30,
        ..RiskPoints::default()
    };
    let findings = FindingSet::of([kind]);
    let lifted = lifting::lifted(
        &Case {
            lifts: &lifts,
            ..*case
        },
        findings,
        points,
        now,
    );
    findings.without(lifted).outcome().to_string()
}

fn line(case: &Case<'_>, row: &Row) -> String {
    let (who, how, age) = quorum(row);
    let names = |items: Vec<&str>| {
        if items.is_empty() {
            "-".to_owned()
        } else {
            items.join("+")
        }
    };
    let to = row.to.iter().map(|to| match to {
        decision::findings::Destination::Security => "security",
        decision::findings::Destination::ResourceOwner => "resource_owner",
        decision::findings::Destination::RuleOwner => "rule_owner",
        decision::findings::Destination::Manager => "manager",
        decision::findings::Destination::Requester => "requester",
    });
    let mut text = format!(
        "{} | {} | {} | {} | {how} {} | {}",
        row.name,
        row.check.name(),
        row.outcome,
        names(to.collect()),
        names(who.iter().map(|one| one.name()).collect()),
        age.map_or("-".to_owned(), |age| age.to_string()),
    );
    for authority in Authority::ALL {
        write!(text, " | {}", after(case, row.kind, &[authority])).unwrap();
    }
    write!(text, " | {}", after(case, row.kind, &Authority::ALL)).unwrap();
    text
}

#[test]
fn the_matrix_is_the_golden_file() {
    let world = World::from_choices(&[]).unwrap();
    let frozen = Frozen::new(world.evidence, &world.rules);
    let mut text = String::from(
        "# finding | check | shown | told | lifted by | age | left after one lift by security | by the resource owner | by the rule owner | by three people\n",
    );
    for row in TABLE {
        text.push_str(&line(&frozen.case(), row));
        text.push('\n');
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden(), &text).unwrap();
    }
    let known = std::fs::read_to_string(golden()).unwrap();
    for (new, old) in text.lines().zip(known.lines()) {
        assert_eq!(new, old);
    }
    assert_eq!(text, known);
}

#[test]
fn table_and_golden_file_cover_each_other() {
    let known = std::fs::read_to_string(golden()).unwrap();
    let lines = known.lines().filter(|line| !line.starts_with('#'));
    let in_file: BTreeSet<&str> = lines.filter_map(|line| line.split(" | ").next()).collect();
    let in_table: BTreeSet<&str> = TABLE.iter().map(|row| row.name).collect();
    assert_eq!(in_file, in_table);
    for name in in_file {
        assert!(Kind::from_name(name).is_some(), "{name}");
    }
}
