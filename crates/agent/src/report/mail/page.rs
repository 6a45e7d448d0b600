//! The mail as HTML: what goes into the places of the template. How it looks is the template's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use decision::findings::risk::RiskLevel;

use super::template::{Slot, Template};
use super::{ACTIONS_MAX, Alerts, action_counts, flags, status_of, summary_of, taken};
use crate::cycle::record::Closing;
use crate::report::run::{Overview, phrases, stem, utc};
use crate::report::text::{count, html, many};

/// Longest name and longest text, in characters: a mail is read on a telephone.
const NAME_MAX: usize = 80;
const TEXT_MAX: usize = 400;
/// Most warnings; the report has all of them.
const WARNINGS_MAX: usize = 20;

pub(super) fn write(
    overview: &Overview,
    closing: &Closing,
    alerts: Alerts,
    template: &Template,
) -> String {
    let page = Page { overview, template };
    let when = |is_on: bool, text: String| if is_on { text } else { String::new() };
    template.fill(&BTreeMap::from([
        (Slot::RunMeta, page.meta(closing)),
        (Slot::RiskSummary, page.risks()),
        (Slot::ActionSummary, when(alerts.run_summary, page.counts())),
        (Slot::ActionsTaken, page.taken(closing)),
        (Slot::HighRisk, when(alerts.high_risk, page.high_risk())),
        (Slot::Anomalies, when(alerts.anomaly, page.anomalies())),
        (Slot::FooterNote, page.footer(closing)),
    ]))
}

struct Page<'a> {
    overview: &'a Overview,
    template: &'a Template,
}

impl Page<'_> {
    /// An element with text in it, which is escaped.
    fn element(&self, tag: &str, classes: &str, text: &str) -> String {
        format!(
            "{}{}</{tag}>",
            self.template.open(tag, classes),
            html(text, TEXT_MAX)
        )
    }

    fn badge(&self, risk: RiskLevel) -> String {
        self.element(
            "span",
            &format!("risk {}", risk.vault_name()),
            risk.vault_name(),
        )
    }

    fn meta(&self, closing: &Closing) -> String {
        let header = &self.overview.header;
        let line = format!(
            "{}, the last {}, {}",
            utc(header.run.at),
            many(u64::from(header.run.settings.lookback_days), "day", "days"),
            many(self.overview.summary.requests, "request", "requests")
        );
        let vault = html(&header.vault, NAME_MAX);
        let mut meta = format!(
            "{}{vault}<br>{}</div>",
            self.template.open("div", "meta"),
            html(&line, TEXT_MAX)
        );
        let warnings = phrases::warnings(self.overview, closing);
        for warning in warnings.iter().take(WARNINGS_MAX) {
            meta.push_str(&self.element("div", "warning", &phrases::capital(warning)));
        }
        if warnings.len() > WARNINGS_MAX {
            let more = count(warnings.len() - WARNINGS_MAX);
            meta.push_str(&self.element("div", "warning", &format!("{more} more: see the report")));
        }
        meta
    }

    fn risks(&self) -> String {
        let mut rows = String::new();
        for (risk, number) in self.overview.summary.risks.from_critical() {
            let name = phrases::capital(risk.vault_name());
            let _ = writeln!(
                rows,
                "<tr>{}{}</tr>",
                self.element("td", &format!("level {}", risk.vault_name()), &name),
                self.element("td", "number", &count(number))
            );
        }
        rows
    }

    fn counts(&self) -> String {
        let counts = action_counts(self.overview);
        let items = counts.iter().map(|(name, number)| {
            self.element("li", "item", &format!("{name}: {}", count(*number)))
        });
        items.collect()
    }

    fn taken(&self, closing: &Closing) -> String {
        let taken = taken(closing);
        let mut rows = String::new();
        for told in taken.iter().take(ACTIONS_MAX) {
            let done = format!("{}: {}", told.action, told.outcome.name());
            let lines = [("quiet", &told.requester), ("said", &told.comment)];
            let side = format!("{}<br>{}", html(&done, NAME_MAX), self.badge(told.risk));
            rows.push_str(&self.row(&told.asset_name, &lines, &side));
        }
        if taken.len() > ACTIONS_MAX {
            let more = count(taken.len() - ACTIONS_MAX);
            rows.push_str(&self.more(&format!("{more} more actions: see the report")));
        }
        rows
    }

    fn high_risk(&self) -> String {
        let mut rows = String::new();
        for entry in &self.overview.worst {
            let request = &entry.evidence.request;
            let (said, flags) = (summary_of(entry), format!("Anomalies: {}", flags(entry)));
            let lines = [
                ("quiet", &request.requester),
                ("said", &said),
                ("quiet", &flags),
            ];
            let side = format!("{}<br>{}", self.badge(entry.risk), status_of(entry));
            rows.push_str(&self.row(&request.asset_name, &lines, &side));
        }
        let shown = u64::try_from(self.overview.worst.len()).unwrap_or(u64::MAX);
        let more = self
            .overview
            .summary
            .high_or_critical()
            .saturating_sub(shown);
        if more > 0 {
            rows.push_str(&self.more(&format!("{} more: see the report", count(more))));
        }
        rows
    }

    fn anomalies(&self) -> String {
        let mut rows = String::new();
        for (anomaly, number) in &self.overview.summary.anomalies {
            let _ = writeln!(
                rows,
                "<tr>{}{}</tr>",
                self.element("td", "cell", anomaly.name()),
                self.element("td", "number", &count(*number))
            );
        }
        rows
    }

    fn footer(&self, closing: &Closing) -> String {
        let header = &self.overview.header;
        let note = format!(
            "Ended {}. The whole report: {}.html, beside the agent. access-request-agent {}",
            utc(closing.finished),
            stem(&header.name),
            header.engine
        );
        html(&note, TEXT_MAX)
    }

    /// A row: a name over lines of text on the left, and something short on the right.
    fn row(&self, name: &str, lines: &[(&str, &String)], side: &str) -> String {
        let lines: String = lines
            .iter()
            .map(|(class, text)| self.element("div", class, text))
            .collect();
        format!(
            "<tr>{}<b>{}</b>{lines}</td>{}{side}</td></tr>\n",
            self.template.open("td", "cell"),
            html(name, NAME_MAX),
            self.template.open("td", "cell side")
        )
    }

    fn more(&self, text: &str) -> String {
        let cell = self.element("div", "quiet", text);
        let open = self
            .template
            .open("td", "cell")
            .replacen("<td", "<td colspan=\"2\"", 1);
        format!("<tr>{open}{cell}</td></tr>\n")
    }
}
