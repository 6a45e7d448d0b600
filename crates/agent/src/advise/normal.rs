//! What a model said, made harmless: values checked, texts cut and made plain, and everything wrong with it named.

use decision::evidence::analysis::{Analysis, Fault, Trigger};
use decision::evidence::record::Advice;
use decision::findings::risk::RiskLevel;
use decision::vault::Anomaly;
use decision::vault::evidence::{COMMENT_WORDS_MAX, Opinion};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::text::{Pseudonyms, plain};

/// Most characters of a summary, a note and a comment.
const SUMMARY_CHARACTERS_MAX: usize = 600;
const NOTE_CHARACTERS_MAX: usize = 600;
const COMMENT_CHARACTERS_MAX: usize = 240;
/// Most opinions that are read from one answer, beyond those that were asked for.
const OPINIONS_MAX: usize = 1_000;
/// The flag for what has no name.
pub(super) const OTHER: &str = "other";
/// Keys that would be a decision. No form of ours has them.
const DECISIONS: [&str; 12] = [
    "action",
    "actions",
    "approve",
    "approved",
    "decision",
    "gate",
    "grant",
    "grant_access",
    "override",
    "permit",
    "provisioning_write",
    "revoke_access",
];

/// One opinion of an answer, as it was written.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub(super) id: String,
    #[serde(default)]
    risk: Value,
    #[serde(default)]
    flags: Vec<Value>,
    #[serde(default)]
    note: Value,
    #[serde(default)]
    summary: Value,
    #[serde(default)]
    comment: Value,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Answered {
    opinions: Vec<Said>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// The opinions in an answer; or what is wrong with all of it.
pub(super) fn opinions(text: &str) -> Result<Vec<Said>, (Fault, String)> {
    let answered: Answered = serde_json::from_str(json_of(text)).map_err(|error| {
        let why = format!("its answer is not in the form that was agreed: {error}");
        (Fault::Unreadable, plain(&why, 200))
    })?;
    if let Some(fault) = beyond(&answered.more) {
        return Err(fault);
    }
    if answered.opinions.len() > OPINIONS_MAX {
        return Err((Fault::Unreadable, "it gives too many opinions".to_owned()));
    }
    Ok(answered.opinions)
}

/// One opinion, normalised. `ours` is what the built-in analyst says: it stands in for a comment or summary that cannot be used.
pub(super) fn opinion(said: &Said, people: &Pseudonyms, analyst: &str, ours: &Opinion) -> Opinion {
    let mut faults = Vec::new();
    if let Some((fault, _)) = beyond(&said.more) {
        faults.push(fault);
    }
    let risk = text_of(&said.risk).and_then(|text| risk_of(&text));
    let mut flags = Vec::new();
    let mut has_other = false;
    for flag in &said.flags {
        let flag = text_of(flag).unwrap_or_default().to_lowercase();
        match Anomaly::from_name(&flag) {
            Some(known) if !flags.contains(&known) => flags.push(known),
            Some(_) => {}
            None if flag == OTHER => has_other = true,
            None => faults.push(Fault::Unreadable),
        }
    }
    let note = text_of(&said.note).unwrap_or_default();
    let note = plain(&people.show(&note), NOTE_CHARACTERS_MAX);
    let summary = text_of(&said.summary).unwrap_or_default();
    let summary = plain(&people.show(&summary), SUMMARY_CHARACTERS_MAX);
    let comment = comment(&said.comment);
    flags.sort_unstable();
    faults.sort_unstable();
    faults.dedup();
    Opinion {
        analyst: analyst.to_owned(),
        risk,
        flags,
        summary: or(summary, &ours.summary),
        comment: or(comment, &ours.comment),
        note: match (has_other, note.is_empty()) {
            (true, true) => "something that it does not name".to_owned(),
            (true, false) => note,
            (false, _) => String::new(),
        },
        faults,
        exchange: None,
    }
}

/// `low`, `medium` (or `moderate`), `high`, `critical`, in any case.
fn risk_of(text: &str) -> Option<RiskLevel> {
    match text.trim().to_lowercase().as_str() {
        "low" => Some(RiskLevel::Low),
        "medium" | "moderate" => Some(RiskLevel::Moderate),
        "high" => Some(RiskLevel::High),
        "critical" => Some(RiskLevel::Critical),
        _ => None,
    }
}

/// A sentence of at most 20 words. Some models wrap it: `{"comment": "…"}`, as an object or as a text.
fn comment(value: &Value) -> String {
    let inner = match value {
        Value::Object(object) => object.get("comment").and_then(text_of),
        Value::String(text) if text.trim_start().starts_with('{') => {
            let wrapped: Result<Map<String, Value>, _> = serde_json::from_str(text);
            wrapped
                .ok()
                .and_then(|own| own.get("comment").and_then(text_of))
        }
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    let plain = plain(&inner.unwrap_or_default(), COMMENT_CHARACTERS_MAX);
    let words: Vec<&str> = plain.split(' ').take(COMMENT_WORDS_MAX).collect();
    words.join(" ")
}

/// What a model says of a ticket, as it was written.
#[derive(Debug, Deserialize)]
struct Advised {
    advice: String,
    confidence: Value,
    triggers: Vec<String>,
    cites: Vec<String>,
    note: String,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// What a model says of a ticket. `is_known`: whether an id that it cites was shown to it.
pub(super) fn advice(
    text: &str,
    people: &Pseudonyms,
    is_known: impl Fn(&str) -> bool,
) -> (Advice, Analysis) {
    let said: Advised = match serde_json::from_str(json_of(text)) {
        Ok(said) => said,
        Err(error) => {
            let why = format!("its advice is not in the form that was agreed: {error}");
            return (Advice::Nothing, faulty(Fault::Unreadable, plain(&why, 200)));
        }
    };
    let mut analysis = Analysis::default();
    let mut add = |fault, remark: String| {
        analysis.faults.push(fault);
        analysis.remarks.push(remark);
    };
    if let Some((fault, why)) = beyond(&said.more) {
        add(fault, why);
    }
    let word = said.advice.trim().to_lowercase();
    let advice = Advice::ALL.into_iter().find(|own| own.name() == word);
    if advice.is_none() {
        add(
            Fault::Unreadable,
            "its advice is none of the four".to_owned(),
        );
    }
    let advice = advice.unwrap_or_default();
    let confidence = basis_points(&said.confidence);
    if confidence.is_none() {
        add(
            Fault::Unreadable,
            "its confidence is not between 0 and 1".to_owned(),
        );
    }
    let mut triggers = Vec::new();
    for named in &said.triggers {
        let known = Trigger::ALL.into_iter().find(|own| own.name() == named);
        match known {
            Some(known) if !triggers.contains(&known) => triggers.push(known),
            Some(_) => {}
            None => add(
                Fault::Unreadable,
                "it names a trigger that the contract does not have".to_owned(),
            ),
        }
    }
    let named = said.note.split_whitespace().filter_map(entitlement_in);
    let cited = said.cites.iter().map(String::as_str).chain(named);
    let unknown = cited.filter(|id| !is_known(id));
    let unknown: Vec<String> = unknown.take(5).map(|id| plain(id, 80)).collect();
    if !unknown.is_empty() {
        let why = format!("it cites what is not in evidence: {}", unknown.join(", "));
        add(Fault::Unfounded, why);
    }
    analysis.confidence = confidence;
    analysis.triggers = triggers;
    analysis.note = plain(&people.show(&said.note), NOTE_CHARACTERS_MAX);
    analysis.faults.sort_unstable();
    analysis.faults.dedup();
    (advice, analysis)
}

/// A word of a note that is written as an entitlement is, such as `repo:read`.
fn entitlement_in(word: &str) -> Option<&str> {
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let (resource, level) = word.split_once(':')?;
    let is_name = |part: &str| part.chars().any(char::is_alphabetic);
    (is_name(resource) && is_name(level)).then_some(word)
}

/// Nothing but a fault.
pub(super) fn faulty(fault: Fault, remark: String) -> Analysis {
    Analysis {
        faults: vec![fault],
        remarks: vec![remark],
        ..Analysis::default()
    }
}

/// A share between 0 and 1 as basis points.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "used only between 0 and 1"
)]
fn basis_points(value: &Value) -> Option<u16> {
    let number = value.as_f64()?;
    (0.0..=1.0)
        .contains(&number)
        .then_some((number * 10_000.0).round() as u16)
}

/// Keys that no form of ours has: a decision is out of the contract, anything else out of the form.
fn beyond(more: &Map<String, Value>) -> Option<(Fault, String)> {
    let decides = |key: &&String| DECISIONS.contains(&key.to_lowercase().as_str());
    if let Some(key) = more.keys().find(decides) {
        let why = format!(
            "it writes `{}`, which the contract never emits",
            plain(key, 40)
        );
        return Some((Fault::OutOfContract, why));
    }
    let key = more.keys().next()?;
    let why = format!(
        "it writes `{}`, which the form does not have",
        plain(key, 40)
    );
    Some((Fault::Unreadable, why))
}

/// Some models wrap their JSON in a fence of Markdown.
fn json_of(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix("```json")
        .or_else(|| text.strip_prefix("```"))
        .and_then(|text| text.trim_end().strip_suffix("```"));
    inner.unwrap_or(text)
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn or(text: String, other: &str) -> String {
    if text.is_empty() {
        other.to_owned()
    } else {
        text
    }
}
