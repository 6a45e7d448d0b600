//! Everything that is printed goes through here: tables for people, JSON for programs, nothing hostile to a screen.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(crate) use agent::report::screen;
use agent::report::{Card, Decision, Line, Mark, screen_json};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use crate::error::Error;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Ndjson,
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const CARE: Style = AnsiColor::Yellow.on_default();
const HEAD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Most columns that are used.
const WIDTH_MAX: usize = 120;
const LABEL_WIDTH: usize = 22;

/// Columns to fill.
pub(crate) fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(columns, _)| usize::from(columns.0));
    let told = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    told.or(terminal).unwrap_or(100).clamp(60, WIDTH_MAX)
}

/// Whether nothing more can be printed.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Whether something went wrong that did not stop the work.
static TROUBLED: AtomicBool = AtomicBool::new(false);

/// Prints one line. A closed pipe ends the printing quietly, as `head` expects, and never the work.
pub(crate) fn say(text: &str) {
    if !CLOSED.load(Relaxed) {
        printed(writeln!(anstream::stdout(), "{text}"));
    }
}

fn printed(outcome: io::Result<()>) {
    let Err(error) = outcome else { return };
    CLOSED.store(true, Relaxed);
    if error.kind() != io::ErrorKind::BrokenPipe {
        trouble(&format!("the results could not be printed: {error}"));
    }
}

/// Tells of something that went wrong and did not stop the work. The exit code tells it too.
pub(crate) fn trouble(text: &str) {
    TROUBLED.store(true, Relaxed);
    note(text);
}

/// Prints a line that is not a result.
pub(crate) fn note(text: &str) {
    // Nothing can be done when even this fails.
    let _ = writeln!(anstream::stderr(), "{DIM}{}{DIM:#}", screen(text));
}

/// Asks a person at the terminal; anything but yes is no.
pub(crate) fn ask(question: &str) -> bool {
    // Nothing can be done when even this fails.
    let _ = write!(anstream::stderr(), "{question} ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Prints a report of problems, made for a screen, where errors go.
pub(crate) fn complain_report(report: &str) {
    // Nothing can be done when even this fails.
    let _ = writeln!(anstream::stderr(), "{report}");
}

/// Prints several lines that are not a result.
pub(crate) fn note_lines(text: &str) {
    text.lines().for_each(note);
}

/// Prints an error with its hint.
pub(crate) fn complain(error: &Error) {
    let mut stderr = anstream::stderr();
    let lines: Vec<String> = error.message.lines().map(screen).collect();
    let _ = writeln!(stderr, "{BAD}error{BAD:#}: {}", lines.join("\n"));
    if let Some(hint) = &error.hint {
        let _ = writeln!(stderr, " {CARE}hint{CARE:#}: {}", screen(hint));
    }
}

/// Prints a value as JSON; fields keep their order, and what hides or turns text around is escaped.
pub(crate) fn json(value: &impl serde::Serialize, format: Format) {
    let text = match format {
        Format::Ndjson => serde_json::to_string(value),
        Format::Text | Format::Json => serde_json::to_string_pretty(value),
    };
    say(&screen_json(&text.unwrap_or_default()));
}

/// Prints rows as a table, or as JSON objects with the headings as keys.
pub(crate) fn rows(headings: &[&str], rows: &[Vec<String>], format: Format) {
    let object = |row: &Vec<String>| {
        let pairs = headings.iter().zip(row).map(|(key, value)| {
            (
                key.to_lowercase().replace(' ', "_"),
                serde_json::Value::String(value.clone()),
            )
        });
        serde_json::Value::Object(pairs.collect())
    };
    match format {
        Format::Json => json(
            &serde_json::Value::Array(rows.iter().map(object).collect()),
            format,
        ),
        Format::Ndjson => rows.iter().for_each(|row| json(&object(row), format)),
        Format::Text if rows.is_empty() => note("nothing to show"),
        Format::Text => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width()).unwrap_or(100));
            table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
            for row in rows {
                table.add_row(row.iter().map(|cell| screen(cell)));
            }
            // What is to be copied stands in the first column, whole.
            if let Some(first) = table.column_mut(0) {
                first.set_constraint(ColumnConstraint::ContentWidth);
            }
            for line in table.to_string().lines() {
                say(line.trim_end());
            }
        }
    }
}

/// Says how much of a list was left out.
pub(crate) fn more(number: u64) {
    if number > 0 {
        note(&format!("and {number} more"));
    }
}

/// The style of a decision.
pub(crate) fn decision_style(decision: &str) -> Style {
    match decision {
        "AUTO_PROVISION" => GOOD,
        "REQUEST_INFO" => CARE,
        _ => BAD,
    }
}

/// One line for a decision in a stream.
pub(crate) fn decision_line(decision: &Decision) -> String {
    let style = decision_style(&decision.decision);
    let applied = if decision.grant.applied {
        "applied"
    } else {
        ""
    };
    let first = decision
        .findings
        .iter()
        .find(|line| line.finding != "advise-mode" && line.lifts != "lifted");
    let why = first.map_or(decision.policy_basis.as_str(), |line| line.because.as_str());
    let left = format!(
        "{:<10} {:<31} ",
        screen(&decision.request_id),
        clipped(&screen(&decision.requested_access), 31)
    );
    let room = width().saturating_sub(left.chars().count() + 24);
    format!(
        "{left}{style}{:<14}{style:#} {:<8} {DIM}{}{DIM:#}",
        decision.decision,
        applied,
        clipped(&screen(why), room)
    )
}

fn clipped(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars()
        .take(room.saturating_sub(1))
        .chain(['…'])
        .collect()
}

/// A heading.
pub(crate) fn heading(text: &str) {
    say(&format!("\n{HEAD}{text}{HEAD:#}"));
}

/// The reviewer's card.
pub(crate) fn card(card: &Card, receipt: Option<&str>) {
    section("REQUEST", &card.request);
    section("VERDICT", &card.verdict);
    section("CHECKS", &card.checks);
    section("RISK", &card.risk);
    if !card.alternatives.is_empty() {
        section("ALTERNATIVES", &card.alternatives);
    }
    section("ADVICE", &card.advice);
    section("WHAT YOU CAN DO", &card.buttons);
    if let Some(receipt) = receipt {
        heading("RECEIPT");
        for line in receipt
            .lines()
            .filter(|line| !line.starts_with("extra "))
            .take(3)
        {
            say(&format!(
                "  {DIM}{}{DIM:#}",
                clipped(&screen(line), width().saturating_sub(2))
            ));
        }
    }
    say("");
}

fn section(title: &str, lines: &[Line]) {
    heading(title);
    for line in lines {
        print_line(line);
    }
}

fn print_line(line: &Line) {
    let (mark, style) = match line.mark {
        Mark::Plain => (" ", Style::new()),
        Mark::Clear => ("✓", GOOD),
        Mark::Stands => ("✗", BAD),
        Mark::Lifted => ("↑", CARE),
    };
    let room = width().saturating_sub(LABEL_WIDTH + 4).max(20);
    let text = screen(&line.text);
    let wrapped = wrapped(&text, room);
    for (number, part) in wrapped.iter().enumerate() {
        let (mark, label) = if number == 0 {
            (mark, line.label.as_str())
        } else {
            (" ", "")
        };
        say(&format!(
            "{style}{mark}{style:#} {DIM}{label:<LABEL_WIDTH$}{DIM:#} {part}"
        ));
    }
}

/// Lines of at most `room` columns; words are never divided, so that what is to be typed can be copied.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let options = textwrap::Options::new(room)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options)
        .into_iter()
        .map(|line| line.into_owned())
        .collect()
}

/// How something that was checked stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    Good,
    Care,
    Bad,
}

/// Prints something that was checked, with what to do.
pub(crate) fn checked(state: Checked, topic: &str, text: &str, hint: Option<&str>) {
    let (mark, style) = match state {
        Checked::Good => ("✓", GOOD),
        Checked::Care => ("!", CARE),
        Checked::Bad => ("✗", BAD),
    };
    let room = width().saturating_sub(LABEL_WIDTH + 4).max(20);
    let blank = " ".repeat(LABEL_WIDTH + 3);
    for (number, part) in wrapped(&screen(text), room).iter().enumerate() {
        if number == 0 {
            say(&format!(
                "{style}{mark}{style:#} {DIM}{topic:<LABEL_WIDTH$}{DIM:#} {part}"
            ));
        } else {
            say(&format!("{blank}{part}"));
        }
    }
    for part in hint.iter().flat_map(|hint| wrapped(&screen(hint), room)) {
        say(&format!("{blank}{DIM}{part}{DIM:#}"));
    }
}

/// Prints a text with an indent.
pub(crate) fn paragraph(indent: &str, text: &str) {
    let room = width().saturating_sub(indent.chars().count()).max(20);
    for (number, part) in wrapped(&screen(text), room).iter().enumerate() {
        let blank: String = indent.chars().map(|_| ' ').collect();
        say(&format!(
            "{}{part}",
            if number == 0 { indent } else { &blank }
        ));
    }
}

/// Flushes standard output, and tells whether something went wrong that did not stop the work.
pub(crate) fn is_troubled() -> bool {
    if !CLOSED.load(Relaxed) {
        printed(io::stdout().flush());
    }
    TROUBLED.load(Relaxed)
}
