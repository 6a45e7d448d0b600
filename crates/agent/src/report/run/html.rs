//! The report as one page of HTML that needs nothing else: no scripts, no fonts, no pictures from anywhere.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::told::{self, Words};
use super::{Overview, charts, phrases};
use crate::cycle::record::{ActionTold, Closing, Entry};
use crate::report::text::{NAME_MAX, TEXT_MAX, apart, count, html, many};

const STYLE: &str = include_str!("page.css");

/// Most requests that the page shows; the riskiest.
pub(super) const ENTRIES_MAX: u64 = 1_000;
/// Requests that are folded together.
const FOLD: u64 = 100;
/// Most actions that the page lists.
const ACTIONS_MAX: usize = 500;
/// Most actions that are listed unfolded.
const ACTIONS_OPEN: usize = 10;

/// Everything before the requests.
pub(super) fn beginning(overview: &Overview, closing: &Closing) -> String {
    let (header, summary) = (&overview.header, &overview.summary);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Vault report {name}</title><style>{STYLE}</style></head>\n<body><header><h1>Vault report</h1>\
         <p class=\"quiet\">{vault} · {name}</p></header>\n<main>",
        name = html(&header.name, NAME_MAX),
        vault = apart(&header.vault, NAME_MAX),
    );
    let warnings = phrases::warnings(overview, closing);
    let class = if warnings.is_empty() {
        "banner"
    } else {
        "banner bad"
    };
    let _ = write!(
        page,
        "<div class=\"{class}\"><p>{}</p>",
        html(&phrases::verdict(overview), TEXT_MAX)
    );
    if !warnings.is_empty() {
        page.push_str(&list(&warnings));
    }
    page.push_str("</div>");
    cards(&mut page, overview);
    section(&mut page, "Anomalies", &anomalies(overview));
    section(&mut page, "What was done", &actions(overview, closing));
    section(&mut page, "Left alone, and why", &left_alone(overview));
    section(
        &mut page,
        "The list",
        &list(&phrases::listing(&header.run.listing)),
    );
    graphics(&mut page, overview);
    section(&mut page, "The run", &scope(overview, closing));
    let shown = summary.requests.min(ENTRIES_MAX);
    let _ = write!(
        page,
        "<section id=\"requests\"><h2>Requests, from critical to low</h2>"
    );
    if shown < summary.requests {
        let _ = write!(
            page,
            "<p>This page shows the {} riskiest of {}. All of them are in <code>{}.md</code> and <code>{}.json</code> beside this file.</p>",
            count(shown),
            count(summary.requests),
            html(&super::stem(&header.name), NAME_MAX),
            html(&super::stem(&header.name), NAME_MAX)
        );
    }
    if shown > FOLD {
        page.push_str("<p class=\"pages\">");
        for from in (0..shown).step_by(100) {
            let until = shown.min(from.saturating_add(FOLD));
            let _ = write!(page, "<a href=\"#from-{0}\">{0}–{until}</a> ", from + 1);
        }
        page.push_str("</p>");
    }
    page
}

/// The end of the page.
pub(super) fn end(shown: u64) -> &'static str {
    match shown {
        0 => "<p class=\"quiet\">There was no request.</p></section></main></body></html>\n",
        _ => "</details></section></main></body></html>\n",
    }
}

/// One request, the `number`th from 0.
pub(super) fn entry(
    page: &mut dyn Write,
    overview: &Overview,
    number: u64,
    entry: &Entry,
    actions: &[&ActionTold],
) -> io::Result<()> {
    let request = &entry.evidence.request;
    if number.is_multiple_of(FOLD) {
        let close = if number == 0 { "" } else { "</details>" };
        let open = if number == 0 { " open" } else { "" };
        let until = overview.summary.requests.min(ENTRIES_MAX);
        let until = until.min(number.saturating_add(FOLD));
        let from = number.saturating_add(1);
        writeln!(
            page,
            "{close}<details class=\"fold\"{open}><summary>{from} to {until}</summary><i id=\"from-{from}\"></i>"
        )?;
    }
    let risk = entry.risk.vault_name();
    let open = if number < 3 { " open" } else { "" };
    write!(
        page,
        "<details class=\"request\"{open}><summary><span class=\"risk {risk}\">{risk}</span> <b>{}</b> <span class=\"who\">{}</span> \
         <span class=\"quiet\">{} · {}</span></summary><dl>",
        apart(&request.asset_name, 80),
        apart(&request.requester, 80),
        request.status.name(),
        words(&told::outcome(entry, actions))
    )?;
    for (label, told) in told::lines(entry, overview.clock(), actions) {
        write!(page, "<dt>{label}</dt><dd>{}</dd>", words(&told))?;
    }
    writeln!(page, "</dl></details>")
}

fn words(told: &Words) -> String {
    match told {
        Words::Ours(text) => html(text, TEXT_MAX),
        Words::Sentence(text) | Words::Text(text) => apart(text, TEXT_MAX),
        Words::Name(text) => format!("<code>{}</code>", apart(text, NAME_MAX)),
        Words::Row(each) => {
            let each: Vec<String> = each.iter().map(words).collect();
            each.join(" ")
        }
        Words::List(each) => {
            let each: String = each
                .iter()
                .map(|one| format!("<li>{}</li>", words(one)))
                .collect();
            format!("<ul>{each}</ul>")
        }
    }
}

fn cards(page: &mut String, overview: &Overview) {
    let summary = &overview.summary;
    page.push_str("<div class=\"cards\">");
    for (risk, number) in summary.risks.from_critical() {
        let _ = write!(
            page,
            "<div class=\"card {0}\"><h3>{0}</h3><p class=\"big\">{1}</p></div>",
            risk.vault_name(),
            count(number)
        );
    }
    let actions = summary.actions;
    let done = [
        ("approved", actions.approved),
        ("rejected", actions.rejected),
        ("closed", actions.closed),
        ("left alone", summary.skipped()),
    ];
    for (name, number) in done {
        let _ = write!(
            page,
            "<div class=\"card\"><h3>{name}</h3><p class=\"big\">{}</p></div>",
            count(number)
        );
    }
    page.push_str("</div>");
}

fn graphics(page: &mut String, overview: &Overview) {
    let summary = &overview.summary;
    let zone = overview.clock().zone();
    let mut over_time = String::from("<ul class=\"legend\">");
    for (risk, number) in summary.risks.from_critical() {
        let _ = write!(
            over_time,
            "<li><span class=\"{0}\"></span>{0} <b>{1}</b></li>",
            risk.vault_name(),
            count(number)
        );
    }
    over_time.push_str("</ul>");
    over_time.push_str(&charts::over_time(&overview.days()));
    if summary.outside_window > 0 {
        let _ = write!(
            over_time,
            "<p class=\"quiet\">{} dated outside the window: not drawn.</p>",
            many(summary.outside_window, "request is", "requests are")
        );
    }
    section(page, &format!("Requests by day, {zone}"), &over_time);
    section(
        page,
        &format!("Requests by hour and day of the week, {zone}"),
        &charts::heat_map(summary),
    );
    let mut who = charts::requesters(&summary.requesters);
    let _ = write!(
        who,
        "<p class=\"quiet\">{} asked{}.</p>",
        many(summary.people, "person", "people"),
        if summary.own > 0 {
            "; the agent's own requests are not counted"
        } else {
            ""
        }
    );
    section(page, "Who asked most often", &who);
    if !summary.anomalies.is_empty() {
        section(
            page,
            "How often each anomaly was found",
            &charts::anomalies(summary),
        );
    }
}

fn anomalies(overview: &Overview) -> String {
    if overview.summary.anomalies.is_empty() {
        return "<p class=\"quiet\">None.</p>".to_owned();
    }
    let mut rows = String::new();
    for (anomaly, number) in &overview.summary.anomalies {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td class=\"figure\">{}</td><td class=\"figure\">{}</td><td>{}</td></tr>",
            anomaly.name(),
            count(*number),
            phrases::points(*anomaly),
            if anomaly.holds_back() { "yes" } else { "no" }
        );
    }
    table(
        &["anomaly", "requests", "points", "holds back an approval"],
        &rows,
    )
}

fn actions(overview: &Overview, closing: &Closing) -> String {
    if closing.actions.is_empty() {
        return "<p>Nothing.</p>".to_owned();
    }
    let mut inner = list(
        &overview
            .summary
            .actions
            .told()
            .iter()
            .map(|(name, number)| format!("{name}: {}", count(*number)))
            .collect::<Vec<_>>(),
    );
    let mut rows = String::new();
    for told in closing.actions.iter().take(ACTIONS_MAX) {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><span class=\"risk {4}\">{4}</span></td><td>{5}<br><span class=\"quiet\">{6}</span></td></tr>",
            told.action,
            told.outcome.name(),
            apart(&told.asset_name, NAME_MAX),
            apart(&told.requester, NAME_MAX),
            told.risk.vault_name(),
            apart(&told.comment, TEXT_MAX),
            apart(&told.detail, TEXT_MAX)
        );
    }
    let head = [
        "action",
        "outcome",
        "asset",
        "requester",
        "risk",
        "reason given, and what was seen",
    ];
    // A few are shown at once; many would hide what comes after them.
    let open = if closing.actions.len() > ACTIONS_OPEN {
        ""
    } else {
        " open"
    };
    let _ = write!(
        inner,
        "<details class=\"fold\"{open}><summary>each of them</summary>{}</details>",
        table(&head, &rows)
    );
    if closing.actions.len() > ACTIONS_MAX {
        let _ = write!(
            inner,
            "<p>These are the first {} of {}; the rest is in <code>{}.md</code>.</p>",
            count(ACTIONS_MAX),
            count(closing.actions.len()),
            html(&super::stem(&overview.header.name), NAME_MAX)
        );
    }
    inner
}

fn left_alone(overview: &Overview) -> String {
    let summary = &overview.summary;
    let mut rows = String::new();
    for (why, number) in &summary.left_alone {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td class=\"figure\">{}</td></tr>",
            apart(why, NAME_MAX),
            count(*number)
        );
    }
    let shown = if rows.is_empty() {
        String::new()
    } else {
        table(&["what stands first against it", "requests"], &rows)
    };
    format!(
        "{shown}<p class=\"quiet\">{}</p>",
        html(&phrases::over(summary), TEXT_MAX)
    )
}

fn scope(overview: &Overview, closing: &Closing) -> String {
    let mut inner = String::from("<dl>");
    for (label, text) in phrases::scope(overview, closing) {
        let _ = write!(inner, "<dt>{label}</dt><dd>{}</dd>", words(&text));
    }
    inner.push_str("</dl>");
    inner
}

fn section(page: &mut String, title: &str, inner: &str) {
    let _ = writeln!(
        page,
        "<section><h2>{}</h2>{inner}</section>",
        html(title, NAME_MAX)
    );
}

fn table(head: &[&str], rows: &str) -> String {
    let cells: String = head.iter().map(|name| format!("<th>{name}</th>")).collect();
    format!(
        "<div class=\"scroll\"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn list(sentences: &[String]) -> String {
    let each: String = sentences
        .iter()
        .map(|sentence| format!("<li>{}</li>", apart(sentence, TEXT_MAX)))
        .collect();
    format!("<ul>{each}</ul>")
}
