//! Lint: one broken policy in which every kind of problem is, and good ones in which none is.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeSet;

use decision::time::Timestamp;
use policy::{Code, Guardrails, Report, lint, load, render};

fn linted(bytes: &[u8]) -> Report {
    let loaded = load("access.yml", bytes, &Guardrails::default())
        .unwrap_or_else(|report| panic!("{}", render(&report, 120, false)));
    let (conditions, source) = (loaded.conditions.clone(), loaded.source.clone());
    let rules = loaded.compile().unwrap();
    let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
    lint(&rules, conditions.as_deref(), &source, now)
}

#[test]
fn every_kind_of_lint_is_found_in_a_small_policy() {
    let report = linted(include_bytes!("lint/access.yml"));
    let found: BTreeSet<Code> = report
        .problems()
        .iter()
        .map(policy::Problem::code)
        .collect();
    let kinds = Code::ALL
        .iter()
        .filter(|code| code.name().starts_with("lint::"));
    assert_eq!(found, kinds.copied().collect());
    insta::assert_snapshot!("lint", render(&report, 100, false));
}

#[test]
fn good_policies_have_no_errors() {
    for bytes in [
        &include_bytes!("cookbook/access.yml")[..],
        include_bytes!("../../../policies/minimal/access.yml"),
    ] {
        let report = linted(bytes);
        let errors = [Code::LintPrivilegedRole, Code::LintToxicRole];
        let found: Vec<_> = report
            .problems()
            .iter()
            .filter(|p| errors.contains(&p.code()))
            .collect();
        assert!(found.is_empty(), "{}", render(&report, 100, false));
    }
}
