//! Reads arbitrary text as the conditions of a policy, and judges a plain request by what is accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::cases::{TestCase, TestPerson, Who};
use policy::{Guardrails, load, render};

const HEAD: &str = "roles: { engineer: { standard: [\"repo:read\"] } }\n\
    attributes:\n\
    \x20 person: { employment: { one_of: [employee, contractor] }, on_call: { type: yes_no, optional: true } }\n\
    \x20 request: { incident: { type: text, optional: true }, device: { type: yes_no } }\n\
    conditions: |\n";

fuzz_target!(|text: &str| {
    let mut policy = HEAD.to_owned();
    for line in text.lines() {
        policy.push_str("  ");
        policy.push_str(line);
        policy.push('\n');
    }
    match load("access.yml", policy.as_bytes(), &Guardrails::default()) {
        Ok(loaded) => {
            let Ok(rules) = loaded.compile() else { return };
            let case = TestCase {
                requester: Who::Described(TestPerson {
                    login: "engineer-017".to_owned(),
                    roles: vec!["engineer".to_owned()],
                    ..TestPerson::default()
                }),
                access: "repo:read".to_owned(),
                ..TestCase::default()
            };
            assert_eq!(policy::cases::run(&[case], &rules, &|_| None).len(), 1);
        }
        Err(report) => assert!(!render(&report, 100, false).is_empty()),
    }
});
