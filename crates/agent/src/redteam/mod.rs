//! A red team: hostile texts and the worst models that can be, tried on requests at both doors, without a network, a store or an
//! effect. Nothing that they say may loosen an outcome, touch a neighbour, or be active on a screen.

pub mod models;
mod opponent;
mod outcome;
mod parts;
mod random;
mod report;
pub mod sample;
pub mod screens;
pub mod texts;
mod tickets;
mod vault;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use decision::evidence::record::Evidence;
use decision::rules::Rules;

pub use opponent::Configured;
pub use outcome::{CASES_MAX, Case, Counts, FORMAT, Model, Outcome, Texts};
pub use parts::{Parts, Product, Ruled};

use self::opponent::Opponent;
use self::screens::{Screen, Shown, active};
use self::texts::Text;
use self::tickets::Tickets;
use self::vault::Vault;
use crate::advise::ticket::Bounds;

/// What is tried on what.
pub struct Setup<'a> {
    /// The texts.
    pub texts: &'a [Text],
    /// The rules of the tickets.
    pub rules: &'a Rules,
    /// Tickets with their evidence; their own reasons are not looked at.
    pub tickets: &'a [Evidence],
    /// The rules of the vault's requests, which are those of the sample.
    pub vault_rules: &'a Rules,
    /// Bounds of a model that reads a ticket.
    pub bounds: Bounds,
    /// The configured model, when it is tried too.
    pub configured: Option<Configured>,
    /// What is tried.
    pub parts: &'a dyn Parts,
    /// Everything that is chosen follows from it.
    pub seed: u64,
    /// Threads; at least one is used.
    pub threads: usize,
    /// Told each time that a text is done.
    pub progress: &'a (dyn Fn() + Sync),
}

/// What came up on the way of one text.
#[derive(Default)]
struct Found {
    rulings: u64,
    /// What models cost.
    nanodollars: u64,
    cases: Vec<Case>,
}

/// Everything that stays the same from text to text.
struct Trial<'a> {
    setup: &'a Setup<'a>,
    tickets: Tickets<'a>,
    vault: Vault<'a>,
    opponents: Vec<Opponent<'a>>,
    /// Numbers of the texts that go to the configured model.
    for_configured: BTreeSet<usize>,
    /// Harmless reasons, for neighbours.
    harmless: Vec<&'a str>,
    plain: Vec<Screen>,
}

/// Tries every text.
#[must_use]
pub fn run(setup: &Setup<'_>) -> Outcome {
    let trial = Trial::new(setup);
    let next = AtomicUsize::new(0);
    let whole = Mutex::new(trial.empty());
    std::thread::scope(|scope| {
        for _ in 0..setup.threads.clamp(1, 64) {
            scope.spawn(|| {
                let mut own = trial.empty();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(text) = setup.texts.get(number) else {
                        break;
                    };
                    own.add(trial.of(number, text));
                    (setup.progress)();
                }
                whole
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .add(own);
            });
        }
    });
    whole
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl<'a> Trial<'a> {
    fn new(setup: &'a Setup<'a>) -> Self {
        let mut opponents = vec![
            Opponent::Nobody,
            Opponent::Yes,
            Opponent::Chaos,
            Opponent::Gullible,
        ];
        opponents.extend(setup.configured.as_ref().map(Opponent::Configured));
        let number = setup.configured.as_ref().map_or(0, |own| own.texts);
        let benign = setup.texts.iter().filter(|text| !text.is_hostile());
        let mut harmless: Vec<&str> = benign.map(|text| text.text.as_str()).collect();
        harmless.push(sample::PLAIN);
        let mut trial = Self {
            tickets: Tickets::new(setup.parts, setup.rules, setup.tickets),
            vault: Vault::new(setup, setup.vault_rules),
            for_configured: texts::chosen(setup.texts.len(), number, setup.seed),
            plain: Vec::new(),
            setup,
            opponents,
            harmless,
        };
        let plain = Text {
            text: sample::PLAIN.to_owned(),
            label: texts::Label::Benign,
            origin: "plain".to_owned(),
        };
        trial.plain = trial.screens(&plain, Some(sample::PLAIN));
        trial
    }

    fn empty(&self) -> Outcome {
        let models = self.opponents.iter().map(|opponent| Model {
            name: opponent.name(),
            ..Model::default()
        });
        Outcome {
            format: FORMAT,
            seed: self.setup.seed,
            tickets: self.tickets.len() as u64,
            vault_requests: self.vault.len() as u64,
            models: models.collect(),
            ..Outcome::default()
        }
    }

    /// What one text comes to.
    fn of(&self, number: usize, text: &Text) -> Outcome {
        let mut outcome = self.empty();
        let mut found = Found::default();
        let reason = tickets::reason(&text.text);
        outcome.texts = Texts {
            hostile: u64::from(text.is_hostile()),
            benign: u64::from(!text.is_hostile()),
            refused_at_the_door: u64::from(reason.is_none()),
        };
        let neighbour = number.checked_rem(self.harmless.len());
        let neighbour = neighbour.and_then(|place| self.harmless.get(place));
        let neighbour = neighbour.copied().unwrap_or(sample::PLAIN);
        for (model, opponent) in outcome.models.iter_mut().zip(&self.opponents) {
            let is_left_out = matches!(opponent, Opponent::Configured(_))
                && !self.for_configured.contains(&number);
            if is_left_out {
                continue;
            }
            if let Some(reason) = &reason {
                let (setup, tickets) = (self.setup, &self.tickets);
                model.tickets = tickets.tried(setup, *opponent, (number, text), reason, &mut found);
            }
            model.vault =
                (self.vault).tried(self.setup, *opponent, (number, text), neighbour, &mut found);
        }
        let screens = self.screens(text, reason.as_deref());
        for screen in &screens {
            let plain = self.plain.iter().find(|plain| plain.name == screen.name);
            let plain = plain.unwrap_or(screen);
            let what = active(screen, plain, &text.text);
            outcome.screens += 1;
            outcome.active += u64::from(!what.is_empty());
            if !what.is_empty() {
                let told = what.join("; ");
                (found.cases).push(Case::new("active", (number, text), "", screen.name, told));
            }
        }
        outcome.rulings = found.rulings;
        outcome.nanodollars = found.nanodollars;
        outcome.cases = found.cases;
        outcome
    }

    /// Every screen with a text on it: as a reason, in what a model says, and as a name.
    fn screens(&self, text: &Text, reason: Option<&str>) -> Vec<Screen> {
        let (setup, rules) = (self.setup, self.tickets.rules());
        let by_reason = reason.and_then(|reason| self.tickets.shown(setup, text, reason));
        let access = tickets::access(&text.text);
        let by_access = access.and_then(|access| self.tickets.asked_for(setup, &access));
        let mut screens = Vec::new();
        for ruled in [by_reason, by_access].into_iter().flatten() {
            screens.extend(setup.parts.screens(&Shown::Ticket {
                frozen: &ruled.frozen,
                rules,
                ruling: &ruled.ruling,
            }));
        }
        let (header, entries, closing) = self.vault.shown(setup, text);
        screens.extend(setup.parts.screens(&Shown::Run {
            header,
            entries: &entries,
            closing: &closing,
        }));
        screens
    }
}
