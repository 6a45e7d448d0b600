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

/// The page shows what is tested, word for word.
#[test]
fn every_rule_of_the_page_is_a_tested_one() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tested = words(include_str!("cookbook/access.yml"));
    let page = include_str!("../../../docs/policy-cookbook.md");
    for (fence, least) in [("```cedar\n", 12), ("```yaml\n", 20)] {
        let blocks = page.split(fence).skip(1);
        let shown: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
        assert!(shown.len() >= least, "{fence}{}", shown.len());
        for block in shown {
            assert!(tested.contains(&words(block)), "{block}");
        }
    }
}
