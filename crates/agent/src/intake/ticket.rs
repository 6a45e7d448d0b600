//! Ticket format 1: reading one, and finding them in a file of many.

use decision::request::{Access, Claim, Request, Term};
use decision::time::{Minutes, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::mask::mask_secrets;

/// Largest ticket, in bytes.
pub const TICKET_BYTES_MAX: usize = 256 * 1024;
/// Longest id, login or reference, in characters.
const NAME_CHARACTERS_MAX: usize = 128;
/// Longest access name, in characters.
const ACCESS_CHARACTERS_MAX: usize = 256;
/// Longest justification, in characters.
const JUSTIFICATION_CHARACTERS_MAX: usize = 8_000;
/// Most approvals that a ticket may claim.
const CLAIMS_MAX: usize = 32;

/// Why a ticket cannot be taken. Nothing of it was stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{place}: {problem}")]
pub struct IntakeError {
    /// Which ticket, and where in it.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub hint: String,
}

/// A ticket as it is written. An unknown field is an error: a misspelt one must not be lost.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    request_id: String,
    requester: String,
    access: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    approvals: Vec<Claim>,
    #[serde(default)]
    duration: Option<String>,
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    on_behalf_of: Option<String>,
    #[serde(default)]
    ticket: Option<String>,
    #[serde(default)]
    revision: Option<u32>,
    /// Free, and never evidence.
    #[serde(default, rename = "metadata")]
    _metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The tickets in a text: one object, an array of objects, or objects one after the other (one a line, say). Each is
/// given as its own text, so that a broken one does not take the others with it.
///
/// # Errors
/// When the text as a whole is not JSON, with line and column.
pub fn split(bytes: &[u8]) -> Result<Vec<String>, IntakeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| IntakeError {
        place: format!("byte {}", error.valid_up_to().saturating_add(1)),
        problem: "this is not UTF-8 text".to_owned(),
        hint: "save the file as UTF-8".to_owned(),
    })?;
    let mut tickets = Vec::new();
    let stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    for next in stream {
        let value = match next {
            Ok(value) => value,
            // One object a line: a broken line is a broken ticket, and the others stand.
            Err(_) if is_line_by_line(text) => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                return Ok(lines.map(ToOwned::to_owned).collect());
            }
            Err(error) => return Err(not_json(&error)),
        };
        if value.get().starts_with('[') {
            let inner: Vec<&RawValue> =
                serde_json::from_str(value.get()).map_err(|error| not_json(&error))?;
            tickets.extend(inner.into_iter().map(|raw| raw.get().to_owned()));
        } else {
            tickets.push(value.get().to_owned());
        }
    }
    if tickets.is_empty() {
        return Err(IntakeError {
            place: "the file".to_owned(),
            problem: "there is no ticket in it".to_owned(),
            hint: "a ticket is a JSON object; see docs/reference/ticket.md".to_owned(),
        });
    }
    Ok(tickets)
}

/// Whether a text looks like one object a line: several lines, each beginning like an object.
fn is_line_by_line(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.clone().count() > 1 && lines.all(|line| line.starts_with('{'))
}

fn not_json(error: &serde_json::Error) -> IntakeError {
    IntakeError {
        place: format!("line {}, column {}", error.line(), error.column()),
        problem: format!("this is not JSON: {}", plain(error)),
        hint: "give one object, an array of objects, or one object a line".to_owned(),
    }
}

/// serde's message without the place, which we tell ourselves.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Reads one ticket.
///
/// # Errors
/// The first thing that is wrong with it, with its place.
pub fn parse(text: &str) -> Result<Request, IntakeError> {
    if text.len() > TICKET_BYTES_MAX {
        return Err(IntakeError {
            place: "the ticket".to_owned(),
            problem: format!(
                "it has {} bytes, at most {TICKET_BYTES_MAX} are taken",
                text.len()
            ),
            hint: "shorten the justification, or refer to a document".to_owned(),
        });
    }
    let ticket: Ticket = serde_json::from_str(text).map_err(|error| IntakeError {
        place: format!("line {}, column {}", error.line(), error.column()),
        problem: plain(&error),
        hint: "the fields of a ticket are described in docs/reference/ticket.md".to_owned(),
    })?;
    let named = |field: &str, value: &str| name(&ticket.request_id, field, value);
    request_id(&ticket.request_id)?;
    named("requester", &ticket.requester)?;
    if let Some(beneficiary) = &ticket.on_behalf_of {
        named("on_behalf_of", beneficiary)?;
    }
    if let Some(reference) = &ticket.ticket {
        plain_text(&ticket.request_id, "ticket", reference)?;
    }
    let place = |field: &str| format!("{}, field `{field}`", ticket.request_id);
    bounded(&place("access"), &ticket.access, ACCESS_CHARACTERS_MAX)?;
    if let Some(justification) = &ticket.justification {
        longest(
            &place("justification"),
            justification,
            JUSTIFICATION_CHARACTERS_MAX,
        )?;
    }
    if ticket.approvals.len() > CLAIMS_MAX {
        return Err(IntakeError {
            place: place("approvals"),
            problem: format!(
                "{} approvals are claimed, at most {CLAIMS_MAX} are taken",
                ticket.approvals.len()
            ),
            hint: "claim those that are required".to_owned(),
        });
    }
    for claim in &ticket.approvals {
        named("approvals.by", &claim.by)?;
        claim.reference.as_deref().map_or(Ok(()), |value| {
            plain_text(&ticket.request_id, "approvals.ref", value)
        })?;
    }
    let term = term(&ticket, &place)?;
    let revision = ticket.revision.unwrap_or(1);
    if revision == 0 {
        return Err(IntakeError {
            place: place("revision"),
            problem: "revisions count from 1".to_owned(),
            hint: "leave it out for the first one".to_owned(),
        });
    }
    Ok(Request {
        id: ticket.request_id,
        revision,
        requester: ticket.requester,
        on_behalf_of: ticket.on_behalf_of,
        access: Access::new(&ticket.access),
        justification: ticket.justification.as_deref().map(mask_secrets),
        term,
        created_at: ticket.created_at,
        ticket: ticket.ticket,
        claims: ticket.approvals,
    })
}

fn term(ticket: &Ticket, place: &impl Fn(&str) -> String) -> Result<Term, IntakeError> {
    match (&ticket.duration, ticket.until) {
        (None, None) => Ok(Term::Unstated),
        (None, Some(until)) => Ok(Term::Until(until)),
        (Some(text), None) => Minutes::parse(text)
            .map(Term::For)
            .ok_or_else(|| IntakeError {
                place: place("duration"),
                problem: format!("`{}` is not a length of time", shortened(text)),
                hint: "write it as `8h`, `30d` or `PT8H`".to_owned(),
            }),
        (Some(_), Some(_)) => Err(IntakeError {
            place: place("until"),
            problem: "both `duration` and `until` are given".to_owned(),
            hint: "give one of them".to_owned(),
        }),
    }
}

/// A request's id is printed in commands to be typed: nothing in it means anything to a shell.
fn request_id(value: &str) -> Result<(), IntakeError> {
    name(value, "request_id", value)?;
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "._:/#-".contains(character);
    if value.chars().all(is_plain) && value.starts_with(|first: char| first.is_ascii_alphanumeric())
    {
        return Ok(());
    }
    Err(IntakeError {
        place: format!("{}, field `request_id`", shortened(value)),
        problem: "it holds a character that an id must not have".to_owned(),
        hint: "write it with letters and digits of ASCII and `._:/#-`, a letter or digit first"
            .to_owned(),
    })
}

/// Ids and logins: one word, short, and nothing in them that a screen does not show.
fn name(request: &str, field: &str, value: &str) -> Result<(), IntakeError> {
    plain_text(request, field, value)?;
    if value.contains(char::is_whitespace) {
        return Err(IntakeError {
            place: format!("{}, field `{field}`", shortened(request)),
            problem: "it holds white space".to_owned(),
            hint: "write it as one word".to_owned(),
        });
    }
    Ok(())
}

/// References: short, and nothing in them that a screen does not show.
fn plain_text(request: &str, field: &str, value: &str) -> Result<(), IntakeError> {
    let place = format!("{}, field `{field}`", shortened(request));
    bounded(&place, value, NAME_CHARACTERS_MAX)?;
    if value.chars().any(decision::rules::pattern::is_invisible) {
        return Err(IntakeError {
            place,
            problem: "it holds control or invisible characters".to_owned(),
            hint: "write it with visible characters only".to_owned(),
        });
    }
    Ok(())
}

fn bounded(place: &str, value: &str, characters_max: usize) -> Result<(), IntakeError> {
    if value.trim().is_empty() {
        return Err(IntakeError {
            place: place.to_owned(),
            problem: "it is empty".to_owned(),
            hint: "fill it in".to_owned(),
        });
    }
    longest(place, value, characters_max)
}

fn longest(place: &str, value: &str, characters_max: usize) -> Result<(), IntakeError> {
    let characters = value.chars().count();
    if characters > characters_max {
        return Err(IntakeError {
            place: place.to_owned(),
            problem: format!("it has {characters} characters, at most {characters_max} are taken"),
            hint: "shorten it".to_owned(),
        });
    }
    Ok(())
}

/// The beginning of a text, with what a screen does not show made visible.
fn shortened(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        r#"{"request_id": "REQ-1", "requester": "engineer-001", "access": "repo:read"}"#;

    #[test]
    fn one_many_and_line_by_line() {
        assert_eq!(split(PLAIN.as_bytes()).map(|found| found.len()), Ok(1));
        assert_eq!(
            split(format!("[{PLAIN}, {PLAIN}]").as_bytes()).map(|found| found.len()),
            Ok(2)
        );
        assert_eq!(
            split(format!("{PLAIN}\n{PLAIN}\n").as_bytes()).map(|found| found.len()),
            Ok(2)
        );
        assert!(split(b"").is_err());
        assert!(split(b"\xff").is_err());
        assert_eq!(
            split(b"{\n \"a\": }").unwrap_err().place,
            "line 2, column 7"
        );
    }

    #[test]
    fn each_mistake_has_its_place() {
        let broken = |text: &str| parse(text).unwrap_err().to_string();
        assert!(broken(r#"{"request_id": "R"}"#).contains("missing field `requester`"));
        let more = |extra: &str| PLAIN.replace('}', &format!(", {extra}}}"));
        assert!(broken(&more(r#""acess": "x""#)).contains("unknown field `acess`"));
        assert!(broken(&more(r#""duration": "soon""#)).contains("`soon` is not a length of time"));
        assert!(
            broken(&more(
                r#""duration": "8h", "until": "2026-11-22T08:00:00Z""#
            ))
            .contains("both")
        );
        assert!(broken(&more(r#""revision": 0"#)).contains("count from 1"));
        assert!(broken(&more(r#""revision": "2""#)).contains("invalid type"));
        assert!(broken(&PLAIN.replace("REQ-1", "REQ 1")).contains("white space"));
        assert!(broken(&PLAIN.replace("repo:read", " ")).contains("empty"));
        assert!(
            broken(&more(&format!(
                "\"justification\": \"{}\"",
                "x".repeat(9_000)
            )))
            .contains("at most 8000")
        );
        assert!(
            broken(&more(&format!(
                "\"justification\": \"{}\"",
                "x".repeat(300_000)
            )))
            .contains("bytes")
        );
        assert!(
            broken(&more(r#""approvals": [{"kind": "boss", "by": "x"}]"#))
                .contains("unknown variant `boss`")
        );
        assert!(parse(&more(r#""metadata": {"anything": [1]}"#)).is_ok());
    }
}
