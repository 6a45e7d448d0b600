//! The report as Markdown.

use std::fmt::Write as _;

use super::words::{self, clean, count};
use super::{Reliability, Report};
use crate::backtest::compare::Comparison;
use crate::backtest::measure::percent;

impl Report {
    /// The report as Markdown. Texts of the history stand in code spans, so that they cannot format anything.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut page = format!("# Backtest\n\n{}\n\n", words::verdict(self));
        for sentence in words::scope(self) {
            let _ = writeln!(page, "* {sentence}");
        }
        page.push_str("\n| figure | value | 95 % interval |\n| --- | --- | --- |\n");
        for (name, measure, _) in words::figures(self) {
            let _ = writeln!(
                page,
                "| {name} | {} | {} |",
                words::value(measure),
                words::interval(measure)
            );
        }
        requests(&mut page, self);
        confusion(&mut page, self);
        reliability(&mut page, "Confidence", &self.reliability);
        if !self.model_reliability.buckets.is_empty() {
            reliability(&mut page, "A model's confidence", &self.model_reliability);
            let _ = writeln!(page, "\n{}", words::MODEL_RELIABILITY);
        }
        blockers(&mut page, self);
        broken(&mut page, self);
        let _ = writeln!(page, "\n## Taken for granted\n\n{}", self.assumptions);
        page
    }
}

impl Comparison {
    /// The comparison as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let judged = self.new.rows.judged;
        let mut page = format!(
            "# Policy comparison\n\n{} of {} requests are decided otherwise.\n\n| old \\ new |",
            count(self.changes()),
            count(judged)
        );
        for decision in &self.new.decisions {
            let _ = write!(page, " {} |", decision.decision);
        }
        page.push_str("\n| --- | --- | --- | --- | --- |\n");
        for (decision, line) in self.old.decisions.iter().zip(self.matrix) {
            let cells = line.map(count).join(" | ");
            let _ = writeln!(page, "| {} | {cells} |", decision.decision);
        }
        for changed in &self.changed {
            let _ = writeln!(
                page,
                "\n## {} → {}: {}\n",
                changed.from,
                changed.to,
                count(changed.requests)
            );
            page.push_str("| request | requester | access | stopped before by | stopped now by |\n| --- | --- | --- | --- | --- |\n");
            for example in &changed.examples {
                let _ = writeln!(
                    page,
                    "| {} | {} | {} | {} | {} |",
                    code(&example.request_id),
                    code(&example.requester),
                    code(&example.access),
                    example.stopped_before.unwrap_or("nothing"),
                    example.stopped_now.unwrap_or("nothing")
                );
            }
        }
        for (title, report) in [("old", &self.old), ("new", &self.new)] {
            let _ = writeln!(
                page,
                "\nUnder the {title} policy ({}): {}",
                code(&report.policy),
                words::verdict(report)
            );
        }
        page
    }
}

fn requests(page: &mut String, report: &Report) {
    if report.must_be_zero.requests.is_empty() {
        return;
    }
    page.push_str("\n## Granted and must not have been\n\n| row | request | requester | access | why |\n| --- | --- | --- | --- | --- |\n");
    for breach in &report.must_be_zero.requests {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            code(&words::place(report, breach.place)),
            code(&breach.request_id),
            code(&breach.requester),
            code(&breach.access),
            words::breach(breach)
        );
    }
}

fn confusion(page: &mut String, report: &Report) {
    page.push_str("\n## Owners and rules\n\n| owner \\ rules |");
    for decision in &report.decisions {
        let _ = write!(page, " {} |", decision.decision);
    }
    page.push_str("\n| --- | --- | --- | --- | --- |\n");
    for line in &report.confusion {
        let _ = writeln!(
            page,
            "| {} | {} |",
            line.owner,
            line.ours.map(count).join(" | ")
        );
    }
}

fn reliability(page: &mut String, title: &str, reliability: &Reliability) {
    let error = reliability.expected_calibration_error;
    let error = error.map_or_else(|| "not measurable".to_owned(), percent);
    let _ = writeln!(
        page,
        "\n## {title}\n\nExpected calibration error: {error}.\n"
    );
    page.push_str("| stated | mean | owner agreed |\n| --- | --- | --- |\n");
    for bucket in &reliability.buckets {
        let _ = writeln!(
            page,
            "| {:.1} to {:.1} | {:.3} | {} |",
            bucket.from, bucket.to, bucket.stated, bucket.agreement
        );
    }
}

fn blockers(page: &mut String, report: &Report) {
    page.push_str("\n## What keeps requests from being granted\n\n| finding | alone | found on |\n| --- | --- | --- |\n");
    for blocker in &report.blockers {
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            blocker.finding,
            count(blocker.only),
            count(blocker.seen)
        );
    }
}

fn broken(page: &mut String, report: &Report) {
    if report.broken_rows.is_empty() {
        return;
    }
    page.push_str("\n## Broken rows\n\n| row | problem |\n| --- | --- |\n");
    for broken in &report.broken_rows {
        let _ = writeln!(
            page,
            "| {} | {} |",
            code(&words::place(report, broken.place)),
            code(&broken.problem)
        );
    }
}

/// Text as a code span in a cell: without what ends either.
fn code(text: &str) -> String {
    format!("`{}`", clean(text).replace('`', "'").replace('|', "\u{a6}"))
}
