//! The digest that names a policy in records: of the file's bytes and the effective guardrails.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// `sha256:` and hexadecimal SHA-256 over both parts, each behind its length in bytes as 8 bytes, big end first, so
/// that no byte can move from one part to the other.
pub(crate) fn of(file: &[u8], guardrails: &str) -> String {
    let mut hash = Sha256::new();
    for part in [file, guardrails.as_bytes()] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut text = String::from("sha256:");
    for byte in hash.finalize() {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(of(b"ab", "c"), of(b"a", "bc"));
        assert_eq!(of(b"", "").len(), "sha256:".len() + 64);
        // printf '\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\0\1b' | sha256sum
        assert_eq!(
            of(b"a", "b"),
            "sha256:3c9d591045bc8876f9d0399bbfb05c6a412096e906f73278f98406cd5dca86df"
        );
    }
}
