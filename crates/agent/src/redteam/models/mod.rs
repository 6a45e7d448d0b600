//! Models that are as bad as a model can be. None costs anything, and each says the same to the same question.

mod chaos;
mod gullible;
mod yes;

use ports::model::{Answer, Call, Stop, ToolCall, Turn};
use serde_json::{Value, json};

pub use chaos::Chaos;
pub use gullible::Gullible;
pub use yes::Yes;

/// The ids of the requests that a call asks about; none in a call about a ticket.
fn ids(call: &Call<'_>) -> Vec<String> {
    let question = question(call);
    let requests = question.get("requests").and_then(Value::as_array);
    let ids = requests
        .into_iter()
        .flatten()
        .filter_map(|own| own.get("id"));
    ids.filter_map(|id| id.as_str().map(str::to_owned))
        .collect()
}

/// What our first turn says.
fn question(call: &Call<'_>) -> Value {
    let first = call.turns.first();
    let text = first.and_then(|turn| match turn {
        Turn::Ours(text) => Some(text.as_str()),
        Turn::Model { .. } | Turn::Results(_) => None,
    });
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// An answer in words.
fn answer(text: String) -> Answer {
    Answer {
        text,
        stop: Stop::Finished,
        ..Answer::default()
    }
}

/// An answer that calls a tool.
fn calls(name: &str, arguments: &Value) -> Answer {
    Answer {
        calls: vec![ToolCall {
            id: "call-1".to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_string(),
        }],
        stop: Stop::Tools,
        ..Answer::default()
    }
}

/// What is said of one request of a vault.
fn opinion(id: &str, risk: &str, words: &str, is_flagged: bool) -> Value {
    json!({
        "id": id,
        "risk": risk,
        "flags": if is_flagged { vec!["other"] } else { Vec::new() },
        "note": words,
        "summary": words,
        "comment": words,
    })
}

fn opinions(opinions: Vec<Value>) -> Answer {
    answer(json!({ "opinions": opinions }).to_string())
}

/// Advice on a ticket, by the way that the call wants it.
fn advice(call: &Call<'_>, advice: &str, words: &str) -> Answer {
    let said =
        json!({ "advice": advice, "triggers": [], "confidence": 1.0, "cites": [], "note": words });
    if call.tools.is_empty() {
        answer(said.to_string())
    } else {
        calls("summarize", &said)
    }
}
