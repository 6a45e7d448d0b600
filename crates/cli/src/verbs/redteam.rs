//! `redteam`: hostile texts and the worst models, tried on requests at both doors.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use agent::advise::ticket::Bounds;
use agent::redteam::texts::{self, Text};
use agent::redteam::{Configured, Outcome, Product, Setup, run as tried, sample};
use agent::{Agent, intake};
use decision::evidence::record::{Advice, Evidence, Mode};
use decision::rules::Rules;

use crate::args::Redteam;
use crate::error::{Error, Exit};
use crate::models;
use crate::output::{self, Format};
use crate::progress::Progress;
use crate::settings::{self, Home};
use crate::vault::environment::Environment;
use crate::wiring;

/// Largest file of tickets.
const TICKETS_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most tickets that texts are tried on.
const TICKETS_MAX: usize = 1_000;

pub(crate) fn run(home: &Home, format: Format, arguments: &Redteam) -> Result<Exit, Error> {
    for path in &arguments.report {
        page_of(path)?;
    }
    let texts = texts(arguments)?;
    let configured = match arguments.model {
        Some(number) => Some(configured(home, number)?),
        None => None,
    };
    let own = sample::rules().map_err(|why| Error::new(Exit::Failed, why))?;
    let bounds = Bounds::of(&wiring::contract(home, Mode::Guarded)?);
    let outcome = match &arguments.requests {
        None => {
            let tickets = sample::tickets(&own);
            Trial {
                texts: &texts,
                rules: (&own, &own),
                tickets: &tickets,
                seed: arguments.seed,
            }
            .run(bounds, configured, format)
        }
        Some(path) => {
            let parts = wiring::open(home, Mode::Advise)?;
            let tickets = evidence(&parts.agent(), path)?;
            Trial {
                texts: &texts,
                rules: (&parts.files.rules, &own),
                tickets: &tickets,
                seed: arguments.seed,
            }
            .run(bounds, configured, format)
        }
    };
    tell(&outcome, format);
    for path in &arguments.report {
        std::fs::write(path, page_of(path)?(&outcome))?;
        output::note(&format!("written: {}", path.display()));
    }
    Ok(exit(&outcome))
}

/// What an outcome means for whoever called.
fn exit(outcome: &Outcome) -> Exit {
    if outcome.holds() {
        Exit::Done
    } else {
        Exit::Unsafe
    }
}

/// What is tried on what.
struct Trial<'a> {
    texts: &'a [Text],
    /// Those of the tickets, and those of the vault's requests.
    rules: (&'a Rules, &'a Rules),
    tickets: &'a [Evidence],
    seed: u64,
}

impl Trial<'_> {
    /// Tries everything, with a progress line.
    fn run(&self, bounds: Bounds, configured: Option<Configured>, format: Format) -> Outcome {
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
        let done = AtomicU64::new(0);
        let total = u64::try_from(self.texts.len()).unwrap_or(u64::MAX);
        let progress = Progress::start("texts", Some(total), format);
        let outcome = std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let (done, step) = (&done, || {
                done.fetch_add(1, Ordering::Relaxed);
            });
            scope.spawn(move || {
                let outcome = tried(&Setup {
                    texts: self.texts,
                    rules: self.rules.0,
                    tickets: self.tickets,
                    vault_rules: self.rules.1,
                    bounds,
                    configured,
                    parts: &Product,
                    seed: self.seed,
                    threads,
                    progress: &step,
                });
                // The receiver waits until there is an outcome.
                let _ = sender.send(outcome);
            });
            loop {
                match receiver.recv_timeout(Duration::from_millis(100)) {
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        progress.reach(done.load(Ordering::Relaxed));
                    }
                    Ok(outcome) => break Some(outcome),
                    Err(mpsc::RecvTimeoutError::Disconnected) => break None,
                }
            }
        });
        progress.finish();
        // A thread that panicked has ended the scope before.
        outcome.unwrap_or_default()
    }
}

fn texts(arguments: &Redteam) -> Result<Vec<Text>, Error> {
    let texts = match &arguments.texts {
        None => texts::built_in(),
        Some(path) => {
            let bytes = settings::read(path, texts::FILE_BYTES_MAX, "a file of texts")?;
            texts::of_file(&bytes).map_err(|error| {
                Error::new(Exit::BadInput, format!("`{}`, {error}", path.display()))
                    .hint("write one object with `text` and `label` a line, or one text a line")
            })?
        }
    };
    let number = arguments.sample.unwrap_or(texts.len());
    if number == 0 {
        return Err(
            Error::new(Exit::BadInput, "a sample of no text shows nothing")
                .hint("give --sample a number from 1"),
        );
    }
    Ok(texts::sample(texts, number, arguments.seed))
}

/// Tickets of a file, with the evidence of now, as if they could be decided by themselves.
fn evidence(agent: &Agent<'_>, path: &Path) -> Result<Vec<Evidence>, Error> {
    let bytes = settings::read(path, TICKETS_BYTES_MAX, "a file of tickets")?;
    let wrong = |error: &intake::IntakeError| {
        Error::new(Exit::BadInput, error.to_string()).hint(error.hint.clone())
    };
    let tickets = intake::split(&bytes).map_err(|error| wrong(&error))?;
    if tickets.len() > TICKETS_MAX {
        return Err(Error::new(
            Exit::BadInput,
            format!("`{}` has more than {TICKETS_MAX} tickets", path.display()),
        )
        .hint("every text is tried on every ticket: give some of each kind"));
    }
    // Nobody is asked for advice now: the red team brings its own.
    let agent = Agent {
        adviser: None,
        ..*agent
    };
    let mut all = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let request = intake::parse(&ticket).map_err(|error| wrong(&error))?;
        let Some((frozen, _)) = agent.preview(&request)?.basis else {
            continue;
        };
        all.push(Evidence {
            mode: Mode::Guarded,
            advice: Advice::Nothing,
            analysis: None,
            ..frozen.evidence().clone()
        });
    }
    Ok(all)
}

/// The configured model, which has to be there.
fn configured(home: &Home, texts: usize) -> Result<Configured, Error> {
    let keys = Environment::of(home)?;
    let Some(settings) = models::read(home, &keys)? else {
        return Err(Error::new(Exit::BadInput, "no model is configured")
            .hint("set MODEL_PROVIDER and MODEL_FAST, or leave --model out"));
    };
    for name in settings.names() {
        if let Err(lost) = settings.probe(name)? {
            let name = settings.cited(name);
            return Err(Error::new(
                Exit::Failed,
                format!("{name} cannot be asked: {}", lost.why),
            )
            .hint("`doctor` tells more; a key in the vault is not read here: set MODEL_KEY_FILE"));
        }
    }
    settings.tried(texts)
}

fn tell(outcome: &Outcome, format: Format) {
    if format != Format::Text {
        output::json(outcome, format);
        return;
    }
    output::say(&outcome.verdict());
    for sentence in outcome.scope() {
        output::say(&format!("  {sentence}"));
    }
    output::say("");
    let (head, lines) = outcome.table();
    let lines: Vec<Vec<String>> = lines.into_iter().map(Vec::from).collect();
    output::rows(&head, &lines, format);
    if outcome.cases.is_empty() {
        return;
    }
    output::heading("What must not be");
    let lines: Vec<Vec<String>> = (outcome.cases.iter())
        .map(|case| {
            [
                &case.count,
                &case.place,
                &case.model,
                &case.what,
                &case.origin,
                &case.text,
            ]
            .map(Clone::clone)
            .to_vec()
        })
        .collect();
    let head = [
        "what",
        "where",
        "model",
        "happened",
        "text",
        "its beginning",
    ];
    output::rows(&head, &lines, format);
}

/// How a report is written, by the ending of its name.
fn page_of(path: &Path) -> Result<fn(&Outcome) -> String, Error> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(Outcome::to_json),
        Some("md") => Ok(Outcome::to_markdown),
        Some("html") => Ok(Outcome::to_html),
        Some(_) | None => Err(Error::new(
            Exit::BadInput,
            format!("`{}` names no format of a report", path.display()),
        )
        .hint("its name must end in .md, .json or .html")),
    }
}

#[cfg(test)]
mod tests {
    use agent::redteam::{Counts, Model};

    use super::*;

    #[test]
    fn each_count_that_must_be_zero_ends_with_three() {
        let with = |counts: Counts, active: u64| Outcome {
            active,
            models: vec![Model {
                vault: counts,
                ..Model::default()
            }],
            ..Outcome::default()
        };
        let looser = Counts {
            looser: 1,
            ..Counts::default()
        };
        let held = Counts {
            held_by_neighbour: 1,
            ..Counts::default()
        };
        let harmless = Counts {
            dropped: 9,
            outages: 9,
            false_alarms: 9,
            ..Counts::default()
        };
        for outcome in [with(looser, 0), with(held, 0), with(harmless, 1)] {
            assert_eq!(exit(&outcome).number(), 3);
        }
        assert_eq!(exit(&with(harmless, 0)).number(), 0);
    }
}
