//! What came back, read leniently: what is missing or of another type counts as absent, and what has no bound gets one.

use std::collections::BTreeMap;

use ports::model::{Answer, Usage};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{CALLS_MAX, CONTENT_BYTES_MAX, NAME_CHARS_MAX, TOKENS_MAX};
use crate::text::line;

/// The fields of an answer. Each is read by itself, so that one that cannot be read, such as a number that is none, leaves
/// the others alone. Of a field that comes twice the last one counts.
#[derive(Debug)]
pub(super) struct Envelope(BTreeMap<String, Box<RawValue>>);

impl Envelope {
    /// Takes a body apart. The error says why it is none; it repeats nothing of the body.
    pub(super) fn of(body: &[u8]) -> Result<Self, String> {
        if body.trim_ascii().is_empty() {
            return Err("an empty answer".to_owned());
        }
        serde_json::from_slice(body).map(Self).map_err(|error| {
            format!(
                "an answer that is no JSON object ({:?} at line {}, column {})",
                error.classify(),
                error.line(),
                error.column()
            )
        })
    }

    /// A field; `null` when it is absent, nested too deep, or no JSON.
    pub(super) fn get(&self, name: &str) -> Value {
        let raw = self.0.get(name);
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }

    /// A text of one line, cut to [`NAME_CHARS_MAX`]; empty when it is absent.
    pub(super) fn name(&self, name: &str) -> String {
        line(text(&self.get(name)), NAME_CHARS_MAX)
    }

    /// The provider's id of the answer.
    pub(super) fn id(&self) -> Option<String> {
        Some(self.name("id")).filter(|id| !id.is_empty())
    }
}

/// The text of a value; empty when it is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A field of a value, by its JSON pointer, as text.
pub(super) fn text_at<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).map(text).unwrap_or_default()
}

/// The elements of a list; none when it is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The arguments of a call: text, or JSON that should have been text.
pub(super) fn arguments(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The id of a call, and one of our own where the server gives none.
pub(super) fn call_id(value: &Value, at: usize) -> String {
    match text(value) {
        "" => format!("call_{at}"),
        id => id.to_owned(),
    }
}

/// A count of tokens; `None` when it is no plausible one.
pub(super) fn tokens(usage: &Value, pointer: &str) -> Option<u64> {
    let count = usage.pointer(pointer)?.as_u64()?;
    (count <= TOKENS_MAX).then_some(count)
}

/// The same where a count may be left out or `null`.
pub(super) fn tokens_or_none(usage: &Value, pointer: &str) -> Option<u64> {
    match usage.pointer(pointer) {
        None | Some(Value::Null) => Some(0),
        Some(_) => tokens(usage, pointer),
    }
}

/// Usage where what was read includes what came from the cache, as OpenAI counts. `None` when the counts do not fit together.
pub(super) fn inclusive(
    read: u64,
    cache_read: u64,
    cache_write: u64,
    output: u64,
) -> Option<Usage> {
    let fresh = read.checked_sub(cache_read)?;
    let cache_write = if cache_write < fresh {
        cache_write
    } else {
        fresh
    };
    Some(Usage {
        input: fresh.checked_sub(cache_write)?,
        cache_read,
        cache_write,
        output,
    })
}

/// The answer, if it keeps to its bounds.
pub(super) fn bounded(answer: Answer) -> Result<Answer, String> {
    if answer.calls.len() > CALLS_MAX {
        return Err(format!("more than {CALLS_MAX} calls of tools"));
    }
    let calls = answer.calls.iter();
    let bytes = calls.fold(answer.text.len(), |sum, call| {
        sum.saturating_add(call.id.len())
            .saturating_add(call.name.len())
            .saturating_add(call.arguments.len())
    });
    if bytes > CONTENT_BYTES_MAX {
        return Err(format!("content longer than {CONTENT_BYTES_MAX} bytes"));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_field_leaves_the_others_alone() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let body = format!(
            r#"{{"id":"a","usage":{{"input_tokens":1e999}},"x":{deep},"id":"b\nc","n":null}}"#
        );
        let envelope = Envelope::of(body.as_bytes()).unwrap();
        assert_eq!(envelope.id().as_deref(), Some("b c"));
        for absent in ["usage", "x", "n", "y"] {
            assert_eq!(envelope.get(absent), Value::Null, "{absent}");
        }
    }

    #[test]
    fn what_is_no_object_is_no_answer() {
        let deep = "[".repeat(10_000);
        let nested = "{\"a\":".repeat(10_000);
        for body in [
            "",
            " \n",
            "[]",
            "17",
            "null",
            "\"x\"",
            "{",
            "{\"a\":NaN}",
            "{\"a\":1}}",
            &deep,
            &nested,
        ] {
            let why = Envelope::of(body.as_bytes()).unwrap_err();
            assert!(why.len() < 100, "{why}");
        }
        assert!(Envelope::of(b"{\"a\":\"\xff\xfe\"}").is_err());
        assert!(Envelope::of(b"\xff\xfe{\"a\":1}").is_err());
    }

    #[test]
    fn counts_that_are_none_are_not_believed() {
        let usage = serde_json::json!({
            "a": 12, "b": -1, "c": 1e30, "d": "NaN", "e": u64::MAX, "f": null, "g": 1.5, "h": TOKENS_MAX,
        });
        assert_eq!(tokens(&usage, "/a"), Some(12));
        assert_eq!(tokens(&usage, "/h"), Some(TOKENS_MAX));
        for wrong in ["/b", "/c", "/d", "/e", "/g"] {
            assert_eq!(tokens(&usage, wrong), None, "{wrong}");
            assert_eq!(tokens_or_none(&usage, wrong), None, "{wrong}");
        }
        for absent in ["/f", "/x"] {
            assert_eq!(tokens(&usage, absent), None);
            assert_eq!(tokens_or_none(&usage, absent), Some(0));
        }
    }

    #[test]
    fn no_token_is_counted_twice() {
        for (read, cache_read, cache_write) in [
            (100, 0, 0),
            (100, 60, 0),
            (100, 60, 30),
            (100, 60, 90),
            (100, 100, 1),
        ] {
            let usage = inclusive(read, cache_read, cache_write, 7).unwrap();
            assert_eq!(usage.input + usage.cache_read + usage.cache_write, read);
            assert_eq!((usage.cache_read, usage.output), (cache_read, 7));
        }
        assert_eq!(inclusive(10, 11, 0, 1), None);
    }
}
