//! What the log records: opaque bytes within a bound, and the typed leaf of format 1 as canonical JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::commitment::Opening;
use crate::hash::Digest;

/// Most bytes of a leaf: what the 2-byte length of a tlog-tiles entry bundle can say.
pub const MAX_LEAF_BYTES: usize = 65_535;
/// The leaf format this build writes and reads.
pub const LEAF_FORMAT: u32 = 1;
/// Most bytes of an event or field name.
const MAX_NAME_BYTES: usize = 128;
/// Most bytes of the request field.
const MAX_REQUEST_BYTES: usize = 1024;
/// Most fields of a leaf, clear and committed together.
const MAX_FIELDS: usize = 256;

/// What a leaf is about. The first four are the log categories of the agent's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A request was received.
    Request,
    /// A request was ruled on.
    PolicyCheck,
    /// A change was decided and may now be carried out.
    PreparedChange,
    /// An approval or lift was given, refused or withdrawn.
    Approvals,
    /// What became of a change in the target system.
    Effect,
    /// An act on the agent itself: policy activated, key rotated, brake pulled.
    Administration,
}

/// A leaf of format 1.
///
/// Its bytes are canonical JSON: these fields in alphabetical order, map keys in byte order, no whitespace, shortest
/// escapes. One leaf has exactly one spelling.
///
/// INVARIANT(erasable): personal data goes into `committed`, or into `clear` as a keyed hash, never in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    // Alphabetical, because serde writes fields in this order.
    /// When, as `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339, UTC, whole seconds), rendered by the caller.
    pub at: String,
    /// What it is about.
    pub category: Category,
    /// Fields in clear, such as entitlement, outcome, expiry, policy digest, keyed hashes. Names as for `event`.
    pub clear: BTreeMap<String, String>,
    /// Name to salted commitment, 64 lower-case hexadecimal digits. A name is never also in `clear`.
    pub committed: BTreeMap<String, String>,
    /// What happened, for example `ruling.made`: 1 to 128 bytes of `a-z`, `0-9`, `_`, `-`, `.`.
    pub event: String,
    /// Always [`LEAF_FORMAT`].
    pub format: u32,
    /// The request, in clear or as a commitment as the caller chooses; at most 1,024 bytes, may be empty.
    pub request: String,
}

/// Why a leaf is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Longer than [`MAX_LEAF_BYTES`].
    #[error("the leaf has {0} bytes, more than {MAX_LEAF_BYTES}")]
    TooLong(usize),
    /// Not JSON of this shape: an unknown, missing or repeated field, or a wrong type.
    #[error("not a leaf of format 1: {0}")]
    Shape(String),
    /// A leaf, in another spelling than the canonical one.
    #[error("not in canonical form")]
    NotCanonical,
    /// A field breaks its rule.
    #[error("the field `{0}` breaks its rule")]
    Field(String),
}

/// Why an opening does not open a leaf's commitment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The leaf commits to no such name.
    #[error("the leaf commits to no field `{0}`")]
    NoSuchField(String),
    /// Salt and value lead to another commitment.
    #[error("the opening of `{0}` does not fit its commitment")]
    Differs(String),
}

/// Checks the bound that every leaf, typed or opaque, must keep.
///
/// # Errors
/// [`LeafError::TooLong`].
pub fn check_length(leaf: &[u8]) -> Result<(), LeafError> {
    if leaf.len() > MAX_LEAF_BYTES {
        Err(LeafError::TooLong(leaf.len()))
    } else {
        Ok(())
    }
}

impl Leaf {
    /// The canonical bytes.
    ///
    /// # Errors
    /// [`LeafError::Field`] and [`LeafError::TooLong`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        self.check()?;
        let bytes = serde_json::to_vec(self).map_err(|e| LeafError::Shape(e.to_string()))?;
        check_length(&bytes)?;
        Ok(bytes)
    }

    /// Reads canonical bytes, and nothing but canonical bytes.
    ///
    /// # Errors
    /// [`LeafError`], in the order length, shape, fields, spelling.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        check_length(bytes)?;
        let leaf: Self =
            serde_json::from_slice(bytes).map_err(|e| LeafError::Shape(e.to_string()))?;
        // Writing it again is the strictest test there is: order, spaces, escapes and repeated keys all show.
        if leaf.to_bytes()? == bytes {
            Ok(leaf)
        } else {
            Err(LeafError::NotCanonical)
        }
    }

    /// Whether an opening shows what this leaf committed to.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, opening: &Opening) -> Result<(), OpenError> {
        let Some(committed) = self.committed.get(&opening.name) else {
            return Err(OpenError::NoSuchField(opening.name.clone()));
        };
        if Digest::from_hex(committed) == Some(opening.commitment()) {
            Ok(())
        } else {
            Err(OpenError::Differs(opening.name.clone()))
        }
    }

    /// The rules of the single fields.
    fn check(&self) -> Result<(), LeafError> {
        let refuse = |field: &str| Err(LeafError::Field(field.to_owned()));
        if self.format != LEAF_FORMAT {
            return refuse("format");
        }
        if !is_name(&self.event) {
            return refuse("event");
        }
        if !is_utc_second(&self.at) {
            return refuse("at");
        }
        if self.request.len() > MAX_REQUEST_BYTES {
            return refuse("request");
        }
        if self.clear.len().saturating_add(self.committed.len()) > MAX_FIELDS {
            return refuse("clear");
        }
        if let Some(name) = self.clear.keys().find(|name| !is_name(name)) {
            return refuse(name);
        }
        let bad = self.committed.iter().find(|(name, hash)| {
            !is_name(name) || self.clear.contains_key(*name) || Digest::from_hex(hash).is_none()
        });
        bad.map_or(Ok(()), |(name, _)| refuse(name))
    }
}

/// 1 to 128 bytes of `a-z`, `0-9`, `_`, `-`, `.`.
fn is_name(text: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.');
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && text.bytes().all(allowed)
}

/// `YYYY-MM-DDTHH:MM:SSZ` with each part in range. Days of the month are not counted: the caller renders real times.
fn is_utc_second(text: &str) -> bool {
    let shape = text.len() == 20
        && text
            .bytes()
            .zip("dddd-dd-ddTdd:dd:ddZ".bytes())
            .all(|(byte, form)| match form {
                b'd' => byte.is_ascii_digit(),
                other => byte == other,
            });
    let within = |at: usize, low: u8, high: u8| {
        text.get(at..at.saturating_add(2))
            .and_then(|part| part.parse::<u8>().ok())
            .is_some_and(|n| (low..=high).contains(&n))
    };
    shape
        && within(5, 1, 12)
        && within(8, 1, 31)
        && within(11, 0, 23)
        && within(14, 0, 59)
        && within(17, 0, 59)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf() -> Leaf {
        let opening = Opening {
            name: "justification".into(),
            salt: [1; 32],
            value: "month end".into(),
        };
        Leaf {
            at: "2026-03-01T09:30:00Z".into(),
            category: Category::PreparedChange,
            clear: BTreeMap::from([
                ("outcome".into(), "grant \"x\"\n".into()),
                ("entitlement".into(), "crm:read".into()),
            ]),
            committed: BTreeMap::from([("justification".into(), opening.commitment().to_hex())]),
            event: "grant.prepared".into(),
            format: LEAF_FORMAT,
            request: "REQ-1".into(),
        }
    }

    #[test]
    fn canonical_bytes_are_pinned() {
        let bytes = leaf().to_bytes().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let hex = leaf().committed["justification"].clone();
        assert_eq!(
            text,
            format!(
                "{{\"at\":\"2026-03-01T09:30:00Z\",\"category\":\"prepared_change\",\"clear\":{{\"entitlement\":\"crm:read\",\
                 \"outcome\":\"grant \\\"x\\\"\\n\"}},\"committed\":{{\"justification\":\"{hex}\"}},\
                 \"event\":\"grant.prepared\",\"format\":1,\"request\":\"REQ-1\"}}"
            )
        );
        assert_eq!(Leaf::parse(&bytes).unwrap(), leaf());
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = String::from_utf8(leaf().to_bytes().unwrap()).unwrap();
        let spaced = text.replacen(':', ": ", 1);
        let trailing = format!("{text}\n");
        let unknown = text.replacen("{\"at\"", "{\"a\":1,\"at\"", 1);
        let twice = text.replacen(
            "\"entitlement\":\"crm:read\"",
            "\"entitlement\":\"a\",\"entitlement\":\"crm:read\"",
            1,
        );
        let escaped = text.replacen("crm", "\\u0063rm", 1);
        let float = text.replacen("\"format\":1", "\"format\":1.0", 1);
        let reordered = text.replacen(
            "\"format\":1,\"request\":\"REQ-1\"",
            "\"request\":\"REQ-1\",\"format\":1",
            1,
        );
        let other_format = text.replacen("\"format\":1", "\"format\":2", 1);
        let category = text.replacen("prepared_change", "Prepared_change", 1);
        for bad in [
            spaced,
            trailing,
            unknown,
            twice,
            escaped,
            float,
            reordered,
            other_format,
            category,
        ] {
            assert_ne!(bad, text);
            assert!(Leaf::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn fields_keep_their_rules() {
        let mut broken: Vec<Leaf> = vec![leaf(); 10];
        broken[0].event = "Grant".into();
        broken[1].event = String::new();
        broken[2].at = "2026-13-01T09:30:00Z".into();
        broken[3].at = "2026-03-01T09:30:00+00:00".into();
        broken[4].committed.insert("x".into(), "00".into());
        broken[5]
            .clear
            .insert("justification".into(), "shown after all".into());
        broken[6].clear.insert("a b".into(), String::new());
        broken[7].request = "x".repeat(1025);
        broken[8]
            .clear
            .insert("big".into(), "x".repeat(MAX_LEAF_BYTES));
        broken[9]
            .clear
            .extend((0..300).map(|n| (format!("f{n}"), String::new())));
        for leaf in broken {
            assert!(leaf.to_bytes().is_err(), "{leaf:?}");
        }
    }

    #[test]
    fn only_the_right_opening_opens() {
        let mut opening = Opening {
            name: "justification".into(),
            salt: [1; 32],
            value: "month end".into(),
        };
        assert_eq!(leaf().open(&opening), Ok(()));
        opening.value.push('!');
        assert_eq!(
            leaf().open(&opening),
            Err(OpenError::Differs("justification".into()))
        );
        opening.name = "outcome".into();
        assert_eq!(
            leaf().open(&opening),
            Err(OpenError::NoSuchField("outcome".into()))
        );
    }

    proptest! {
        #[test]
        fn any_text_survives_and_any_parse_is_canonical(value in ".{0,60}", request in ".{0,40}") {
            let mut one = leaf();
            one.clear.insert("note".into(), value);
            one.request = request;
            let bytes = one.to_bytes().unwrap();
            prop_assert_eq!(Leaf::parse(&bytes).unwrap(), one);
        }

        #[test]
        fn one_changed_byte_never_reads_as_the_same_leaf(at in 0usize..300, byte in any::<u8>()) {
            let mut bytes = leaf().to_bytes().unwrap();
            let at = at % bytes.len();
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert_ne!(Leaf::parse(&bytes).ok(), Some(leaf()));
        }
    }
}
