//! What every form of the report says in the same words.

use decision::evidence::record::LogState;
use decision::vault::run::{Attendance, Listing};
use decision::vault::{Anomaly, Run};

use super::Overview;
use super::calendar::utc;
use super::summary::{Risks, Summary};
use super::told::{Lines, Words};
use crate::cycle::record::Closing;
use crate::report::text::{count, many};

/// Most remarks that are repeated.
const REMARKS_MAX: usize = 100;

/// What the run came to, in a sentence or two.
pub(crate) fn verdict(overview: &Overview) -> String {
    let summary = &overview.summary;
    let done: Vec<String> = summary
        .actions
        .told()
        .into_iter()
        .map(|(name, number)| format!("{} {name}", count(number)))
        .collect();
    let done = if done.is_empty() {
        "nothing done".to_owned()
    } else {
        done.join(", ")
    };
    format!(
        "{} analysed: {}. {}; {} left alone.",
        many(summary.requests, "request", "requests"),
        risks(summary.risks),
        capital(&done),
        count(summary.skipped())
    )
}

/// `2 critical, 5 high, 1 medium, 9 low`.
pub(crate) fn risks(risks: Risks) -> String {
    let each = risks.from_critical();
    let each = each.map(|(risk, number)| format!("{} {}", count(number), risk.vault_name()));
    each.join(", ")
}

/// What somebody should look at, remarks of the run included.
pub(crate) fn warnings(overview: &Overview, closing: &Closing) -> Vec<String> {
    let run = &overview.header.run;
    let actions = overview.summary.actions;
    let stated = [
        (
            !run.listing.complete,
            "the list of requests is incomplete, so nothing was done on it",
        ),
        (
            run.log == LogState::Broken,
            "the log does not verify, so nothing was done",
        ),
        (
            run.stopped,
            "the kill switch is on: nothing is approved or rejected",
        ),
        (
            run.policy != run.active_policy,
            "another policy is in force than the one that was loaded",
        ),
        (
            actions.unknown > 0,
            "what became of some actions is not known; the next run looks",
        ),
        (actions.refused > 0, "the vault refused some actions"),
    ];
    let mut warnings: Vec<String> = stated
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, text)| text.to_owned())
        .collect();
    if let Some(why) = &run.model_lost {
        warnings.push(format!(
            "the configured model has no say in this run: {why}"
        ));
    }
    warnings.extend(closing.remarks.iter().take(REMARKS_MAX).cloned());
    warnings
}

/// When, what and under which settings.
pub(crate) fn scope(overview: &Overview, closing: &Closing) -> Lines {
    let (header, run) = (&overview.header, &overview.header.run);
    let settings = &run.settings;
    let seconds = closing.finished.seconds().saturating_sub(run.at.seconds());
    let took = many(u64::try_from(seconds).unwrap_or(0), "second", "seconds");
    let name = |text: &str| Words::Name(text.to_owned());
    let mut scope = vec![
        ("Vault", name(&header.vault)),
        ("Run", Words::Ours(format!("{}, {took}", utc(run.at)))),
        (
            "Window",
            Words::Ours(many(u64::from(settings.lookback_days), "day", "days")),
        ),
        ("Mode", Words::Ours(attendance(run).to_owned())),
        ("Switched on", Words::Ours(switches(run))),
        ("Analyst", name(&header.analyst)),
        ("Engine", name(&header.engine)),
        ("Policy", name(&run.policy)),
    ];
    if let Some(cost) = &closing.cost {
        scope.push(("Model cost", Words::Ours(cost.clone())));
    }
    if let Some(leaf) = closing.leaf {
        let leaf = format!("its digest is leaf {} of the log", count(leaf));
        scope.push(("Record", Words::Ours(leaf)));
    }
    scope
}

fn attendance(run: &Run) -> &'static str {
    match run.attendance {
        Attendance::Asked => "a person was asked before each action",
        Attendance::Autonomous => "unattended (AUTONOMOUS_MODE)",
        Attendance::Planning => "planning only: nothing is sent to the vault",
    }
}

fn switches(run: &Run) -> String {
    let settings = &run.settings;
    let stale = format!("close after {} days", settings.stale_days);
    let on: Vec<String> = [
        (
            settings.approve,
            format!("approve up to {}", settings.approve_at_most.vault_name()),
        ),
        (
            settings.reject,
            format!("reject from {}", settings.reject_at_least.vault_name()),
        ),
        (settings.close, stale),
    ]
    .into_iter()
    .filter(|(is_on, _)| *is_on)
    .map(|(_, text)| text)
    .collect();
    if on.is_empty() {
        "nothing: every action is off".to_owned()
    } else {
        on.join(", ")
    }
}

/// How the list was read.
pub(crate) fn listing(listing: &Listing) -> Vec<String> {
    let said = listing.total.map_or_else(
        || "the vault does not say how many there are".to_owned(),
        |total| format!("the vault says that there are {}", count(total)),
    );
    let mut told = vec![
        format!(
            "{} read; {said}.",
            many(listing.read, "request", "requests")
        ),
        if listing.complete {
            "Nothing is known to be missing.".to_owned()
        } else {
            "It is incomplete, so nothing was done on it.".to_owned()
        },
    ];
    if listing.unreadable > 0 {
        told.push(format!(
            "{} without id, status or time: never acted upon.",
            many(listing.unreadable, "row", "rows")
        ));
    }
    told.extend(listing.remarks.iter().take(REMARKS_MAX).cloned());
    told
}

/// What is in no table of what was left alone.
pub(crate) fn over(summary: &Summary) -> String {
    let own = if summary.own > 0 {
        format!(
            " {} by the agent's own user, in no figure about people.",
            are(summary.own)
        )
    } else {
        String::new()
    };
    format!(
        "{} over (completed, rejected) or of an unknown status, {} approved and in use.{own}",
        are(summary.over),
        summary.in_use
    )
}

fn are(number: u64) -> String {
    format!(
        "{} {}",
        many(number, "request", "requests"),
        if number == 1 { "is" } else { "are" }
    )
}

/// The points of an anomaly in words.
pub(crate) fn points(anomaly: Anomaly) -> String {
    match anomaly.points() {
        0 => "those of the class".to_owned(),
        points => points.to_string(),
    }
}

/// With a capital letter.
pub(crate) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), characters.as_str())
}
