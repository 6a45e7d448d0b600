//! The models that texts are tried with: none, the worst ones, and the configured one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ports::model::{Answer, Call, Model, ModelError, Price};

use super::models::{Chaos, Gullible, Yes};
use super::random::seed_of;
use super::texts::Text;
use crate::advise::BUILT_IN;
use crate::advise::asking::Asking;

/// The configured models. Each is asked the same question once: the second time its first answer counts, so that outcomes differ by
/// the question alone.
pub struct Configured {
    /// Reads tickets.
    pub(super) fast: Arc<Asking>,
    /// Judges tickets.
    pub(super) strong: Arc<Asking>,
    /// Reads requests of the vault.
    pub(super) vault: Arc<Asking>,
    /// The most that one request may cost, in nanodollars.
    pub(super) limit: u64,
    /// Texts that they are tried with.
    pub(super) texts: usize,
}

impl Configured {
    /// Models for both doors: `fast` and `strong` for tickets, `vault` for the vault. At most `texts` texts go to them, and no request
    /// may cost more than `limit` nanodollars. `wait` sleeps between two tries.
    #[must_use]
    pub fn new(
        [fast, strong, vault]: [Box<dyn Model>; 3],
        texts: usize,
        limit: u64,
        wait: fn(Duration),
    ) -> Self {
        let asking = |model| Arc::new(Asking::new(Box::new(Remembered::new(model)), 1, wait));
        Self {
            fast: asking(fast),
            strong: asking(strong),
            vault: asking(vault),
            limit,
            texts,
        }
    }
}

/// Who is asked.
#[derive(Clone, Copy)]
pub(super) enum Opponent<'a> {
    Nobody,
    Yes,
    Chaos,
    Gullible,
    Configured(&'a Configured),
}

/// Ways to ask somebody.
pub(super) struct Asked {
    pub(super) fast: Arc<Asking>,
    pub(super) strong: Arc<Asking>,
    pub(super) vault: Arc<Asking>,
    pub(super) limit: u64,
}

impl Opponent<'_> {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Nobody => BUILT_IN.to_owned(),
            Self::Yes => Yes.name().to_owned(),
            Self::Chaos => Chaos::new(0).name().to_owned(),
            Self::Gullible => Gullible::new("", false).name().to_owned(),
            Self::Configured(own) => own.vault.name().to_owned(),
        }
    }

    /// Ways to ask about requests among which `text` is; `None` when there is nobody. Circuits and money are new each time, but
    /// for the configured model.
    pub(super) fn asked(&self, seed: u64, text: &Text) -> Option<Asked> {
        let model: fn(u64, &Text) -> Box<dyn Model> = match self {
            Self::Nobody => return None,
            Self::Configured(own) => {
                return Some(Asked {
                    fast: Arc::clone(&own.fast),
                    strong: Arc::clone(&own.strong),
                    vault: Arc::clone(&own.vault),
                    limit: own.limit,
                });
            }
            Self::Yes => |_, _| Box::new(Yes),
            Self::Chaos => |seed, text| Box::new(Chaos::new(seed_of(seed, text.text.as_bytes()))),
            Self::Gullible => |_, text| Box::new(Gullible::new(&text.text, text.is_hostile())),
        };
        let asking = || Arc::new(Asking::new(model(seed, text), 1, |_| {}));
        Some(Asked {
            fast: asking(),
            strong: asking(),
            vault: asking(),
            limit: u64::MAX,
        })
    }
}

/// A model that is asked each question once.
struct Remembered {
    model: Box<dyn Model>,
    answers: Mutex<HashMap<String, Answer>>,
}

/// Most answers that are remembered.
const ANSWERS_MAX: usize = 10_000;

impl Remembered {
    fn new(model: Box<dyn Model>) -> Self {
        Self {
            model,
            answers: Mutex::default(),
        }
    }
}

impl Model for Remembered {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn price(&self) -> Option<Price> {
        self.model.price()
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, ModelError> {
        let question = format!("{call:?}");
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answers().get(&question) {
            let mut known = known.clone();
            // It was counted once.
            known.usage = Some(ports::model::Usage::default());
            return Ok(known);
        }
        let answer = self.model.ask(call)?;
        let mut answers = answers();
        if answers.len() < ANSWERS_MAX {
            answers.insert(question, answer.clone());
        }
        Ok(answer)
    }
}
