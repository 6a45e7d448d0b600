//! The rules of the cookbook, decided as their own tests say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;

use decision::rules::Rules;
use policy::cases::{TestCase, run};
use policy::{Guardrails, load, render};

fn cookbook() -> (Rules, Vec<TestCase>) {
    let bytes = include_bytes!("cookbook/access.yml");
    let guardrails = Guardrails::load(Vec::<(String, String)>::new(), None).unwrap();
    let mut loaded = load("access.yml", bytes, &guardrails)
        .unwrap_or_else(|report| panic!("{}", render(&report, 120, false)));
    let tests = std::mem::take(&mut loaded.tests);
    (loaded.compile().unwrap(), tests)
}

#[test]
fn every_rule_of_the_cookbook_does_what_it_says() {
    let (rules, tests) = cookbook();
    let failed: BTreeMap<String, Vec<String>> = run(&tests, &rules, &|_| None)
        .into_iter()
        .filter(|outcome| !outcome.passed())
        .map(|outcome| (outcome.name, outcome.differences))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(tests.len() >= 25);
}
