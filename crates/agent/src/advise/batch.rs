//! A model as the analyst of a vault's requests. Those on which an outcome hangs are asked about alone, so that no text of one
//! request has a say in the outcome of another; the rest goes in batches, for the report.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use decision::evidence::analysis::{Exchange, Fault};
use decision::vault::evidence::Opinion;
use ports::PortError;
use ports::analyst::{Analyst, Subject};
use ports::model::{Call, Form, Turn};

use super::asking::{Asked, Asking, Failed};
use super::budget::{Budget, dollars};
use super::normal::{self, Said};
use super::probe::probe;
use super::prompts::{Prompt, vault_analysis};
use super::question::{form, id_of, question};
use super::text::Pseudonyms;
use super::{budget::nanodollars, built_in};

/// Tokens of an answer for each request, and for the frame around them.
const TOKENS_EACH: u32 = 400;
const TOKENS_FRAME: u32 = 200;

/// How a model analyses.
#[derive(Clone, Copy, Debug)]
pub struct BatchSettings {
    /// Requests in a batch, 1 to 100.
    pub size: usize,
    /// Batches at the same time, 1 to 64.
    pub at_once: usize,
    /// Most that one request asked about alone may cost, in nanodollars.
    pub each: u64,
}

/// A model as an analyst.
pub struct ModelAnalyst {
    asking: Arc<Asking>,
    settings: BatchSettings,
    own_user: Option<String>,
    run: Budget,
    /// Part of the run's that may go into what only the report shows.
    report: Budget,
    prompt: Prompt,
    form: Form,
    lost: Mutex<BTreeMap<String, u64>>,
}

impl ModelAnalyst {
    /// Asks through `asking`, and spends at most `limit` nanodollars. `own_user`: the agent's own user in the vault.
    #[must_use]
    pub fn new(
        asking: Arc<Asking>,
        settings: BatchSettings,
        own_user: Option<String>,
        limit: u64,
    ) -> Self {
        Self {
            asking,
            settings: BatchSettings {
                size: settings.size.clamp(1, 100),
                at_once: settings.at_once.clamp(1, 64),
                each: settings.each.max(nanodollars(0.000_001)),
            },
            own_user,
            run: Budget::new(limit),
            report: Budget::new(limit / 2),
            prompt: vault_analysis(),
            form: form(),
            lost: Mutex::default(),
        }
    }

    /// Asks once, a few tokens, to see whether the model can be asked. The run pays, as for every question.
    ///
    /// # Errors
    /// When no answer came, or one that is none.
    pub fn probe(&self) -> Result<(), Failed> {
        probe(&self.asking, &[&self.run])
    }

    /// The same, asking no longer than `time`, which runs while questions are under way.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.run = self.run.within(time);
        self
    }

    /// What was spent, in nanodollars.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.run.spent()
    }

    /// One question about some requests, their opinions in order. What fails is asked in halves, then alone, then given up.
    fn ask(&self, subjects: &[&Subject<'_>]) -> Vec<Opinion> {
        let mut people = Pseudonyms::default();
        let question = question(subjects, self.own_user.as_deref(), &mut people);
        let turns = [Turn::Ours(question.to_string())];
        let count = u32::try_from(subjects.len()).unwrap_or(u32::MAX);
        let call = Call {
            instructions: self.prompt.text,
            turns: &turns,
            tools: &[],
            form: Some(&self.form),
            output_tokens_max: TOKENS_EACH
                .saturating_mul(count)
                .saturating_add(TOKENS_FRAME),
        };
        let each = Budget::new(self.settings.each);
        let own = if subjects.iter().any(|subject| subject.decides) {
            &each
        } else {
            &self.report
        };
        let Asked { answer, exchange } =
            (self.asking).ask(&call, &self.prompt.version, &[&self.run, own]);
        let said = answer.and_then(|answer| {
            normal::opinions(&answer.text).map_err(|(fault, why)| Failed {
                fault,
                why,
                smaller_may_help: true,
            })
        });
        let opinions = match said {
            Ok(said) => self.matched(subjects, &said, &people),
            Err(failed) if failed.smaller_may_help && subjects.len() > 1 => {
                let (first, second) = subjects.split_at(subjects.len() / 2);
                let mut both = self.ask(first);
                both.extend(self.ask(second));
                both
            }
            Err(failed) => self.none(subjects, &failed),
        };
        with_exchange(opinions, exchange)
    }

    /// Opinions matched by id. One that is missing or there twice is none; one for a request that was not asked about makes all
    /// of them doubtful.
    fn matched(
        &self,
        subjects: &[&Subject<'_>],
        said: &[Said],
        people: &Pseudonyms,
    ) -> Vec<Opinion> {
        let mut by_id: BTreeMap<&str, Vec<&Said>> = BTreeMap::new();
        for one in said {
            by_id.entry(one.id.as_str()).or_default().push(one);
        }
        let ids: Vec<String> = (1..=subjects.len()).map(id_of).collect();
        let foreign = by_id.keys().any(|id| ids.iter().all(|own| own != id));
        let matched = subjects.iter().zip(&ids).map(|(subject, id)| {
            let ours = built_in::opinion(subject);
            let own = by_id.get(id.as_str()).map_or(&[][..], Vec::as_slice);
            let mut opinion = match own {
                [one] => normal::opinion(one, people, self.asking.name(), &ours),
                [] => self.unfounded(ours, "its answer leaves requests out"),
                [_, _, ..] => self.unfounded(ours, "its answer has two opinions on one request"),
            };
            if foreign && !opinion.faults.contains(&Fault::Unfounded) {
                opinion.faults.push(Fault::Unfounded);
            }
            opinion
        });
        matched.collect()
    }

    fn unfounded(&self, ours: Opinion, why: &str) -> Opinion {
        self.count(why, 1);
        Opinion {
            faults: vec![Fault::Unfounded],
            risk: None,
            ..ours
        }
    }

    /// The built-in opinion of each, with a mark.
    fn none(&self, subjects: &[&Subject<'_>], failed: &Failed) -> Vec<Opinion> {
        self.count(&failed.why, subjects.len() as u64);
        // The budget of the run is the operator's bound, not the contract's: the model is lost.
        let fault = if failed.fault == Fault::BoundReached {
            Fault::Lost
        } else {
            failed.fault
        };
        let marked = subjects.iter().map(|subject| Opinion {
            faults: vec![fault],
            ..built_in::opinion(subject)
        });
        marked.collect()
    }

    fn count(&self, why: &str, requests: u64) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.len() < 20 || lost.contains_key(why) {
            *lost.entry(why.to_owned()).or_default() += requests;
        }
    }
}

impl Analyst for ModelAnalyst {
    fn name(&self) -> &str {
        self.asking.name()
    }

    fn batch_size(&self) -> usize {
        self.settings.size.saturating_mul(self.settings.at_once)
    }

    fn opinions(&self, batch: &[Subject<'_>]) -> Result<Vec<Option<Opinion>>, PortError> {
        let (alone, together): (Vec<_>, Vec<_>) =
            (batch.iter().enumerate()).partition(|(_, subject)| subject.decides);
        let questions: Vec<&[(usize, &Subject<'_>)]> = (alone.chunks(1))
            .chain(together.chunks(self.settings.size))
            .collect();
        let next = AtomicUsize::new(0);
        let opinions: Mutex<Vec<Option<Opinion>>> = Mutex::new(vec![None; batch.len()]);
        std::thread::scope(|scope| {
            for _ in 0..self.settings.at_once.min(questions.len()) {
                scope.spawn(|| {
                    while let Some(question) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let subjects: Vec<&Subject<'_>> =
                            question.iter().map(|(_, subject)| *subject).collect();
                        let answers = self.ask(&subjects);
                        let mut opinions = opinions.lock().unwrap_or_else(PoisonError::into_inner);
                        for ((place, _), opinion) in question.iter().zip(answers) {
                            if let Some(place) = opinions.get_mut(*place) {
                                *place = Some(opinion);
                            }
                        }
                    }
                });
            }
        });
        Ok(opinions
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// Each cause of a missing opinion, with how many requests it met.
    fn remarks(&self) -> Vec<String> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.iter()
            .map(|(why, count)| format!("no opinion of the model on {count} requests: {why}"))
            .collect()
    }

    fn cost(&self) -> Option<String> {
        let (spent, limit) = (self.run.spent(), self.run.limit());
        (spent > 0).then(|| format!("{} of {} USD", dollars(spent), dollars(limit)))
    }
}

/// The exchange stands with every opinion that it brought, its tokens and cost with the first alone, so that sums are right.
fn with_exchange(mut opinions: Vec<Opinion>, exchange: Option<Exchange>) -> Vec<Opinion> {
    let Some(exchange) = exchange else {
        return opinions;
    };
    let mut costs = true;
    for opinion in &mut opinions {
        match &mut opinion.exchange {
            // Asked again in halves: what the failed question cost is added to the first.
            Some(own) if costs => {
                own.nanodollars = own.nanodollars.saturating_add(exchange.nanodollars);
                own.tokens_in = own.tokens_in.saturating_add(exchange.tokens_in);
                own.tokens_cached = own.tokens_cached.saturating_add(exchange.tokens_cached);
                own.tokens_out = own.tokens_out.saturating_add(exchange.tokens_out);
                own.tries = own.tries.saturating_add(1).saturating_add(exchange.tries);
            }
            Some(_) => {}
            none if costs => *none = Some(exchange.clone()),
            none => {
                *none = Some(Exchange {
                    nanodollars: 0,
                    tokens_in: 0,
                    tokens_cached: 0,
                    tokens_out: 0,
                    tries: 0,
                    ..exchange.clone()
                });
            }
        }
        costs = false;
    }
    opinions
}
