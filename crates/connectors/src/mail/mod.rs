//! Sending letters: through Microsoft Graph, or to a server over SMTP.

mod graph;
mod smtp;

use std::path::PathBuf;

use decision::rules::pattern::is_invisible;
use ports::mail::Letter;
use thiserror::Error;

pub use graph::{Graph, GraphSettings};
pub use smtp::{Security, Smtp, SmtpSettings};

/// Longest text of a server that a message repeats, in characters.
const QUOTED_MAX: usize = 300;
/// Longest id of a letter that becomes part of a Message-ID, in characters.
const ID_MAX: usize = 120;

/// Why a way to send mail cannot be set up.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MailSettingsError {
    /// An address is none.
    #[error("{what} `{address}` is not an address: {why}")]
    Address {
        /// Whose.
        what: &'static str,
        /// The text.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// A value cannot be used.
    #[error("{what} `{value}` cannot be used: {why}")]
    Value {
        /// What it is.
        what: &'static str,
        /// The value; never a secret.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The bundle of certificates cannot be used.
    #[error("the certificates in {}: {why}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Recipients that can be sent to, and those that cannot, each with the reason.
struct Recipients {
    good: Vec<lettre::Address>,
    refused: Vec<(String, String)>,
}

impl Recipients {
    fn of(letter: &Letter) -> Self {
        let mut recipients = Self {
            good: Vec::new(),
            refused: Vec::new(),
        };
        for text in &letter.to {
            match address(text) {
                Ok(address) if recipients.good.contains(&address) => {}
                Ok(address) => recipients.good.push(address),
                Err(why) => recipients.refused.push((line(text), why)),
            }
        }
        recipients
    }

    /// Every refusal on one line.
    fn told(refused: &[(String, String)]) -> String {
        if refused.is_empty() {
            return "there is no recipient".to_owned();
        }
        let each = refused.iter().map(|(who, why)| format!("{who}: {why}"));
        each.collect::<Vec<String>>().join("; ")
    }
}

/// Reads an address: one name, one `@`, one domain, in ASCII, without anything that means something to a header.
fn address(text: &str) -> Result<lettre::Address, String> {
    let text = text.trim();
    let odd = |character: char| {
        !character.is_ascii_graphic()
            || matches!(
                character,
                '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '\\' | '"'
            )
    };
    if text.len() > 254 {
        return Err("it is longer than 254 characters".to_owned());
    }
    if let Some(odd) = text.chars().find(|character| odd(*character)) {
        return Err(format!("it holds `{}`", odd.escape_default()));
    }
    text.parse::<lettre::Address>()
        .map_err(|error| error.to_string())
}

/// The sender's address of a setting.
fn sender(text: &str) -> Result<lettre::Address, MailSettingsError> {
    address(text).map_err(|why| MailSettingsError::Address {
        what: "the sender's",
        address: line(text),
        why,
    })
}

/// The Message-ID of a letter: the same whenever it is sent.
fn message_id(letter: &Letter, sender: &lettre::Address) -> String {
    let plain = |character: char| match character {
        plain if plain.is_ascii_alphanumeric() || plain == '-' || plain == '.' => plain,
        _ => '-',
    };
    let id: String = letter.id.chars().take(ID_MAX).map(plain).collect();
    format!("<{}@{}>", id.trim_matches('.'), sender.domain())
}

/// A text on one line, not endless, with what cannot be seen spelled out.
fn line(text: &str) -> String {
    let mut shown = String::new();
    for character in text.trim().chars().take(QUOTED_MAX) {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            hidden if is_invisible(hidden) => shown.extend(hidden.escape_unicode()),
            other => shown.push(other),
        }
    }
    if text.trim().chars().nth(QUOTED_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_nothing_that_a_header_understands() {
        for good in [
            "a@b.example",
            "first.last+tag@mail.corp.example",
            " ops@localhost ",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        let long = format!("{}@b.example", "a".repeat(300));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c.example",
            "a@b.example\r\nBcc: x@y.example",
            "<a@b.example>",
            "a@b.example,c@d.example",
            "\u{e9}@b.example",
            "\"a b\"@c.example",
            long.as_str(),
        ] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_message_id_is_stable_and_one_word() {
        let mut letter = Letter {
            id: "run 1\r\n<x>@y".into(),
            to: Vec::new(),
            subject: String::new(),
            html: String::new(),
            text: String::new(),
        };
        let sender = address("agent@corp.example").unwrap();
        assert_eq!(message_id(&letter, &sender), "<run-1---x--y@corp.example>");
        letter.id = "x".repeat(1_000);
        assert_eq!(
            message_id(&letter, &sender).len(),
            120 + "<@corp.example>".len()
        );
    }
}
