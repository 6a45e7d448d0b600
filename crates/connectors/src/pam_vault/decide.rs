//! Approve, reject, close: one `PUT` with the reason as plain text, sent once.

use ports::vault::Answer;
use ureq::http::Method;

use super::bounds::REASON_CHARS_MAX;
use super::failure::Kind;
use super::paths::DecisionPath;
use super::text;
use super::transport::{Call, Transport};
use crate::http;

/// Sent when there is no other reason: the vault's form demands one.
const NO_REASON: &str = "Decided by the access request agent.";

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision<'a> {
    pub(super) path: &'a DecisionPath,
    /// Whether a decision went through on this path before: then it is no wrong one.
    pub(super) proven: bool,
    /// Id of the request.
    pub(super) id: &'a str,
    pub(super) reason: &'a str,
    /// Whether the content type names the charset.
    pub(super) charset: bool,
}

/// Decides a request. Whatever the answer says, its status alone counts.
pub(super) fn decide(transport: &Transport, decision: &Decision<'_>) -> Answer {
    let Decision {
        path,
        proven,
        id,
        reason,
        charset,
    } = *decision;
    if !text::is_id(id) {
        return Answer::Refused(
            "the id of the request cannot stand in a path; nothing was sent".to_owned(),
        );
    }
    let call = Call {
        method: Method::PUT,
        target: path.template.replace("{id}", &http::encoded(id)),
        content_type: if charset {
            "text/plain; charset=utf-8"
        } else {
            "text/plain"
        },
        body: plain(reason).into_bytes(),
    };
    let failure = match transport.call(&call) {
        Ok(_) => return Answer::Done,
        Err(failure) => failure,
    };
    match failure.kind {
        Kind::NotSent | Kind::Busy => Answer::NotSent(failure.text),
        // A web page or a redirect says nothing of it; and whatever answers 5xx without a code, a proxy or a vault that fell
        // over on its way, may have done it.
        Kind::Lost | Kind::TooLong | Kind::NotTheApi | Kind::Malformed => {
            Answer::Unknown(failure.text)
        }
        Kind::Broken if !failure.explained => Answer::Unknown(failure.text),
        // Of a path that worked before, 404 says that this one request is not there.
        Kind::NoSuchPath if proven && failure.status == Some(404) => Answer::Refused(failure.text),
        Kind::NoSuchPath => Answer::NoSuchPath(format!(
            "the path `{}` ({}) is wrong: {}; set the path of this decision",
            path.template, path.origin, failure.text
        )),
        Kind::Unauthorized | Kind::Refused | Kind::Broken => Answer::Refused(failure.text),
    }
}

/// A reason as the vault stores it best: one line, ASCII punctuation, at most 250 characters, never empty.
pub(super) fn plain(reason: &str) -> String {
    let mut out = String::new();
    for character in reason.chars() {
        match character {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' | '`' => out.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{00ab}' | '\u{00bb}' | '\u{2033}' => {
                out.push('"')
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '\u{2026}' => out.push_str("..."),
            '\u{2022}' | '\u{00b7}' => out.push('*'),
            // Marks that nobody sees: they could reorder what a reviewer reads.
            '\u{00ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {}
            other if other.is_whitespace() || text::breaks(other) => out.push(' '),
            other => out.push(other),
        }
    }
    let line = out
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if line.is_empty() {
        return NO_REASON.to_owned();
    }
    if line.chars().count() <= REASON_CHARS_MAX {
        return line;
    }
    let kept: String = line
        .chars()
        .take(REASON_CHARS_MAX.saturating_sub(3))
        .collect();
    format!("{}...", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reason_is_plain_text_on_one_line() {
        assert_eq!(
            plain("  “Routine” – patch\r\n\tit’s fine… \u{202e}x\u{0}  "),
            "\"Routine\" - patch it's fine... x"
        );
        assert_eq!(plain(" \n\u{200b}"), NO_REASON);
        assert_eq!(plain("Größe"), "Größe");
        let long = plain(&"word ".repeat(100));
        assert!(
            long.chars().count() <= REASON_CHARS_MAX && long.ends_with(" wo..."),
            "{long}"
        );
    }

    proptest! {
        #[test]
        fn every_reason_is_fit_to_be_sent(reason in any::<String>()) {
            let plain = plain(&reason);
            prop_assert!(!plain.trim().is_empty());
            prop_assert!(plain.chars().count() <= REASON_CHARS_MAX);
            prop_assert!(!plain.chars().any(char::is_control));
        }
    }
}
