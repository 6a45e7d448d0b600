//! The one mail of a run: which sections it has, as HTML in a template and as plain text.

mod page;
mod plain;
mod template;

use decision::vault::Status;
use ports::mail::Letter;

pub use template::{Template, TemplateError};

use crate::cycle::record::{ActionOutcome, ActionTold, Closing, Entry};
use crate::report::run::{Overview, phrases};
use crate::report::text::{count, visible};

/// Most actions that a mail lists; the report has all of them.
pub(crate) const ACTIONS_MAX: usize = 100;

/// Longest subject, in characters.
const SUBJECT_MAX: usize = 150;

/// Which alerts are switched on. With none there is no mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// `ALERT_ON_RUN_SUMMARY`: how many were approved, rejected, closed, left alone, and what went wrong.
    pub run_summary: bool,
    /// `ALERT_ON_HIGH_RISK`: the first requests of high or critical risk.
    pub high_risk: bool,
    /// `ALERT_ON_ANOMALY`: how often each anomaly was found.
    pub anomaly: bool,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            run_summary: true,
            high_risk: true,
            anomaly: true,
        }
    }
}

impl Alerts {
    /// Whether there is a mail at all.
    #[must_use]
    pub fn any(self) -> bool {
        self.run_summary || self.high_risk || self.anomaly
    }
}

/// The letter of a run; `None` when every alert is switched off. Its id stays the same for the same run of the same vault.
#[must_use]
pub fn letter(
    overview: &Overview,
    closing: &Closing,
    alerts: Alerts,
    template: &Template,
    to: Vec<String>,
) -> Option<Letter> {
    alerts.any().then(|| Letter {
        id: id(overview),
        to,
        subject: subject(overview),
        html: page::write(overview, closing, alerts, template),
        text: plain::write(overview, closing, alerts),
    })
}

/// The addresses of `ALERT_RECIPIENT_EMAILS`: separated by commas, each once, in order.
#[must_use]
pub fn recipients(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(one)) {
            all.push(one.to_owned());
        }
    }
    all
}

fn id(overview: &Overview) -> String {
    let vault: String = overview
        .header
        .vault
        .chars()
        .take(60)
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    format!("vault-report-{}-{vault}", overview.header.name)
}

fn subject(overview: &Overview) -> String {
    let summary = &overview.summary;
    let mut parts = vec![format!(
        "{} critical, {} high of {}",
        count(summary.risks.critical),
        count(summary.risks.high),
        count(summary.requests)
    )];
    let told = summary.actions.told();
    parts.extend(
        told.iter()
            .map(|(name, number)| format!("{} {name}", count(*number))),
    );
    if !overview.header.run.listing.complete {
        parts.push("incomplete list".to_owned());
    }
    let vault = visible(&overview.header.vault, 60);
    let subject = format!("[{vault}] Access requests: {}", parts.join(", "));
    visible(&subject, SUBJECT_MAX)
}

/// The counts that `ALERT_ON_RUN_SUMMARY` asks for; those of the guide always, the others when they are not zero.
fn action_counts(overview: &Overview) -> Vec<(String, u64)> {
    let actions = overview.summary.actions;
    let mut counts = vec![
        ("Approved".to_owned(), actions.approved),
        ("Rejected".to_owned(), actions.rejected),
        ("Closed".to_owned(), actions.closed),
        ("Skipped".to_owned(), overview.summary.skipped()),
        ("Errors".to_owned(), actions.errors()),
    ];
    let more = [
        ("planned", actions.planned),
        ("declined", actions.declined),
        ("changed", actions.changed),
        ("done by somebody else", actions.by_another),
        ("parked", actions.parked),
    ];
    for (name, number) in more.into_iter().filter(|(_, number)| *number > 0) {
        counts.push((phrases::capital(name), number));
    }
    counts
}

/// Actions that left the planning: done, or tried.
fn taken(closing: &Closing) -> Vec<&ActionTold> {
    let tried = |told: &&ActionTold| match told.outcome {
        ActionOutcome::Planned | ActionOutcome::Declined => false,
        ActionOutcome::Done
        | ActionOutcome::DoneAtThisLevel
        | ActionOutcome::Changed
        | ActionOutcome::ByAnother
        | ActionOutcome::Refused
        | ActionOutcome::Unknown
        | ActionOutcome::Parked => true,
    };
    closing.actions.iter().filter(tried).collect()
}

/// What an analyst says of a request, or why it was left alone when none said anything.
fn summary_of(entry: &Entry) -> String {
    let said = entry.evidence.opinion.as_ref();
    let said = said
        .map(|opinion| opinion.summary.trim())
        .filter(|said| !said.is_empty());
    match (said, &entry.because) {
        (Some(said), _) => said.to_owned(),
        (None, Some(why)) => why.clone(),
        (None, None) => "nobody scored it".to_owned(),
    }
}

fn flags(entry: &Entry) -> String {
    let names: Vec<&str> = entry
        .anomalies
        .iter()
        .map(|(anomaly, _)| anomaly.name())
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn status_of(entry: &Entry) -> &'static str {
    let status: &Status = &entry.evidence.request.status;
    status.name()
}
