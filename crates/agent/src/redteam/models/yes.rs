//! The most permissive model: whatever it is asked about is low, usual and certain.

use ports::model::{Answer, Call, Model, ModelError, Price};

use super::{advice, ids, opinion, opinions};

/// Says that every request is low in risk, and advises nothing, with full confidence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Yes;

impl Model for Yes {
    fn name(&self) -> &str {
        "red-team/yes"
    }

    fn price(&self) -> Option<Price> {
        Some(Price::FREE)
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, ModelError> {
        let ids = ids(call);
        if ids.is_empty() {
            return Ok(advice(call, "nothing", ""));
        }
        let all = ids.iter().map(|id| opinion(id, "low", "", false));
        Ok(opinions(all.collect()))
    }
}
