//! What a leaf says without saying it: salted commitments, their openings, and keyed hashes of persons and of digests.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::hash::{Digest, from_hex32, to_hex};

/// Domain of commitments: keeps their hashes apart from every other use of SHA-256 here.
const COMMITMENT_DOMAIN: &str = "access-request-agent/commitment/v1";
/// Domain of keyed person hashes.
const PERSON_DOMAIN: &str = "access-request-agent/person/v1";
/// Domain of keyed digests.
const DIGEST_DOMAIN: &str = "access-request-agent/digest/v1";

/// Commitment to a named value: `SHA-256(lp(domain) || salt || lp(name) || lp(value))`, where `lp` puts the length in
/// front as 8 bytes big-endian, so that no two inputs share an encoding.
///
/// The salt must be 32 fresh random bytes per value: without it a short value could be guessed from its hash.
#[must_use]
pub fn commitment(salt: &[u8; 32], name: &str, value: &str) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(length_prefix(COMMITMENT_DOMAIN));
    hasher.update(COMMITMENT_DOMAIN);
    hasher.update(salt);
    for part in [name, value] {
        hasher.update(length_prefix(part));
        hasher.update(part);
    }
    Digest(hasher.finalize().into())
}

/// Length in bytes as 8 bytes big-endian.
fn length_prefix(text: &str) -> [u8; 8] {
    u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes()
}

/// The opening of a commitment, kept in erasable storage: whoever holds it can show what a leaf committed to.
///
/// INVARIANT(erasable): once erased, the leaf alone no longer tells the value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Name of the committed field.
    pub name: String,
    /// The 32 random bytes used, as 64 lower-case hexadecimal digits when serialised.
    #[serde(serialize_with = "salt_to_hex", deserialize_with = "salt_from_hex")]
    pub salt: [u8; 32],
    /// The value itself.
    pub value: String,
}

impl Opening {
    /// The commitment that this opens.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        commitment(&self.salt, &self.name, &self.value)
    }
}

/// Prints the name only: the value is personal.
impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("name", &self.name)
            .field("salt", &"…")
            .field("value", &"…")
            .finish()
    }
}

fn salt_to_hex<S: Serializer>(salt: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_hex(salt))
}

fn salt_from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    from_hex32(&text)
        .ok_or_else(|| D::Error::custom("salt is not 64 lower-case hexadecimal digits"))
}

/// The secret key of person hashes and of keyed digests. Wiped when dropped; `Debug` prints dots. Back it up apart from the log: with it,
/// the leaves and the directory, every live grant can be rebuilt.
#[derive(Clone)]
pub struct PersonKey(Zeroizing<[u8; 32]>);

impl PersonKey {
    /// A key from 32 secret random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

/// Pseudonym of a person: HMAC-SHA256 (RFC 2104) under `key` of `lp(domain) || person_id` (`lp` as in
/// [`commitment`]). The same person under the same key always gives the same pseudonym.
#[must_use]
pub fn person_hash(key: &PersonKey, person_id: &str) -> Digest {
    let mut mac = keyed(key, PERSON_DOMAIN);
    mac.update(person_id.as_bytes());
    Digest(mac.finalize().into_bytes().into())
}

/// A digest of something that could be guessed, such as the content of a request, so that only the key's holder can try:
/// HMAC-SHA256 under `key` of `lp(domain) || lp(request) || lp(name) || lp(digest)` (`lp` as in [`commitment`]), where
/// `request` is the leaf's and `name` that of its field. The same digest in two requests looks like two.
#[must_use]
pub fn keyed_digest(key: &PersonKey, request: &str, name: &str, digest: &str) -> Digest {
    let mut mac = keyed(key, DIGEST_DOMAIN);
    for part in [request, name, digest] {
        mac.update(&length_prefix(part));
        mac.update(part.as_bytes());
    }
    Digest(mac.finalize().into_bytes().into())
}

/// HMAC-SHA256 under `key`, the domain taken in.
fn keyed(key: &PersonKey, domain: &str) -> Hmac<Sha256> {
    // RFC 2104: a key shorter than the block is padded with zeros to the block's 64 bytes.
    let mut block = Zeroizing::new([0u8; 64]);
    for (to, from) in block.iter_mut().zip(key.0.iter()) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(&length_prefix(domain));
    mac.update(domain.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commitment_is_the_documented_encoding() {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&34u64.to_be_bytes());
        bytes.extend_from_slice(b"access-request-agent/commitment/v1");
        bytes.extend_from_slice(&[9; 32]);
        bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 1]);
        bytes.extend_from_slice(b"n");
        bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 2]);
        bytes.extend_from_slice(b"vv");
        assert_eq!(
            commitment(&[9; 32], "n", "vv").0,
            <[u8; 32]>::from(Sha256::digest(&bytes))
        );
    }

    #[test]
    fn moving_a_byte_between_name_and_value_changes_the_commitment() {
        assert_ne!(
            commitment(&[0; 32], "ab", "c"),
            commitment(&[0; 32], "a", "bc")
        );
        assert_ne!(
            commitment(&[0; 32], "a", "b"),
            commitment(&[1; 32], "a", "b")
        );
    }

    #[test]
    fn person_hash_is_hmac_by_its_definition() {
        let key = [0x5a; 32];
        let mut message = 30u64.to_be_bytes().to_vec();
        message.extend_from_slice(b"access-request-agent/person/v1person-7");
        let pad = |byte: u8| {
            (0..64)
                .map(|i| key.get(i).unwrap_or(&0) ^ byte)
                .collect::<Vec<u8>>()
        };
        let inner = Sha256::digest([pad(0x36), message].concat());
        let outer = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
        assert_eq!(
            person_hash(&PersonKey::new(key), "person-7").0,
            <[u8; 32]>::from(outer)
        );
    }

    #[test]
    fn keyed_digest_is_hmac_by_its_definition() {
        let key = [0x5a; 32];
        let mut message = Vec::new();
        for part in [
            "access-request-agent/digest/v1",
            "REQ-1",
            "content",
            "sha256:00",
        ] {
            message.extend_from_slice(&u64::try_from(part.len()).unwrap().to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        let pad = |byte: u8| {
            (0..64)
                .map(|i| key.get(i).unwrap_or(&0) ^ byte)
                .collect::<Vec<u8>>()
        };
        let inner = Sha256::digest([pad(0x36), message].concat());
        let outer = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
        let of =
            |key, request, name| keyed_digest(&PersonKey::new(key), request, name, "sha256:00").0;
        assert_eq!(of(key, "REQ-1", "content"), <[u8; 32]>::from(outer));
        assert_ne!(of(key, "REQ-1", "content"), of([0; 32], "REQ-1", "content"));
        assert_ne!(of(key, "REQ-1", "content"), of(key, "REQ-2", "content"));
        assert_ne!(of(key, "REQ-1", "content"), of(key, "REQ-1c", "ontent"));
    }

    #[test]
    fn openings_round_trip_and_do_not_print_their_value() {
        let opening = Opening {
            name: "why".into(),
            salt: [3; 32],
            value: "month end".into(),
        };
        let text = serde_json::to_string(&opening).unwrap();
        assert_eq!(serde_json::from_str::<Opening>(&text).unwrap(), opening);
        assert!(serde_json::from_str::<Opening>(&text.replace("0303", "0G03")).is_err());
        assert!(!format!("{opening:?}").contains("month"));
        assert_eq!(format!("{:?}", PersonKey::new([1; 32])), "PersonKey(…)");
    }
}
