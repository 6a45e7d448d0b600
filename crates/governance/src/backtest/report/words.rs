//! What every form of the report says in the same words.

use super::Report;
use crate::backtest::measure::{Measure, percent};
use crate::backtest::row::Place;
use crate::backtest::tally::Breach;

/// Longest text of a history that is shown, in characters.
const SHOWN_MAX: usize = 120;

/// What the curve of a model's confidence is about.
pub(super) const MODEL_RELIABILITY: &str = "A model's advice agrees with an owner who approved as asked when it held nothing back, and with any \
other owner when it held something back. Only requests on which somebody decided count: of what was granted by itself nobody knows.";

/// Each figure with its name and what it means.
pub(super) fn figures(report: &Report) -> Vec<(&'static str, &Measure, &'static str)> {
    vec![
        (
            "privileged access granted automatically",
            &report.must_be_zero.privileged_grants,
            "Must be 0. Judged by a second, plain reading of the policy: patterns as text with stars, environment and sensitivity as declared.",
        ),
        (
            "conflicts granted automatically",
            &report.must_be_zero.conflicting_grants,
            "Must be 0. Judged by the same plain reading of the rules over what the person held.",
        ),
        (
            "conflicts granted automatically, to the owner",
            &report.must_be_zero.conflicting_grants_to_the_owner,
            "Must be 0. Judged by the owner: what no rule of the policy names shows here.",
        ),
        (
            "agreement with owners",
            &report.agreement,
            "A denial agrees with DENY and with ESCALATE; everything else with its own kind.",
        ),
        (
            "automatic grants that the owner approved",
            &report.agreement_of_grants,
            "Of those with an owner's decision.",
        ),
        (
            "least privilege",
            &report.least_privilege,
            "Access granted, or offered instead, that is exactly the least that was needed.",
        ),
        (
            "over-provisioning",
            &report.over_provisioning,
            "Access granted, or offered instead, that is more than was needed or something else.",
        ),
        (
            "conflicts: precision",
            &report.conflict_precision,
            "Flagged requests that are conflicts to the owner. Rows with holdings only.",
        ),
        (
            "conflicts: recall",
            &report.conflict_recall,
            "Conflicts to the owner that are flagged. Rows with holdings only.",
        ),
        (
            "escalation rate",
            &report.escalation_rate,
            "Requests that go to a person or are denied.",
        ),
        (
            "escalation: precision",
            &report.escalation_precision,
            "Of those, what the owner passed on or denied.",
        ),
        (
            "escalation: recall",
            &report.escalation_recall,
            "Of what the owner passed on or denied, what goes to a person or is denied.",
        ),
    ]
}

/// Whether what must not happen did.
pub(super) fn verdict(report: &Report) -> String {
    let zero = &report.must_be_zero;
    if report.is_empty() {
        return "There was no row to judge, so this says nothing about the policy.".to_owned();
    }
    if zero.holds() {
        return "No privileged access and no conflict was granted automatically.".to_owned();
    }
    format!(
        "Granted automatically and must not have been: {} privileged, {} in conflict with a rule, {} in conflict to the owner.",
        count(zero.privileged_grants.numerator),
        count(zero.conflicting_grants.numerator),
        count(zero.conflicting_grants_to_the_owner.numerator)
    )
}

/// What was judged and what was not.
pub(super) fn scope(report: &Report) -> Vec<String> {
    let rows = report.rows;
    let mut sentences = vec![format!(
        "{} of {} rows judged, as of {}, under policy {}.",
        count(rows.judged),
        count(rows.read),
        report.as_of,
        report.policy
    )];
    if report.from.is_some() || report.until.is_some() {
        let end = |moment: Option<decision::time::Timestamp>, open: &str| {
            moment.map_or_else(|| open.to_owned(), |moment| moment.to_string())
        };
        let (from, until) = (
            end(report.from, "the beginning"),
            end(report.until, "the end"),
        );
        sentences.push(format!("Range: from {from} until {until}."));
    }
    for (number, words) in [
        (rows.broken, "could not be read; the first are listed below"),
        (rows.out_of_range, "lie outside the range"),
        (rows.undated, "have no time and were left out of the range"),
        (rows.future, "lie in the future and were left out"),
        (
            rows.without_holdings,
            "have no holdings: conflicts are not measurable on them, and the rules escalate them as a fact that could not be read",
        ),
    ] {
        if number > 0 {
            sentences.push(format!("{} rows {words}.", count(number)));
        }
    }
    if let Some(latency) = report.latency {
        sentences.push(format!(
            "A decision took {} (median) and {} (99th percentile), reading not included, on a sample of {}.",
            time(latency.p50_ns),
            time(latency.p99_ns),
            count(latency.samples)
        ));
    }
    sentences
}

/// Why a grant must not have been.
pub(super) fn breach(breach: &Breach) -> String {
    let reasons = [
        (breach.is_privileged, "privileged"),
        (breach.is_conflict, "conflict by a rule"),
        (breach.is_conflict_to_the_owner, "conflict to the owner"),
    ];
    let reasons: Vec<&str> = reasons
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, reason)| reason)
        .collect();
    reasons.join(", ")
}

/// The input and the line or row in it.
pub(super) fn place(report: &Report, place: Place) -> String {
    let input = report
        .inputs
        .get(place.input as usize)
        .map_or("input", String::as_str);
    format!("{input}:{}", place.row)
}

/// The share with its counts, or why there is none.
pub(super) fn value(measure: &Measure) -> String {
    match (measure.share, &measure.not_measurable) {
        (Some(share), _) => {
            let (numerator, denominator) = (count(measure.numerator), count(measure.denominator));
            format!("{} ({numerator} of {denominator})", percent(share))
        }
        (None, reason) => format!(
            "not measurable: {}",
            reason.as_deref().unwrap_or("nothing to measure")
        ),
    }
}

/// The interval, or a dash.
pub(super) fn interval(measure: &Measure) -> String {
    measure.interval.map_or_else(
        || "–".to_owned(),
        |[low, high]| format!("{} to {}", percent(low), percent(high)),
    )
}

/// A number with a comma before each three digits.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (digit, left) in digits.chars().zip((1..=digits.len()).rev()) {
        text.push(digit);
        if left % 3 == 1 && left > 1 {
            text.push(',');
        }
    }
    text
}

fn time(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", nanoseconds as f64 / 1e3),
        _ => format!("{:.1} ms", nanoseconds as f64 / 1e6),
    }
}

/// A text of the history as it can be shown: one line, not endless, hidden and control characters spelled out.
pub(super) fn clean(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN_MAX) {
        if character.is_control() || is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// Characters without a width, and those that turn the direction of text.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_hidden_characters() {
        let numbers = [0, 999, 1_000, 12_345, 1_234_567].map(count);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(clean("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
        assert_eq!(clean(&"x".repeat(200)).chars().count(), SHOWN_MAX + 1);
    }
}
