//! A receipt that reads prints itself again, and none but genuine ones verify.
#![no_main]

use std::sync::LazyLock;

use audit::{Receipt, SigningKey, VerifierKey};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<VerifierKey> =
    LazyLock::new(|| SigningKey::from_seed("example.com/log", [7; 32]).expect("a valid name").verifier());

fuzz_target!(|bytes: &[u8]| {
    if let Ok(receipt) = Receipt::parse(bytes) {
        assert_eq!(receipt.to_string().as_bytes(), bytes, "one receipt has one spelling");
        // Nobody but the holder of the key makes one that verifies; a seed corpus must hold none.
        assert!(receipt.verify_embedded(&KEY).is_err());
        assert!(receipt.verify(&KEY, b"some leaf").is_err());
    }
});
