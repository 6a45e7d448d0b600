//! A leaf that reads is canonical; bundles come apart and together without loss.
#![no_main]

use audit::Leaf;
use audit::tile::{decode_entries, encode_entries};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = Leaf::parse(bytes) {
        assert_eq!(leaf.to_bytes().expect("what reads can be written"), bytes);
    }
    let bundle = decode_entries(bytes);
    let written = encode_entries(&bundle.entries).expect("each entry had a 2-byte length");
    assert_eq!(written.len() + bundle.rest, bytes.len());
    assert!(bytes.starts_with(&written));
});
