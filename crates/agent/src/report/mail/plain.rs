//! The mail as plain text, with the same sections.

use std::fmt::Write as _;

use super::{ACTIONS_MAX, Alerts, action_counts, flags, status_of, summary_of, taken};
use crate::cycle::record::Closing;
use crate::report::run::{Overview, phrases, stem, utc};
use crate::report::text::{count, many, visible};

const NAME_MAX: usize = 80;
const TEXT_MAX: usize = 400;
const WARNINGS_MAX: usize = 20;

pub(super) fn write(overview: &Overview, closing: &Closing, alerts: Alerts) -> String {
    let (header, summary) = (&overview.header, &overview.summary);
    let mut text = format!(
        "Access requests of {}\n{}, the last {}, {}\n",
        visible(&header.vault, NAME_MAX),
        utc(header.run.at),
        many(u64::from(header.run.settings.lookback_days), "day", "days"),
        many(summary.requests, "request", "requests")
    );
    for warning in phrases::warnings(overview, closing)
        .iter()
        .take(WARNINGS_MAX)
    {
        let _ = writeln!(text, "! {}", visible(warning, TEXT_MAX));
    }
    heading(&mut text, "Risk");
    for (risk, number) in summary.risks.from_critical() {
        let _ = writeln!(
            text,
            "{}: {}",
            phrases::capital(risk.vault_name()),
            count(number)
        );
    }
    if alerts.run_summary {
        heading(&mut text, "Actions");
        for (name, number) in action_counts(overview) {
            let _ = writeln!(text, "{name}: {}", count(number));
        }
    }
    let taken = taken(closing);
    if !taken.is_empty() {
        heading(&mut text, "Actions taken");
    }
    for told in taken.iter().take(ACTIONS_MAX) {
        let _ = writeln!(
            text,
            "* {}: {}, {} risk: {} for {}\n  {}",
            told.action,
            told.outcome.name(),
            told.risk.vault_name(),
            visible(&told.asset_name, NAME_MAX),
            visible(&told.requester, NAME_MAX),
            visible(&told.comment, TEXT_MAX)
        );
    }
    if taken.len() > ACTIONS_MAX {
        let _ = writeln!(
            text,
            "{} more: see the report",
            count(taken.len() - ACTIONS_MAX)
        );
    }
    if alerts.high_risk && !overview.worst.is_empty() {
        high_risk(&mut text, overview);
    }
    if alerts.anomaly && !summary.anomalies.is_empty() {
        heading(&mut text, "Anomalies");
        for (anomaly, number) in &summary.anomalies {
            let _ = writeln!(text, "{}: {}", anomaly.name(), count(*number));
        }
    }
    let _ = writeln!(
        text,
        "\nEnded {}. The whole report: {}.html, beside the agent. access-request-agent {}",
        utc(closing.finished),
        stem(&header.name),
        visible(&header.engine, NAME_MAX)
    );
    text
}

fn high_risk(text: &mut String, overview: &Overview) {
    heading(text, "High and critical risk");
    for entry in &overview.worst {
        let request = &entry.evidence.request;
        let _ = writeln!(
            text,
            "* {}: {} for {} ({})\n  {}\n  Anomalies: {}",
            entry.risk.vault_name(),
            visible(&request.asset_name, NAME_MAX),
            visible(&request.requester, NAME_MAX),
            status_of(entry),
            visible(&summary_of(entry), TEXT_MAX),
            flags(entry)
        );
    }
    let shown = u64::try_from(overview.worst.len()).unwrap_or(u64::MAX);
    let more = overview.summary.high_or_critical().saturating_sub(shown);
    if more > 0 {
        let _ = writeln!(text, "{} more: see the report", count(more));
    }
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{title}\n{}", "-".repeat(title.len()));
}
