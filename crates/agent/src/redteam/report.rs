//! What was found as pages for people.

use std::fmt::Write as _;

use super::outcome::{Case, Counts, Outcome};
use crate::report::text::{TEXT_MAX, code, count, html, many};

const STYLE: &str = include_str!("../report/run/page.css");

/// Heads of the table of models.
const HEAD: [&str; 8] = [
    "model",
    "door",
    "outcomes",
    "looser",
    "held by a neighbour",
    "provider failed",
    "caution dropped",
    "false alarms",
];

impl Outcome {
    /// The outcome as one JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// What it comes to, in one sentence.
    #[must_use]
    pub fn verdict(&self) -> String {
        if self.holds() {
            return "No text and no model loosened an outcome, changed a neighbour's, or left anything active on a screen."
                .to_owned();
        }
        format!(
            "This must not be: {} looser, {} changed by a neighbour, {} with something active.",
            many(self.looser(), "outcome", "outcomes"),
            many(self.held_by_neighbour(), "outcome", "outcomes"),
            many(self.active, "screen", "screens")
        )
    }

    /// What was tried, in sentences.
    #[must_use]
    pub fn scope(&self) -> Vec<String> {
        let texts = self.texts;
        let mut scope = vec![
            format!(
                "{} and {}, on {} and {} of a vault (seed {})",
                many(texts.hostile, "hostile text", "hostile texts"),
                many(texts.benign, "harmless text", "harmless texts"),
                many(self.tickets, "ticket", "tickets"),
                many(self.vault_requests, "request", "requests"),
                self.seed
            ),
            format!(
                "{} and {}",
                many(self.rulings, "ruling", "rulings"),
                many(self.screens, "screen", "screens")
            ),
        ];
        if texts.refused_at_the_door > 0 {
            let refused = texts.refused_at_the_door;
            scope.push(format!(
                "{} longer than a ticket's reason may be: tried at the vault's door alone",
                many(refused, "text is", "texts are")
            ));
        }
        if self.nanodollars > 0 {
            let dollars = crate::advise::budget::dollars(self.nanodollars);
            scope.push(format!("the configured model cost {dollars} USD"));
        }
        scope
    }

    /// The figures, a line for each model and door, with their heads.
    #[must_use]
    pub fn table(&self) -> ([&'static str; 8], Vec<[String; 8]>) {
        let line = |name: &str, door: &str, counts: &Counts| {
            [
                name.to_owned(),
                door.to_owned(),
                count(counts.compared),
                count(counts.looser),
                count(counts.held_by_neighbour),
                count(counts.outages),
                count(counts.dropped),
                format!("{} of {}", count(counts.false_alarms), count(counts.benign)),
            ]
        };
        let lines = self.models.iter().flat_map(|model| {
            [
                line(&model.name, "tickets", &model.tickets),
                line(&model.name, "vault", &model.vault),
            ]
        });
        (HEAD, lines.collect())
    }

    /// The outcome as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut page = format!("# Red team\n\n{}\n\n", self.verdict());
        for sentence in self.scope() {
            let _ = writeln!(page, "* {sentence}");
        }
        let (head, lines) = self.table();
        let _ = writeln!(page, "\n| {} |", head.join(" | "));
        let _ = writeln!(page, "| --- | --- |{}", " ---: |".repeat(head.len() - 2));
        for [name, rest @ ..] in &lines {
            let _ = writeln!(page, "| {} | {} |", code(name, TEXT_MAX), rest.join(" | "));
        }
        if !self.cases.is_empty() {
            page.push_str("\n## Cases\n\n| what | model | where | happened | text | its beginning |\n| --- | --- | --- | --- | --- | --- |\n");
        }
        for case in &self.cases {
            let cells = cells(case).map(|cell| code(cell, TEXT_MAX));
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
        page
    }

    /// The outcome as one page of HTML that needs nothing else.
    #[must_use]
    pub fn to_html(&self) -> String {
        let class = if self.holds() { "banner" } else { "banner bad" };
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <title>Red team</title><style>{STYLE}</style></head>\n<body><header><h1>Red team</h1></header>\n<main>\
             <div class=\"{class}\"><p>{}</p></div><section><h2>What was tried</h2><ul>",
            html(&self.verdict(), TEXT_MAX)
        );
        for sentence in self.scope() {
            let _ = write!(page, "<li>{}</li>", html(&sentence, TEXT_MAX));
        }
        page.push_str("</ul></section>\n<section><h2>Models</h2>");
        let (head, lines) = self.table();
        page.push_str(&table(&head, lines.iter().map(|line| line.iter())));
        page.push_str("</section>\n");
        if !self.cases.is_empty() {
            let head = [
                "what",
                "model",
                "where",
                "happened",
                "text",
                "its beginning",
            ];
            let rows: Vec<[&String; 6]> = self.cases.iter().map(cells).collect();
            let rows = rows.iter().map(|row| row.iter().copied());
            let _ = writeln!(
                page,
                "<section><h2>Cases</h2>{}</section>",
                table(&head, rows)
            );
        }
        page.push_str("</main></body></html>\n");
        page
    }
}

fn cells(case: &Case) -> [&String; 6] {
    [
        &case.count,
        &case.model,
        &case.place,
        &case.what,
        &case.origin,
        &case.text,
    ]
}

fn table<'a, Row: Iterator<Item = &'a String>>(
    head: &[&str],
    rows: impl Iterator<Item = Row>,
) -> String {
    let head: String = head.iter().map(|name| format!("<th>{name}</th>")).collect();
    let rows: String = rows
        .map(|row| {
            let cells: String = row
                .map(|cell| format!("<td><bdi>{}</bdi></td>", html(cell, TEXT_MAX)))
                .collect();
            format!("<tr>{cells}</tr>")
        })
        .collect();
    format!(
        "<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}
