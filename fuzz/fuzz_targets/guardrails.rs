//! Reads arbitrary text as a `.env` file: it never panics, and whatever is accepted is no looser than the default.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::Guardrails;

fuzz_target!(|text: &str| {
    if let Ok(guardrails) = Guardrails::load(std::iter::empty::<(&str, &str)>(), Some(text)) {
        let default = Guardrails::default();
        assert_eq!(guardrails.never_auto(), default.never_auto());
        let (canonical, floor) = (guardrails.canonical(), default.canonical());
        for word in floor.split_whitespace() {
            assert!(canonical.split_whitespace().any(|other| other == word), "{canonical}");
        }
    }
});
