//! The report as one page of HTML that needs nothing else: no scripts, no fonts, no pictures from anywhere.

use std::fmt::Write as _;

use decision::verdict::Answer;

use super::words::{self, clean, count};
use super::{Line, Reliability, Report, charts};
use crate::backtest::compare::Comparison;
use crate::backtest::measure::{Measure, percent};
use crate::backtest::row::OwnerDecision;
use crate::backtest::tally::agrees;

const STYLE: &str = include_str!("page.css");

/// Text in which nothing can be markup, shown as it can be shown.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

impl Report {
    /// The report as a self-contained page of HTML: light and dark, printable, charts as inline SVG.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut body = banner(self);
        cards(&mut body, self);
        section(&mut body, "What was judged", &list(&words::scope(self)));
        requests(&mut body, self);
        let mut over_time = legend(self);
        over_time.push_str(&charts::over_time(&self.days));
        if self.days.is_empty() {
            over_time.push_str("<p class=\"quiet\">No row has a time.</p>");
        }
        section(&mut body, "Decisions over time", &over_time);
        section(&mut body, "Every figure", &figures(self));
        section(&mut body, "Owners and rules", &confusion(self));
        section(
            &mut body,
            "Can the confidence be relied on",
            &reliability(self),
        );
        if !self.model_reliability.buckets.is_empty() {
            let title = "Can a model's confidence be relied on";
            section(&mut body, title, &model_reliability(self));
        }
        section(
            &mut body,
            "What keeps requests from being granted",
            &blockers(self),
        );
        broken(&mut body, self);
        section(
            &mut body,
            "Taken for granted",
            &format!("<p>{}</p>", text(&self.assumptions)),
        );
        page("Backtest", &self.policy, &body)
    }
}

impl Comparison {
    /// The comparison as a self-contained page of HTML.
    #[must_use]
    pub fn to_html(&self) -> String {
        let judged = self.new.rows.judged;
        let mut body = format!(
            "<p class=\"banner\"><strong>{}</strong> of {} requests are decided otherwise.</p>",
            count(self.changes()),
            count(judged)
        );
        for (title, report) in [("old", &self.old), ("new", &self.new)] {
            let _ = write!(
                body,
                "<p>Under the {title} policy <code>{}</code>: {}</p>",
                escape(&report.policy),
                text(&words::verdict(report))
            );
        }
        let columns: Vec<String> = self
            .new
            .decisions
            .iter()
            .map(|decision| decision.decision.clone())
            .collect();
        let lines: Vec<Line> = (self.old.decisions.iter().zip(self.matrix))
            .map(|(decision, ours)| Line {
                owner: decision.decision.clone(),
                ours,
            })
            .collect();
        let matrix = charts::matrix(
            "Old decision by new decision",
            &columns,
            &lines,
            |row, column| row == column,
        );
        section(&mut body, "Old (lines) and new (columns)", &matrix);
        for changed in &self.changed {
            let mut rows = String::new();
            for example in &changed.examples {
                let stopped = |by: Option<&str>| escape(by.unwrap_or("nothing"));
                let _ = write!(
                    rows,
                    "<tr><td><code>{}</code></td><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                    escape(&example.request_id),
                    escape(&example.requester),
                    escape(&example.access),
                    stopped(example.stopped_before),
                    stopped(example.stopped_now)
                );
            }
            let head = [
                "request",
                "requester",
                "access",
                "stopped before by",
                "stopped now by",
            ];
            let title = format!(
                "{} → {}: {}",
                changed.from,
                changed.to,
                count(changed.requests)
            );
            section(&mut body, &title, &table(&head, &rows));
        }
        page("Policy comparison", &self.new.policy, &body)
    }
}

fn page(title: &str, policy: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><header><h1>{title}</h1><p class=\"quiet\">policy <code>{}</code></p></header>\n\
         <main>{body}</main></body></html>\n",
        escape(policy)
    )
}

/// Our own words, longer than texts of a history may be. What stands in backticks is a name of a file's.
fn text(words: &str) -> String {
    let plain = words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let (mut parts, mut page) = (plain.split('`'), String::new());
    while let Some(part) = parts.next() {
        page.push_str(part);
        if let Some(name) = parts.next() {
            let _ = write!(page, "<code>{name}</code>");
        }
    }
    page
}

fn section(body: &mut String, title: &str, inner: &str) {
    let _ = writeln!(body, "<section><h2>{}</h2>{inner}</section>", text(title));
}

fn banner(report: &Report) -> String {
    let class = if report.is_empty() {
        "banner"
    } else if report.must_be_zero.holds() {
        "banner good"
    } else {
        "banner bad"
    };
    format!("<p class=\"{class}\">{}</p>", text(&words::verdict(report)))
}

fn cards(body: &mut String, report: &Report) {
    body.push_str("<div class=\"cards\">");
    let granted = report.decisions.first().map(|decision| &decision.share);
    let shown = [
        ("granted automatically", granted),
        ("owners agree", Some(&report.agreement)),
        ("least privilege", Some(&report.least_privilege)),
        ("conflicts found", Some(&report.conflict_recall)),
    ];
    for (name, measure) in shown {
        let Some(measure) = measure else {
            continue;
        };
        let _ = write!(
            body,
            "<div class=\"card\"><h3>{name}</h3>{}</div>",
            big(measure)
        );
    }
    body.push_str("</div>");
}

fn big(measure: &Measure) -> String {
    match (measure.share, measure.interval) {
        (Some(share), Some(interval)) => format!(
            "<p class=\"big\">{}</p>{}<p class=\"quiet\">{} of {}</p>",
            percent(share),
            charts::interval(share, interval),
            count(measure.numerator),
            count(measure.denominator)
        ),
        _ => format!(
            "<p class=\"none\">not measurable</p><p class=\"quiet\">{}</p>",
            text(measure.not_measurable.as_deref().unwrap_or_default())
        ),
    }
}

fn legend(report: &Report) -> String {
    let mut legend = String::from("<ul class=\"legend\">");
    for (decision, class) in report
        .decisions
        .iter()
        .zip(["auto", "info", "escalate", "deny"])
    {
        let _ = write!(
            legend,
            "<li><span class=\"{class}\"></span>{} <b>{}</b></li>",
            escape(&decision.decision),
            text(&words::value(&decision.share))
        );
    }
    legend.push_str("</ul>");
    legend
}

fn figures(report: &Report) -> String {
    let mut rows = String::new();
    for (name, measure, meaning) in words::figures(report) {
        let drawn = measure
            .share
            .zip(measure.interval)
            .map_or_else(String::new, |(share, interval)| {
                charts::interval(share, interval)
            });
        let _ = write!(
            rows,
            "<tr><td><b>{name}</b><br><span class=\"quiet\">{}</span></td><td class=\"figure\">{}</td><td class=\"figure\">{drawn}<span class=\"quiet\">{}</span></td></tr>",
            text(meaning),
            text(&words::value(measure)),
            words::interval(measure)
        );
    }
    table(&["figure", "value", "95 % interval"], &rows)
}

fn requests(body: &mut String, report: &Report) {
    if report.must_be_zero.requests.is_empty() {
        return;
    }
    let mut rows = String::new();
    for breach in &report.must_be_zero.requests {
        let _ = write!(
            rows,
            "<tr><td><code>{}</code></td><td><code>{}</code></td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            escape(&words::place(report, breach.place)),
            escape(&breach.request_id),
            escape(&breach.requester),
            escape(&breach.access),
            words::breach(breach)
        );
    }
    let head = ["row", "request", "requester", "access", "why"];
    section(body, "Granted and must not have been", &table(&head, &rows));
}

fn confusion(report: &Report) -> String {
    let columns: Vec<String> = report
        .decisions
        .iter()
        .map(|decision| decision.decision.clone())
        .collect();
    let is_expected = |row: usize, column: usize| {
        let owner = OwnerDecision::ALL.get(row).copied();
        let ours = Answer::ALL.get(column).copied();
        owner
            .zip(ours)
            .is_some_and(|(owner, ours)| agrees(owner, ours))
    };
    format!(
        "<p class=\"quiet\">Lines: what the owner decided. Columns: what the rules decide. Framed: agreement.</p>{}",
        charts::matrix(
            "Owner's decision by the rules' decision",
            &columns,
            &report.confusion,
            is_expected
        )
    )
}

fn reliability(report: &Report) -> String {
    let about = "The confidence says how complete and fresh the facts are, not how sure a model is; on the dashed line it would tell \
                 exactly how often the owner agrees.";
    curve(&report.reliability, about, "Reliability of the confidence")
}

fn model_reliability(report: &Report) -> String {
    curve(
        &report.model_reliability,
        words::MODEL_RELIABILITY,
        "Reliability of a model's confidence",
    )
}

fn curve(reliability: &Reliability, about: &str, name: &str) -> String {
    let Some(error) = reliability.expected_calibration_error else {
        return "<p class=\"quiet\">Not measurable: no row judged has <code>owner_decision</code>.</p>".to_owned();
    };
    let mut rows = String::new();
    for bucket in &reliability.buckets {
        let _ = write!(
            rows,
            "<tr><td>{:.1} to {:.1}</td><td class=\"figure\">{:.3}</td><td class=\"figure\">{}</td></tr>",
            bucket.from,
            bucket.to,
            bucket.stated,
            escape(&bucket.agreement.to_string())
        );
    }
    format!(
        "<p>Expected calibration error <b>{}</b>. {about}</p><div class=\"beside\">{}{}</div>",
        percent(error),
        charts::reliability(name, &reliability.buckets),
        table(&["stated", "mean", "owner agreed"], &rows)
    )
}

fn blockers(report: &Report) -> String {
    if report.blockers.is_empty() {
        return "<p class=\"quiet\">Nothing was found on any request.</p>".to_owned();
    }
    let rest = report.blockers.get(12..).unwrap_or_default();
    let mut more = String::new();
    for blocker in rest {
        let _ = write!(
            more,
            "<tr><td>{}</td><td class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>",
            escape(&blocker.finding),
            count(blocker.only),
            count(blocker.seen)
        );
    }
    let more = if rest.is_empty() {
        String::new()
    } else {
        table(&["finding", "alone", "found on"], &more)
    };
    format!(
        "<p>How many requests one finding alone keeps from being granted, of how many it was found on. This is what one missing fact or rule costs.</p>{}{more}",
        charts::blockers(&report.blockers)
    )
}

fn broken(body: &mut String, report: &Report) {
    if report.broken_rows.is_empty() {
        return;
    }
    let mut rows = String::new();
    for broken in &report.broken_rows {
        let _ = write!(
            rows,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            escape(&words::place(report, broken.place)),
            escape(&broken.problem)
        );
    }
    let title = format!("Broken rows: {}", count(report.rows.broken));
    section(body, &title, &table(&["row", "problem"], &rows));
}

fn table(head: &[&str], rows: &str) -> String {
    let mut cells = String::new();
    for name in head {
        let _ = write!(cells, "<th>{name}</th>");
    }
    format!(
        "<div class=\"scroll\"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn list(sentences: &[String]) -> String {
    let mut list = String::from("<ul>");
    for sentence in sentences {
        let _ = write!(list, "<li>{}</li>", text(sentence));
    }
    list.push_str("</ul>");
    list
}
