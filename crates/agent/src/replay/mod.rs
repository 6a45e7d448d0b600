//! Replay: a stored decision, made again from its record, calling nothing. INVARIANT(replay).

mod run;

pub use run::{ReplayedRun, header, policy_of_action, replay_action, replay_run};

use decision::evidence::Evidence;
use decision::request::digest_of;
use decision::rules::Rules;
use ports::store::RulingRow;
use serde_json::Value;

use crate::report::Decision;
use crate::ruling::decide;

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The same decision, byte for byte.
    Identical,
    /// Another one: each field that differs.
    Different(Vec<FieldDifference>),
    /// Its inputs were erased, so nothing can be said.
    Erased,
    /// Its record cannot be used, and why.
    Unusable(String),
}

/// A field of which the decision made again has another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    /// The way to it, such as `findings/2/because`.
    pub path: String,
    /// The stored value as JSON, empty when it was not there.
    pub stored: String,
    /// The value now, empty when it is not there.
    pub now: String,
}

/// Makes a stored decision again under `rules`, which must be those of its policy.
#[must_use]
pub fn replay(row: &RulingRow, rules: &Rules) -> Replayed {
    if row.evidence.is_empty() {
        return Replayed::Erased;
    }
    if digest_of(row.evidence.as_bytes()) != row.evidence_digest {
        return Replayed::Unusable("the evidence is not what its digest says".to_owned());
    }
    let evidence: Evidence = match serde_json::from_str(&row.evidence) {
        Ok(evidence) => evidence,
        Err(error) => return Replayed::Unusable(format!("the evidence cannot be read: {error}")),
    };
    if evidence.policy != rules.policy().digest {
        return Replayed::Unusable("these are not the rules of its policy".to_owned());
    }
    let (frozen, ruling, _) = decide(evidence, rules);
    let now = Decision::new(&frozen, rules, &ruling).to_json();
    if now == row.record {
        return Replayed::Identical;
    }
    let read = |text: &str| serde_json::from_str(text).unwrap_or(Value::String(text.to_owned()));
    let mut differences = Vec::new();
    compare(&read(&row.record), &read(&now), "", &mut differences);
    if differences.is_empty() {
        return Replayed::Unusable(
            "the record is written otherwise, with the same values".to_owned(),
        );
    }
    Replayed::Different(differences)
}

/// Walks both values; their depth is that of a decision.
fn compare(stored: &Value, now: &Value, path: &str, found: &mut Vec<FieldDifference>) {
    let step = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}/{key}")
        }
    };
    match (stored, now) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                compare(
                    value,
                    new.get(key).unwrap_or(&Value::Null),
                    &step(key),
                    found,
                );
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                compare(&Value::Null, value, &step(key), found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                let at = |list: &[Value]| list.get(index).cloned().unwrap_or(Value::Null);
                compare(&at(old), &at(new), &step(&index.to_string()), found);
            }
        }
        _ if stored != now => {
            let text = |value: &Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    value.to_string()
                }
            };
            found.push(FieldDifference {
                path: path.to_owned(),
                stored: text(stored),
                now: text(now),
            });
        }
        _ => {}
    }
}

/// `sha256:` and the digest in hexadecimal.
pub(crate) fn hex_digest(digest: sha2::Sha256) -> String {
    use sha2::Digest as _;
    format!("sha256:{}", hex(&digest.finalize()))
}

/// Bytes in hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}
