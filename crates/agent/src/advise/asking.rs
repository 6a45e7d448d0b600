//! Asking a model with manners: the money is there before the call, what may be tried again is tried again, no more go out at once
//! than agreed, and a provider in trouble is left alone for a while.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use decision::evidence::analysis::{Exchange, Fault};
use ports::model::{Answer, Call, Model, ModelError, Price, Reason, Stop, Turn, Usage};

use super::budget::Budget;
use super::text::plain;
use crate::replay::hex;

/// Most tries of one call.
pub const TRIES_MAX: u32 = 3;
/// Questions in a row that failed, after which the model is left alone.
const FAILURES_MAX: u32 = 5;
/// For how long it is left alone.
const REST: Duration = Duration::from_secs(60);
/// For how long, when only the operator can mend it: a wrong key, no money, no such model.
const LONG_REST: Duration = Duration::from_secs(15 * 60);
/// Longest reason that is kept, in characters.
const WHY_CHARACTERS_MAX: usize = 300;
/// Longest name of a model and id of an exchange that is kept, in characters.
const NAME_CHARACTERS_MAX: usize = 100;
/// The longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Bytes for what a provider adds to a call by itself: roles, separators, the instructions for tools.
const OVERHEAD_BYTES: usize = 4_096;

/// A model, and the manners of asking it. One for each model of a process.
pub struct Asking {
    model: Box<dyn Model>,
    wait: fn(Duration),
    seats: Seats,
    circuit: Mutex<Circuit>,
}

/// Why there is no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The finding.
    pub fault: Fault,
    /// In words.
    pub why: String,
    /// Whether a smaller question may fare better.
    pub smaller_may_help: bool,
}

/// What one question came to.
#[derive(Debug)]
pub struct Asked {
    /// The answer, or why there is none.
    pub answer: Result<Answer, Failed>,
    /// For the record; `None` when nothing was sent.
    pub exchange: Option<Exchange>,
}

#[derive(Debug, Default)]
struct Circuit {
    failures: u32,
    opened: Option<(Instant, Duration, String)>,
}

impl Asking {
    /// Asks `model`, at most `at_once` calls at the same time. `wait` sleeps between two tries.
    #[must_use]
    pub fn new(model: Box<dyn Model>, at_once: usize, wait: fn(Duration)) -> Self {
        Self {
            model,
            wait,
            seats: Seats::new(at_once.max(1)),
            circuit: Mutex::default(),
        }
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.model.name()
    }

    /// Asks, and pays from all of `budgets`. `prompt` is the name and version of the instructions, for the record.
    pub fn ask(&self, call: &Call<'_>, prompt: &str, budgets: &[&Budget]) -> Asked {
        let Some(price) = self.model.price() else {
            let why = format!("no price is known for {}", self.name());
            return Asked::unsent(Fault::Lost, why);
        };
        if let Some(why) = self.circuit().why_open() {
            return Asked::unsent(Fault::Lost, why);
        }
        let worst = price.worst(
            bytes_of(call).saturating_add(OVERHEAD_BYTES),
            call.output_tokens_max,
        );
        let mut exchange = Exchange {
            model: self.name().to_owned(),
            prompt: prompt.to_owned(),
            output_tokens_max: call.output_tokens_max,
            ..Exchange::default()
        };
        let mut waited = Duration::from_millis(500);
        loop {
            // Whoever waits, for a turn or for the next try, holds neither money nor time.
            let seat = self.seats.take();
            // All budgets or none: what was set aside in some is given back.
            let aside: Vec<_> = budgets
                .iter()
                .map(|budget| budget.set_aside(worst))
                .collect();
            if aside.iter().any(Option::is_none) {
                for own in aside.into_iter().flatten() {
                    own.spend(0);
                }
                let is_late = budgets.iter().any(|own| own.is_over_after(Duration::ZERO));
                let why = if is_late {
                    "the time for asking is over"
                } else {
                    "what may be spent does not cover another call"
                };
                // No question is smaller than its instructions: on money that is gone nothing is cut up.
                let least = price.worst(call.instructions.len().saturating_add(OVERHEAD_BYTES), 0);
                return Asked {
                    answer: Err(Failed {
                        smaller_may_help: !is_late && budgets.iter().all(|own| own.covers(least)),
                        ..Failed::new(Fault::BoundReached, why.to_owned())
                    }),
                    exchange: (exchange.tries > 0).then_some(exchange),
                };
            }
            let aside = aside.into_iter().flatten();
            let answer = self.model.ask(call);
            drop(seat);
            match answer {
                Ok(answer) => {
                    self.circuit().closed();
                    let cost = note(&mut exchange, &answer, &price, call);
                    aside.for_each(|own| own.spend(cost));
                    let answer = usable(answer, call);
                    return Asked {
                        answer,
                        exchange: Some(exchange),
                    };
                }
                Err(error) => {
                    let cost = if error.counted { worst } else { 0 };
                    aside.for_each(|own| own.spend(cost));
                    exchange.nanodollars = exchange.nanodollars.saturating_add(cost);
                    exchange.estimated |= error.counted;
                    exchange.tries = exchange.tries.saturating_add(1);
                    if let Some(asked) = &error.asked {
                        exchange.asked = hex(asked);
                    }
                    let again = error.again_after.filter(|_| exchange.tries < TRIES_MAX);
                    let is_in_time = |wait: &Duration| {
                        *wait <= WAIT_MAX && budgets.iter().all(|own| !own.is_over_after(*wait))
                    };
                    let wait = again.map(|after| after.max(waited)).filter(is_in_time);
                    let Some(wait) = wait else {
                        // One failure for each question: a text that a provider chokes on must not shut out the others.
                        self.circuit().failed(&error);
                        return Asked {
                            answer: Err(Failed::of(&error)),
                            exchange: Some(exchange),
                        };
                    };
                    (self.wait)(wait);
                    waited = waited.saturating_mul(4);
                    // Others may have found meanwhile that it is in trouble.
                    if let Some(why) = self.circuit().why_open() {
                        return Asked {
                            answer: Err(Failed::new(Fault::Lost, why)),
                            exchange: Some(exchange),
                        };
                    }
                }
            }
        }
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn unsent(fault: Fault, why: String) -> Self {
        Self {
            answer: Err(Failed::new(fault, why)),
            exchange: None,
        }
    }
}

impl Failed {
    /// A failure that a smaller question would not mend.
    #[must_use]
    pub fn new(fault: Fault, why: String) -> Self {
        Self {
            fault,
            why,
            smaller_may_help: false,
        }
    }

    fn of(error: &ModelError) -> Self {
        let (fault, smaller_may_help) = match error.reason {
            Reason::Unauthorised
            | Reason::Payment
            | Reason::NotFound
            | Reason::RateLimited
            | Reason::Unreachable => (Fault::Lost, false),
            Reason::Overloaded | Reason::TimedOut | Reason::BadRequest | Reason::TooLarge => {
                (Fault::Lost, true)
            }
            Reason::Filtered => (Fault::Filtered, true),
            Reason::Unreadable => (Fault::Unreadable, true),
        };
        Self {
            fault,
            why: plain(&error.told, WHY_CHARACTERS_MAX),
            smaller_may_help,
        }
    }
}

impl Circuit {
    /// An answer. One that was under way when the circuit opened does not close it.
    fn closed(&mut self) {
        if self.opened.is_none() {
            self.failures = 0;
        }
    }

    fn failed(&mut self, error: &ModelError) {
        let for_good = match error.reason {
            Reason::Unauthorised | Reason::Payment | Reason::NotFound => true,
            Reason::RateLimited
            | Reason::Overloaded
            | Reason::TimedOut
            | Reason::Unreachable
            | Reason::Unreadable => false,
            // These say something of one question, not of the provider.
            Reason::TooLarge | Reason::BadRequest | Reason::Filtered => return,
        };
        self.failures = self.failures.saturating_add(1);
        if for_good || self.failures >= FAILURES_MAX {
            let rest = if for_good { LONG_REST } else { REST };
            let told = plain(&error.told, WHY_CHARACTERS_MAX);
            self.opened = Some((Instant::now(), rest, told));
        }
    }

    /// Why nothing is asked now. After its rest one try goes through, and a single failure opens it again.
    fn why_open(&mut self) -> Option<String> {
        let (since, rest, told) = self.opened.as_ref()?;
        if since.elapsed() >= *rest {
            self.opened = None;
            self.failures = FAILURES_MAX - 1;
            return None;
        }
        Some(format!("the model is left alone after: {told}"))
    }
}

/// Writes down what an answer cost. Where the provider told no usage, the worst case counts.
fn note(exchange: &mut Exchange, answer: &Answer, price: &Price, call: &Call<'_>) -> u64 {
    let told = answer.usage.is_some();
    let usage = answer.usage.unwrap_or_else(|| Usage {
        input: u64::try_from(bytes_of(call).saturating_add(OVERHEAD_BYTES)).unwrap_or(u64::MAX),
        output: u64::from(call.output_tokens_max),
        ..Usage::default()
    });
    let cost = price.of(&usage);
    let read = [usage.input, usage.cache_read, usage.cache_write];
    let another = !answer.model.is_empty() && !exchange.model.ends_with(&answer.model);
    exchange.answered_by = another.then(|| plain(&answer.model, NAME_CHARACTERS_MAX));
    exchange.exchange = (answer.exchange.as_ref()).map(|id| plain(id, NAME_CHARACTERS_MAX));
    exchange.asked = hex(&answer.asked);
    exchange.answered = hex(&answer.answered);
    exchange.tokens_in = read.into_iter().fold(0, u64::saturating_add);
    exchange.tokens_cached = usage.cache_read;
    exchange.tokens_out = usage.output;
    exchange.estimated |= !told;
    exchange.nanodollars = exchange.nanodollars.saturating_add(cost);
    cost
}

/// An answer that came to its end, and that calls tools only where there are some.
fn usable(answer: Answer, call: &Call<'_>) -> Result<Answer, Failed> {
    let failed = |fault, why: &str, smaller_may_help| {
        Err(Failed {
            fault,
            why: why.to_owned(),
            smaller_may_help,
        })
    };
    match answer.stop {
        Stop::Finished | Stop::Tools if !answer.calls.is_empty() && call.tools.is_empty() => {
            failed(
                Fault::OutOfContract,
                "it called a tool where there is none",
                false,
            )
        }
        Stop::Finished | Stop::Tools => Ok(answer),
        Stop::Length => failed(Fault::CutShort, "its answer was cut short", true),
        Stop::Filtered => failed(Fault::Filtered, "the provider filtered its answer", true),
        Stop::Refused => failed(Fault::Refused, "it refused to answer", true),
        Stop::Unknown => failed(Fault::Unreadable, "it does not say why it ended", true),
    }
}

/// Bytes of everything that is sent: no tokeniser makes more tokens than bytes.
fn bytes_of(call: &Call<'_>) -> usize {
    let turns = call.turns.iter().map(|turn| match turn {
        Turn::Ours(text) => text.len(),
        Turn::Model { text, calls } => {
            let calls = calls.iter();
            text.len()
                + calls
                    .map(|own| own.id.len() + own.name.len() + own.arguments.len() + 64)
                    .sum::<usize>()
        }
        Turn::Results(results) => results
            .iter()
            .map(|own| own.id.len() + own.content.len() + 64)
            .sum(),
    });
    let tools = call
        .tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.schema.to_string().len() + 64);
    let form = call.form.map_or(0, |form| form.schema.to_string().len());
    call.instructions.len()
        + turns.map(|bytes| bytes + 64).sum::<usize>()
        + tools.sum::<usize>()
        + form
}

/// Seats for calls at the same time.
struct Seats {
    free: Mutex<usize>,
    left: Condvar,
}

struct Seat<'a>(&'a Seats);

impl Seats {
    fn new(free: usize) -> Self {
        Self {
            free: Mutex::new(free),
            left: Condvar::new(),
        }
    }

    fn take(&self) -> Seat<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.left.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Seat(self)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.left.notify_one();
    }
}
