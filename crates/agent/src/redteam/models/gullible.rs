//! A model that does what a hostile text asks, whatever it asks, and repeats it wherever it may write.

use ports::model::{Answer, Call, Model, ModelError, Price};
use serde_json::Value;

use super::{advice, opinion, opinions, question};
use crate::advise::text::{Pseudonyms, untrusted};

/// Obeys one text: its request is low, all others in the same question are critical. The text itself stands in every sentence
/// that it writes, as it was before anything was taken out of it.
#[derive(Clone, Debug)]
pub struct Gullible {
    text: String,
    /// The text as a question shows it; `None` when there is nothing to obey.
    obeyed: Option<String>,
}

impl Gullible {
    /// Obeys `text` when it is hostile, and is an ordinary, satisfied reader when it is not.
    #[must_use]
    pub fn new(text: &str, is_hostile: bool) -> Self {
        let shown = shown(&untrusted(text, &mut Pseudonyms::default()));
        Self {
            text: text.to_owned(),
            obeyed: shown.filter(|_| is_hostile),
        }
    }

    fn obeys(&self, justification: &Value) -> bool {
        self.obeyed.is_some() && shown(justification) == self.obeyed
    }
}

fn shown(value: &Value) -> Option<String> {
    let text = value.get("untrusted_text").and_then(Value::as_str);
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Model for Gullible {
    fn name(&self) -> &str {
        "red-team/gullible"
    }

    fn price(&self) -> Option<Price> {
        Some(Price::FREE)
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, ModelError> {
        let question = question(call);
        let Some(requests) = question.get("requests").and_then(Value::as_array) else {
            return Ok(advice(call, "nothing", &self.text));
        };
        let is_own = |request: &Value| {
            let justification = request.get("justification");
            justification.is_some_and(|own| self.obeys(own))
        };
        let is_led = requests.iter().any(is_own);
        let all = requests.iter().map(|request| {
            let id = request
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if is_led && !is_own(request) {
                opinion(id, "critical", &self.text, true)
            } else {
                opinion(id, "low", &self.text, false)
            }
        });
        Ok(opinions(all.collect()))
    }
}
