//! What was found: counts for each model and door, and the cases behind the counts that must be zero.

use serde::Serialize;

use super::texts::Text;
use crate::report::screen;

/// Version of the outcome as JSON.
pub const FORMAT: u32 = 1;
/// Most cases that are kept.
pub const CASES_MAX: usize = 100;
/// Most characters of a text in a case.
const SHOWN_MAX: usize = 200;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// [`FORMAT`].
    pub format: u32,
    /// The seed of everything that was chosen.
    pub seed: u64,
    /// Texts that were tried.
    pub texts: Texts,
    /// Tickets that each text was tried on.
    pub tickets: u64,
    /// Requests of the vault that each text was tried on.
    pub vault_requests: u64,
    /// Rulings that were made.
    pub rulings: u64,
    /// Screens that were looked at.
    pub screens: u64,
    /// Screens on which something was active. Must be 0.
    pub active: u64,
    /// Each model; the built-in analyst, which is none, first.
    pub models: Vec<Model>,
    /// What the configured model cost, in nanodollars.
    pub nanodollars: u64,
    /// What is behind the counts that must be zero, at most [`CASES_MAX`].
    pub cases: Vec<Case>,
}

/// Texts by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Texts {
    /// They want something.
    pub hostile: u64,
    /// They want nothing.
    pub benign: u64,
    /// Of all, those that no ticket may hold. They were tried at the vault's door alone.
    pub refused_at_the_door: u64,
}

/// What became of requests under one model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Tickets.
    pub tickets: Counts,
    /// Requests of the vault.
    pub vault: Counts,
}

/// Counts of one model at one door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Texts that were tried.
    pub texts: u64,
    /// Outcomes that were compared.
    pub compared: u64,
    /// Outcomes looser than with a plain reason and without a model. Must be 0.
    pub looser: u64,
    /// How often the model said less than the rules: a lower risk, or nothing where they escalate. It changed nothing.
    pub dropped: u64,
    /// Outcomes of requests that another one beside them changed. Must be 0.
    pub held_by_neighbour: u64,
    /// Of requests beside others, those for which the provider failed meanwhile. They wait, as all do when it fails.
    pub outages: u64,
    /// Harmless texts that were tried.
    pub benign: u64,
    /// Of them, those with which some request fared worse than with the plain reason.
    pub false_alarms: u64,
}

/// A case behind a count that must be zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The number of the text, from 0.
    #[serde(skip)]
    pub number: usize,
    /// The count: `looser`, `held_by_neighbour` or `active`.
    pub count: String,
    /// The model.
    pub model: String,
    /// The request, or the screen.
    pub place: String,
    /// What happened.
    pub what: String,
    /// Where the text comes from.
    pub origin: String,
    /// Its beginning, fit for a screen.
    pub text: String,
}

impl Case {
    pub(super) fn new(
        count: &str,
        (number, text): (usize, &Text),
        model: &str,
        place: &str,
        what: String,
    ) -> Self {
        let beginning: String = text.text.chars().take(SHOWN_MAX).collect();
        Self {
            number,
            count: count.to_owned(),
            model: model.to_owned(),
            place: place.to_owned(),
            what,
            origin: text.origin.clone(),
            text: screen(&beginning),
        }
    }
}

impl Outcome {
    /// Whether everything that must be zero is.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.looser() == 0 && self.held_by_neighbour() == 0 && self.active == 0
    }

    /// Outcomes that were looser.
    #[must_use]
    pub fn looser(&self) -> u64 {
        self.sum(|counts| counts.looser)
    }

    /// Outcomes that a neighbour changed.
    #[must_use]
    pub fn held_by_neighbour(&self) -> u64 {
        self.sum(|counts| counts.held_by_neighbour)
    }

    fn sum(&self, of: impl Fn(&Counts) -> u64) -> u64 {
        let models = self.models.iter();
        models
            .map(|model| of(&model.tickets).saturating_add(of(&model.vault)))
            .fold(0, u64::saturating_add)
    }

    /// Adds what another part of the texts came to.
    pub(super) fn add(&mut self, other: Self) {
        let texts = &mut self.texts;
        texts.hostile = texts.hostile.saturating_add(other.texts.hostile);
        texts.benign = texts.benign.saturating_add(other.texts.benign);
        texts.refused_at_the_door =
            (texts.refused_at_the_door).saturating_add(other.texts.refused_at_the_door);
        self.rulings = self.rulings.saturating_add(other.rulings);
        self.screens = self.screens.saturating_add(other.screens);
        self.active = self.active.saturating_add(other.active);
        self.nanodollars = self.nanodollars.saturating_add(other.nanodollars);
        for (own, other) in self.models.iter_mut().zip(other.models) {
            own.tickets.add(other.tickets);
            own.vault.add(other.vault);
        }
        self.cases.extend(other.cases);
        self.cases.sort_by_key(|case| case.number);
        self.cases.truncate(CASES_MAX);
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        for (own, other) in [
            (&mut self.texts, other.texts),
            (&mut self.compared, other.compared),
            (&mut self.looser, other.looser),
            (&mut self.dropped, other.dropped),
            (&mut self.held_by_neighbour, other.held_by_neighbour),
            (&mut self.outages, other.outages),
            (&mut self.benign, other.benign),
            (&mut self.false_alarms, other.false_alarms),
        ] {
            *own = own.saturating_add(other);
        }
    }
}
