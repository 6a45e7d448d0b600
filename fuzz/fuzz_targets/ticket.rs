//! Tickets: any bytes are split and read without a panic, and what is read keeps its bounds.
#![no_main]

use agent::intake::{parse, split};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(tickets) = split(bytes) else { return };
    for ticket in tickets {
        if let Ok(request) = parse(&ticket) {
            assert!(request.revision > 0);
            assert!(!request.id.is_empty() && request.id.chars().count() <= 128);
            assert!(!request.requester.contains(char::is_whitespace));
        }
    }
});
