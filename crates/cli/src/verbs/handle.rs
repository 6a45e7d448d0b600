//! `handle`: tickets in, decisions out.

use std::io::Read as _;
use std::path::Path;

use agent::report::Card;
use agent::ruling::Handled;
use agent::{Agent, intake};
use decision::request::Request;

use super::{finish, mode};
use crate::args::Handle;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::settings::{self, Home};
use crate::vault::kept::Asks;
use crate::wiring;

/// Largest file of tickets.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Tickets that share a commit.
const GROUP: usize = 128;

pub(crate) fn run(home: &Home, format: Format, arguments: &Handle) -> Result<Exit, Error> {
    let bytes = read(&arguments.file)?;
    let texts = intake::split(&bytes)
        .map_err(|error| Error::new(Exit::BadInput, error.to_string()).hint(error.hint))?;
    drop(bytes);
    let (mut requests, mut worst) = (Vec::new(), Exit::Done);
    let many = texts.len() > 1;
    for (number, text) in texts.into_iter().enumerate() {
        match intake::parse(&text) {
            Ok(request) => requests.push(request),
            Err(error) => {
                worst = Exit::BadInput;
                let which = if many {
                    format!("ticket {}: ", number + 1)
                } else {
                    String::new()
                };
                output::complain(
                    &Error::new(Exit::BadInput, format!("{which}{error}")).hint(error.hint),
                );
            }
        }
    }
    let asks = if arguments.dry_run {
        Asks::No
    } else {
        Asks::WithoutWaiting
    };
    let parts = wiring::open_with_adviser(home, mode(arguments.mode)?, asks)?;
    let mut shown = Shown {
        format,
        explain: arguments.explain,
        single: !many,
        decisions: Vec::new(),
    };
    while !requests.is_empty() {
        let rest = requests.split_off(requests.len().min(GROUP));
        worst = worse(worst, shown.group(&parts, requests, arguments.dry_run));
        requests = rest;
    }
    shown.end();
    if !arguments.dry_run {
        finish(&parts)?;
    }
    Ok(worst)
}

/// What stops everything is told before what is wrong with one ticket.
fn worse(a: Exit, b: Exit) -> Exit {
    let weight = |exit: Exit| match exit {
        Exit::Done | Exit::PlannedOnly => 0,
        Exit::BadInput | Exit::NotAllowed | Exit::NotFound => 1,
        Exit::Failed | Exit::InUse | Exit::Incomplete => 2,
        Exit::LogBroken | Exit::Unsafe => 3,
    };
    if weight(b) > weight(a) { b } else { a }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    if file != Path::new("-") {
        return settings::read(file, FILE_BYTES_MAX, "a file of tickets");
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(FILE_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::new(
            Exit::BadInput,
            format!("standard input has more than {FILE_BYTES_MAX} bytes"),
        )
        .hint("send the tickets in several goes"));
    }
    Ok(bytes)
}

/// What was printed, or is to be.
struct Shown {
    format: Format,
    explain: bool,
    single: bool,
    decisions: Vec<agent::report::Decision>,
}

impl Shown {
    /// Handles one group; gives the exit code that the worst answer asks for.
    fn group(&mut self, parts: &wiring::Parts, requests: Vec<Request>, dry_run: bool) -> Exit {
        let agent = parts.agent();
        let ids: Vec<String> = requests.iter().map(|request| request.id.clone()).collect();
        let answers = if dry_run {
            requests
                .iter()
                .map(|request| agent.preview(request))
                .collect()
        } else {
            agent.handle(requests)
        };
        let mut worst = Exit::Done;
        for (id, answer) in ids.into_iter().zip(answers) {
            match answer {
                Err(error) => {
                    let mut error = Error::from(error);
                    worst = worse(worst, error.code);
                    error.message = format!("{id}: {}", error.message);
                    output::complain(&error);
                }
                Ok(handled) => {
                    // A card rules on every alternative again: made only for somebody who reads it.
                    let card = if self.explain && self.format == Format::Text {
                        card(&agent, &id, &handled)
                    } else {
                        None
                    };
                    self.show(&handled.decision, card.as_ref());
                }
            }
        }
        worst
    }

    fn show(&mut self, decision: &agent::report::Decision, card: Option<&Card>) {
        match self.format {
            Format::Text if self.explain => {
                if let Some(card) = card {
                    output::card(card, decision.receipt.as_deref());
                }
            }
            Format::Text => output::say(&output::decision_line(decision)),
            Format::Ndjson => output::json(decision, self.format),
            Format::Json => self.decisions.push(decision.clone()),
        }
    }

    fn end(&mut self) {
        if self.format != Format::Json {
            return;
        }
        let mut decisions = std::mem::take(&mut self.decisions);
        match (self.single, decisions.pop()) {
            (true, Some(only)) => output::json(&only, self.format),
            (_, last) => {
                decisions.extend(last);
                output::json(&decisions, self.format);
            }
        }
    }
}

/// The card of a request: of the ruling just made, or of the one that is stored.
fn card(agent: &Agent<'_>, id: &str, handled: &Handled) -> Option<Card> {
    if let Some((frozen, ruling)) = &handled.basis {
        return Some(Card::new(frozen, agent.rules, ruling));
    }
    let shown = agent.shown(id).ok()?;
    Some(Card::new(&shown.frozen, agent.rules, &shown.ruling))
}
