//! Everything on which a person reads a text of a requester or of a model, made by the same code as always.

mod detect;

use decision::evidence::Frozen;
use decision::rules::Rules;
use decision::verdict::Ruling;

pub use detect::active;

use crate::cycle::record::{Closing, Entry, Header};
use crate::report::mail::{Alerts, Template, letter};
use crate::report::run::pages;
use crate::report::{Card, Decision, Line, screen, screen_json};

/// What is to be shown.
#[derive(Debug)]
pub enum Shown<'a> {
    /// A ticket that was ruled upon.
    Ticket {
        /// The evidence.
        frozen: &'a Frozen,
        /// The rules.
        rules: &'a Rules,
        /// The ruling.
        ruling: &'a Ruling,
    },
    /// A run over the vault.
    Run {
        /// The run.
        header: &'a Header,
        /// Its requests.
        entries: &'a [Entry],
        /// How it ended.
        closing: &'a Closing,
    },
}

/// Something that a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// What it is, such as `the mail as HTML`.
    pub name: &'static str,
    /// What shows it.
    pub form: Form,
    /// All of it.
    pub text: String,
}

/// What shows a screen, and so what could be active on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A terminal, or a mail program that shows plain text.
    Plain,
    /// A browser, or a mail program that shows pages.
    Html,
    /// A program that makes a page of Markdown.
    Markdown,
}

/// The screens of what is shown.
#[must_use]
pub fn of(shown: &Shown<'_>) -> Vec<Screen> {
    match shown {
        Shown::Ticket {
            frozen,
            rules,
            ruling,
        } => ticket(frozen, rules, ruling),
        Shown::Run {
            header,
            entries,
            closing,
        } => run(header, entries, closing),
    }
}

fn ticket(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Vec<Screen> {
    let decision = Decision::new(frozen, rules, ruling);
    let json = serde_json::to_string_pretty(&decision).unwrap_or_default();
    let card = Card::new(frozen, rules, ruling);
    let sections = [
        card.request,
        card.verdict,
        card.checks,
        card.risk,
        card.alternatives,
        card.advice,
        card.buttons,
    ];
    let line = |line: &Line| format!("{}: {}\n", screen(&line.label), screen(&line.text));
    vec![
        Screen {
            name: "the decision as JSON",
            form: Form::Plain,
            text: screen_json(&json),
        },
        Screen {
            name: "the reviewer's card",
            form: Form::Plain,
            text: sections.iter().flatten().map(line).collect(),
        },
    ]
}

fn run(header: &Header, entries: &[Entry], closing: &Closing) -> Vec<Screen> {
    let pages = pages(header, entries, closing);
    let mut screens = vec![
        Screen {
            name: "the report as Markdown",
            form: Form::Markdown,
            text: pages.markdown,
        },
        Screen {
            name: "the report as HTML",
            form: Form::Html,
            text: pages.html,
        },
    ];
    // The template that comes with the program is whole, which a test of its own says.
    let letter = Template::bundled().ok().and_then(|template| {
        letter(
            &pages.overview,
            closing,
            Alerts::default(),
            &template,
            vec!["ops@corp.example".to_owned()],
        )
    });
    if let Some(letter) = letter {
        screens.push(Screen {
            name: "the mail as HTML",
            form: Form::Html,
            text: letter.html,
        });
        screens.push(Screen {
            name: "the mail as text",
            form: Form::Plain,
            text: format!("{}\n\n{}", letter.subject, letter.text),
        });
    }
    screens
}
