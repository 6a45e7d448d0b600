//! Reads arbitrary bytes as a policy file and draws what is wrong with them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Guardrails, load, render};

fuzz_target!(|bytes: &[u8]| {
    match load("access.yml", bytes, &Guardrails::default()) {
        Ok(loaded) => {
            // The same bytes mean the same policy.
            let again = load("access.yml", &loaded.source, &Guardrails::default());
            assert!(again.is_ok_and(|again| again.policy == loaded.policy));
        }
        Err(report) => assert!(!render(&report, 100, false).is_empty()),
    }
});
