//! The case corpus, decided by the core and by the oracle.

use std::collections::BTreeSet;
use std::path::Path;

use decision::evidence::Frozen;
use decision::findings::duration::GrantTerm;
use decision::findings::lifting::facts_digest;
use decision::gate::{Clearances, admit};
use decision::rules::Rules;
use decision::verdict::{Standing, rule};
use testkit::cases::{Company, load_all};
use testkit::oracle;

#[test]
fn every_case_comes_out_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let company: Company = serde_json::from_slice(&read("company.json")).unwrap();
    let loaded = policy::load(
        "company.yml",
        &read("company.yml"),
        &policy::Guardrails::default(),
    );
    let policy = loaded.unwrap().policy;
    let rules = Rules::compile(policy.clone()).unwrap();
    let cases = load_all(&folder).unwrap();
    let mut wrong = Vec::new();
    for (file, case) in &cases {
        let evidence = case.evidence(&company, &rules);
        let now = evidence.frozen_at;
        let frozen = Frozen::new(evidence.clone(), &rules);
        let ruling = rule(&frozen.case(), &rules, now);
        let slow = oracle::decide(&evidence, &policy, now, &|kind| {
            facts_digest(&frozen, &rules, kind)
        });
        let found: BTreeSet<&str> = ruling.findings.iter().map(|kind| kind.name()).collect();
        let expected: BTreeSet<&str> = case
            .expect
            .findings
            .iter()
            .map(|kind| kind.name())
            .collect();
        let standing = match ruling.standing() {
            Standing::Withheld => "withheld",
            Standing::Automatic => "automatic",
            Standing::Reviewed => "reviewed",
        };
        let minutes = match ruling.term {
            GrantTerm::Standing => None,
            GrantTerm::For(minutes) => Some(minutes.0),
        };
        let granted = Clearances::of(&frozen.case(), &rules, &ruling)
            .and_then(|clearances| admit(ruling, clearances, &frozen, &rules, now));
        let right = found == expected
            && ruling.shown.to_string() == case.expect.shown
            && standing == case.expect.standing
            && (case.expect.minutes.is_none() || minutes == case.expect.minutes)
            && granted.is_ok() == (standing != "withheld")
            && slow.findings == ruling.findings.iter().collect()
            && slow.remaining == ruling.remaining;
        if !right {
            wrong.push(format!(
                "{file}: {} {standing} {found:?} {minutes:?} {granted:?}",
                ruling.shown
            ));
        }
    }
    println!("{} cases", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 30);
}
