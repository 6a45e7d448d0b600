//! The bound content of a request: what an approval, a lift or an intent was given for.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::time::{Minutes, Timestamp};

/// What is bound, by immutable ids. INVARIANT(bound): whatever changes one of these voids what was given for them,
/// unless the change narrows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The request.
    pub request: String,
    /// Its revision.
    pub revision: u32,
    /// The beneficiary's immutable id.
    pub beneficiary: String,
    /// The catalogue id, or the canonical name of something not catalogued.
    pub entitlement: String,
    /// Fingerprint of what stands behind the name (nested groups followed); empty when the target was not read.
    pub power: String,
    /// Longest duration asked for; `None` means standing.
    pub duration: Option<Minutes>,
    /// Not before this moment; `None` means at once.
    pub start: Option<Timestamp>,
}

impl Content {
    /// `sha256:` and the hex digest of the canonical JSON of the content.
    #[must_use]
    pub fn digest(&self) -> String {
        // A struct of strings and numbers always serialises.
        digest_of(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Whether what was given for this content still stands for `current`: same request, person and power; the same
    /// access or one of `narrower_than_this`; duration and start within.
    #[must_use]
    pub fn covers(&self, current: &Self, narrower_than_this: &[&str]) -> bool {
        let access = self.entitlement == current.entitlement && self.power == current.power
            || narrower_than_this.contains(&current.entitlement.as_str());
        let duration = match (self.duration, current.duration) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(given), Some(wanted)) => wanted <= given,
        };
        let start = match (self.start, current.start) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(given), Some(wanted)) => wanted >= given,
        };
        self.request == current.request
            && self.beneficiary == current.beneficiary
            && access
            && duration
            && start
    }
}

/// `sha256:` and the hex digest of `bytes`.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in hash {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content {
            request: "REQ-1".into(),
            revision: 1,
            beneficiary: "p-1".into(),
            entitlement: "db:write".into(),
            power: "x".into(),
            duration: Some(Minutes(60)),
            start: Some(Timestamp::from_seconds(100)),
        }
    }

    #[test]
    fn narrowing_keeps_and_everything_else_voids() {
        let given = content();
        let with = |change: fn(&mut Content)| {
            let mut current = content();
            change(&mut current);
            given.covers(&current, &["db:read"])
        };
        assert!(with(|_| ()));
        assert!(with(|current| current.revision = 2));
        assert!(with(|current| current.duration = Some(Minutes(30))));
        assert!(with(
            |current| current.start = Some(Timestamp::from_seconds(200))
        ));
        assert!(with(|current| current.entitlement = "db:read".into()));
        assert!(!with(|current| current.entitlement = "db:admin".into()));
        assert!(!with(|current| current.power = "y".into()));
        assert!(!with(|current| current.duration = Some(Minutes(61))));
        assert!(!with(|current| current.duration = None));
        assert!(!with(|current| current.start = None));
        assert!(!with(
            |current| current.start = Some(Timestamp::from_seconds(99))
        ));
        assert!(!with(|current| current.beneficiary = "p-2".into()));
        assert!(!with(|current| current.request = "REQ-2".into()));
    }

    #[test]
    fn the_digest_is_of_every_field() {
        let whole = content();
        assert_eq!(whole.digest(), content().digest());
        let mut other = content();
        other.start = None;
        assert_ne!(whole.digest(), other.digest());
        assert_eq!(
            digest_of(b""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
