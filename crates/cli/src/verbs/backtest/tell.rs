//! What a backtest found, on a screen and in files.

use std::path::Path;

use governance::backtest::{Comparison, Measure, Report, percent};

use crate::error::{Error, Exit};
use crate::output::{self, Format};

/// Most requests, blockers and examples that are shown.
const SHOWN_MAX: usize = 10;

pub(super) fn report(report: &Report, explain: bool, format: Format) {
    if format != Format::Text {
        output::json(report, format);
        return;
    }
    rows(report);
    figures(report, explain);
    if explain {
        explained(report);
    }
    breaches(report);
}

/// What became of the rows, where not all of them count.
fn rows(report: &Report) {
    let rows = report.rows;
    let mut text = format!("{} requests judged", rows.judged);
    for (count, what) in [
        (rows.broken, "could not be read"),
        (rows.out_of_range, "outside the range"),
        (rows.undated, "without a time"),
        (rows.future, "in the future"),
        (rows.without_holdings, "judged without holdings"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    output::say(&text);
    for broken in report.broken_rows.iter().take(SHOWN_MAX) {
        let input = usize::try_from(broken.place.input).unwrap_or(usize::MAX);
        let name = report.inputs.get(input).map_or("", String::as_str);
        output::note(&format!("{name}:{}: {}", broken.place.row, broken.problem));
    }
}

fn line(name: &str, measure: &Measure) -> Vec<String> {
    match (measure.share, measure.interval) {
        (Some(share), Some([low, high])) => vec![
            name.to_owned(),
            percent(share),
            format!("{} of {}", measure.numerator, measure.denominator),
            format!("{} to {}", percent(low), percent(high)),
        ],
        _ => vec![
            name.to_owned(),
            "not measurable".to_owned(),
            measure.not_measurable.clone().unwrap_or_default(),
            String::new(),
        ],
    }
}

fn figures(report: &Report, explain: bool) {
    let zero = &report.must_be_zero;
    let mut lines: Vec<Vec<String>> = (report.decisions.iter())
        .map(|decision| line(&decision.decision, &decision.share))
        .collect();
    for (name, measure) in [
        ("dangerous access granted", &zero.privileged_grants),
        ("conflicts granted", &zero.conflicting_grants),
        ("agreement with owners", &report.agreement),
        ("least privilege", &report.least_privilege),
        ("over-provisioning", &report.over_provisioning),
        ("conflicts: precision", &report.conflict_precision),
        ("conflicts: recall", &report.conflict_recall),
        ("escalation rate", &report.escalation_rate),
        ("escalation: precision", &report.escalation_precision),
        ("escalation: recall", &report.escalation_recall),
    ] {
        lines.push(line(name, measure));
    }
    output::rows(
        &["figure", "share", "requests", "95 % interval"],
        &lines,
        Format::Text,
    );
    if explain && let Some(latency) = &report.latency {
        output::say(&format!(
            "  one decision: p50 {} ns, p99 {} ns, {} timed",
            latency.p50_ns, latency.p99_ns, latency.samples
        ));
    }
}

fn explained(report: &Report) {
    let names: Vec<String> = (report.decisions.iter())
        .map(|own| own.decision.clone())
        .collect();
    if !report.confusion.is_empty() {
        output::heading("What owners decided, and what the policy would have");
        let mut head = vec!["owner"];
        head.extend(names.iter().map(String::as_str));
        let lines: Vec<Vec<String>> = (report.confusion.iter())
            .map(|line| {
                let counts = line.ours.iter().map(u64::to_string);
                std::iter::once(line.owner.clone()).chain(counts).collect()
            })
            .collect();
        output::rows(&head, &lines, Format::Text);
    }
    output::heading("What keeps requests from being granted");
    let most = report
        .blockers
        .iter()
        .map(|own| own.only)
        .max()
        .unwrap_or(1)
        .max(1);
    let lines: Vec<Vec<String>> = (report.blockers.iter())
        .take(SHOWN_MAX)
        .map(|blocker| {
            let width = usize::try_from(blocker.only.saturating_mul(20) / most).unwrap_or(20);
            vec![
                blocker.finding.clone(),
                blocker.only.to_string(),
                blocker.seen.to_string(),
                "█".repeat(width),
            ]
        })
        .collect();
    output::rows(&["finding", "alone", "at all", ""], &lines, Format::Text);
    output::paragraph("  ", &report.assumptions);
}

/// The requests that must not have been granted.
fn breaches(report: &Report) {
    let requests = &report.must_be_zero.requests;
    if requests.is_empty() {
        return;
    }
    output::heading("Must never be granted automatically, and would be");
    let lines: Vec<Vec<String>> = (requests.iter())
        .take(SHOWN_MAX)
        .map(|breach| {
            let mut why = Vec::new();
            for (is, what) in [
                (breach.is_privileged, "dangerous"),
                (breach.is_conflict, "conflict"),
                (breach.is_conflict_to_the_owner, "conflict, says the owner"),
            ] {
                if is {
                    why.push(what);
                }
            }
            vec![
                breach.request_id.clone(),
                breach.requester.clone(),
                breach.access.clone(),
                why.join(", "),
            ]
        })
        .collect();
    output::rows(
        &["request", "requester", "access", "why"],
        &lines,
        Format::Text,
    );
}

pub(super) fn comparison(found: &Comparison, format: Format) {
    if format != Format::Text {
        output::json(found, format);
        return;
    }
    if found.changes() == 0 {
        output::say(&format!(
            "all {} decisions stay as they are",
            found.new.rows.judged
        ));
    }
    for changed in &found.changed {
        output::heading(&format!(
            "{} → {}: {} requests",
            changed.from, changed.to, changed.requests
        ));
        let lines: Vec<Vec<String>> = (changed.examples.iter())
            .take(SHOWN_MAX)
            .map(|example| {
                vec![
                    example.request_id.clone(),
                    example.requester.clone(),
                    example.access.clone(),
                    example.stopped_before.unwrap_or("–").to_owned(),
                    example.stopped_now.unwrap_or("–").to_owned(),
                ]
            })
            .collect();
        let head = [
            "request",
            "requester",
            "access",
            "stopped before by",
            "stopped now by",
        ];
        output::rows(&head, &lines, Format::Text);
    }
    breaches(&found.new);
}

/// Writes the report in the format that the ending of the name tells.
pub(super) fn write(report: &Report, path: &Path) -> Result<(), Error> {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    let text = match ending {
        "json" => report.to_json(),
        "md" => report.to_markdown(),
        "html" => report.to_html(),
        _ => {
            return Err(Error::new(
                Exit::BadInput,
                format!("`{}` names no format of a report", path.display()),
            )
            .hint("its name must end in .md, .json or .html"));
        }
    };
    std::fs::write(path, text)?;
    output::note(&format!("written: {}", path.display()));
    Ok(())
}
