//! The report as Markdown: complete, whatever its length. Texts from outside stand in code spans.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::told::{self, Words};
use super::{Overview, phrases};
use crate::cycle::record::{ActionTold, Closing, Entry};
use crate::report::text::{NAME_MAX, TEXT_MAX, code, count, prose};

/// Longest name in a heading, in characters.
const HEADING_MAX: usize = 80;

/// Everything before the requests.
pub(super) fn beginning(overview: &Overview, closing: &Closing) -> String {
    let (header, summary) = (&overview.header, &overview.summary);
    let mut page = format!(
        "# Vault report {}\n\n{}\n\n",
        header.name,
        phrases::verdict(overview)
    );
    for warning in phrases::warnings(overview, closing) {
        let _ = writeln!(page, "* **Attention:** {}", prose(&warning, TEXT_MAX));
    }
    for (label, text) in phrases::scope(overview, closing) {
        let _ = writeln!(page, "* {label}: {}", told_as_text(&text));
    }
    page.push_str("\n## Risk\n\n| risk | requests |\n| --- | ---: |\n");
    for (risk, number) in summary.risks.from_critical() {
        let _ = writeln!(page, "| {} | {} |", risk.vault_name(), count(number));
    }
    page.push_str("\n## Anomalies\n\n");
    if summary.anomalies.is_empty() {
        page.push_str("None.\n");
    } else {
        page.push_str("| anomaly | requests | points | holds back an approval |\n| --- | ---: | ---: | --- |\n");
    }
    for (anomaly, number) in &summary.anomalies {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            anomaly.name(),
            count(*number),
            phrases::points(*anomaly),
            if anomaly.holds_back() { "yes" } else { "no" }
        );
    }
    actions(&mut page, overview, closing);
    left_alone(&mut page, overview);
    listing(&mut page, overview);
    let _ = writeln!(
        page,
        "\n## Requests\n\nAll {}, from critical to low.",
        count(summary.requests)
    );
    page
}

fn actions(page: &mut String, overview: &Overview, closing: &Closing) {
    page.push_str("\n## What was done\n\n");
    let told = overview.summary.actions.told();
    if told.is_empty() {
        page.push_str("Nothing.\n");
        return;
    }
    for (name, number) in told {
        let _ = writeln!(page, "* {name}: {}", count(number));
    }
    page.push_str("\n| action | outcome | asset | requester | risk | reason given | what was seen |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for told in &closing.actions {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} |",
            told.action,
            told.outcome.name(),
            code(&told.asset_name, NAME_MAX),
            code(&told.requester, NAME_MAX),
            told.risk.vault_name(),
            prose(&told.comment, NAME_MAX),
            prose(&told.detail, NAME_MAX)
        );
    }
}

fn left_alone(page: &mut String, overview: &Overview) {
    let summary = &overview.summary;
    page.push_str("\n## Left alone, and why\n\n");
    if !summary.left_alone.is_empty() {
        page.push_str("| what stands first against it | requests |\n| --- | ---: |\n");
        for (why, number) in &summary.left_alone {
            let _ = writeln!(page, "| {} | {} |", prose(why, NAME_MAX), count(*number));
        }
        page.push('\n');
    }
    let _ = writeln!(page, "{}", phrases::over(summary));
}

fn listing(page: &mut String, overview: &Overview) {
    page.push_str("\n## The list\n\n");
    for sentence in phrases::listing(&overview.header.run.listing) {
        let _ = writeln!(page, "* {}", prose(&sentence, TEXT_MAX));
    }
}

/// One request.
pub(super) fn entry(
    page: &mut dyn Write,
    overview: &Overview,
    entry: &Entry,
    actions: &[&ActionTold],
) -> io::Result<()> {
    let request = &entry.evidence.request;
    writeln!(
        page,
        "\n### {}: {} for {}\n",
        phrases::capital(entry.risk.vault_name()),
        code(&request.asset_name, HEADING_MAX),
        code(&request.requester, HEADING_MAX)
    )?;
    for (label, words) in told::lines(entry, overview.clock(), actions) {
        match words {
            Words::List(each) => {
                writeln!(page, "* **{label}**")?;
                for one in &each {
                    writeln!(page, "  * {}", told_as_text(one))?;
                }
            }
            one @ (Words::Ours(_)
            | Words::Sentence(_)
            | Words::Name(_)
            | Words::Text(_)
            | Words::Row(_)) => writeln!(page, "* **{label}:** {}", told_as_text(&one))?,
        }
    }
    Ok(())
}

fn told_as_text(words: &Words) -> String {
    match words {
        Words::Ours(text) => text.clone(),
        Words::Sentence(text) => prose(text, TEXT_MAX),
        Words::Name(text) => code(text, NAME_MAX),
        Words::Text(text) => prose(text, TEXT_MAX),
        Words::List(each) | Words::Row(each) => {
            let each: Vec<String> = each.iter().map(told_as_text).collect();
            each.join(" ")
        }
    }
}
