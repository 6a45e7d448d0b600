//! Reading nodes of the YAML tree: each function takes what it can use and says what it cannot.

use decision::time::Minutes;
use marked_yaml::types::MarkedScalarNode;
use marked_yaml::{Node, Span};

use crate::bounds::{LIST_MAX, TEXT_CHARS_MAX};
use crate::code::Code;
use crate::names::{self, Fault, quoted};
use crate::problem::{Problem, Sink, Spot};

/// One key of a mapping with its value.
pub(super) struct Field<'a> {
    pub(super) key: &'a str,
    pub(super) key_spot: Spot,
    pub(super) value: &'a Node,
}

/// The entries of a mapping, or `None` after saying that it is not one.
pub(super) fn mapping<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> Option<Vec<Field<'a>>> {
    let Node::Mapping(map) = node else {
        sink.push(mismatch(node, what, "a mapping"));
        return None;
    };
    let mut entries = Vec::with_capacity(map.len());
    for (key, value) in map.iter() {
        let key_spot = scalar_spot(key);
        if matches!(value, Node::Scalar(scalar) if is_null(scalar)) {
            let message = format!("{} has no value", quoted(key.as_str()));
            sink.push(
                Problem::new(Code::ValueEmpty, key_spot, message)
                    .label("no value")
                    .help("give it one, or leave the key out"),
            );
            continue;
        }
        entries.push(Field {
            key: key.as_str(),
            key_spot,
            value,
        });
    }
    Some(entries)
}

/// The entries of a mapping whose keys are among `known`; every other key is a problem.
pub(super) fn fields<'a>(
    sink: &mut Sink,
    node: &'a Node,
    what: &str,
    known: &[&str],
) -> Option<Vec<Field<'a>>> {
    let mut entries = mapping(sink, node, what)?;
    entries.retain(|field| {
        let fine = known.contains(&field.key);
        if !fine {
            let hint = sink.did_you_mean(field.key, known.iter().copied());
            let message = format!("{} is not a key of {what}", quoted(field.key));
            sink.push(
                Problem::new(Code::KeyUnknown, field.key_spot, message)
                    .label("unknown key")
                    .help(format!("known keys: {}", known.join(", ")))
                    .help_if(hint),
            );
        }
        fine
    });
    Some(entries)
}

/// The items of a list.
pub(super) fn list<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> Option<&'a [Node]> {
    let Node::Sequence(items) = node else {
        sink.push(mismatch(node, what, "a list"));
        return None;
    };
    if items.len() > LIST_MAX {
        let message = format!("{what} has {} entries, more than {LIST_MAX}", items.len());
        sink.push(Problem::new(Code::ValueTooMany, spot(node), message));
        return None;
    }
    Some(items)
}

/// A text that is not empty, of at most `TEXT_CHARS_MAX` characters, without hidden characters.
pub(super) fn text<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> Option<&'a str> {
    let scalar = scalar(sink, node, what, "text")?;
    let text = scalar.as_str();
    if text.trim().is_empty() {
        sink.push(
            Problem::new(Code::ValueEmpty, spot(node), format!("{what} is empty")).label("empty"),
        );
        return None;
    }
    if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
        let message = format!("{what} has more than {TEXT_CHARS_MAX} characters");
        sink.push(Problem::new(Code::ValueTooLong, spot(node), message));
        return None;
    }
    if let Some(hidden) = text
        .chars()
        .find(|c| names::is_direction(*c) || (c.is_control() && *c != '\n'))
    {
        sink.push(hidden_character(spot(node), what, hidden));
        return None;
    }
    Some(text)
}

/// A name: a role, a group, a person, a tag, a level.
pub(super) fn name<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> Option<&'a str> {
    let text = scalar(sink, node, what, "a name")?.as_str();
    named(sink, spot(node), text, what, names::plain(text))
}

/// An exact entitlement, `resource:level`.
pub(super) fn entitlement<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> Option<&'a str> {
    let text = scalar(sink, node, what, "`resource:level`")?.as_str();
    entitlement_text(sink, spot(node), text, what)
}

/// The same for text that is already at hand, such as a key.
pub(super) fn entitlement_text<'a>(
    sink: &mut Sink,
    spot: Spot,
    text: &'a str,
    what: &str,
) -> Option<&'a str> {
    named(sink, spot, text, what, names::entitlement(text).map(|_| ()))
}

/// A pattern, `resource:level` with stars.
pub(super) fn pattern<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> Option<&'a str> {
    let text = scalar(sink, node, what, "a pattern")?.as_str();
    named(sink, spot(node), text, what, names::pattern(text))
}

/// A name that is already at hand, such as a key, with the outcome of its check.
pub(super) fn named<'a>(
    sink: &mut Sink,
    spot: Spot,
    text: &'a str,
    what: &str,
    outcome: Result<(), Fault>,
) -> Option<&'a str> {
    let fault = match outcome {
        Ok(()) => return Some(text),
        Err(fault) => fault,
    };
    let shown = quoted(text);
    sink.push(match fault {
        Fault::Empty => {
            Problem::new(Code::ValueEmpty, spot, format!("{what} is empty")).label("empty")
        }
        Fault::TooLong => {
            let message = format!(
                "{what} has more than {} characters",
                crate::bounds::NAME_CHARS_MAX
            );
            Problem::new(Code::ValueTooLong, spot, message)
        }
        Fault::Character(found) => hidden_character(spot, what, found),
        Fault::Space => Problem::new(
            Code::NameSpace,
            spot,
            format!("{what} {shown} has spaces that do not show"),
        )
        .label("spaces")
        .help("single plain spaces between words only; none at the ends or beside the colon"),
        Fault::Wildcard => Problem::new(
            Code::NameWildcard,
            spot,
            format!("{what} {shown} has a star"),
        )
        .label("must be exact")
        .help("name each entitlement: permission is never a pattern"),
        Fault::Shape => Problem::new(
            Code::NameShape,
            spot,
            format!("{what} {shown} is not `resource:level`"),
        )
        .label("no `resource:level`")
        .help("write the resource, a colon and the level, such as `repo:read`"),
    });
    None
}

/// One of `choices` by its name.
pub(super) fn choice<T: Copy>(
    sink: &mut Sink,
    node: &Node,
    what: &str,
    choices: &[(&str, T)],
) -> Option<T> {
    let text = scalar(sink, node, what, "a word")?.as_str();
    if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
        return Some(*value);
    }
    let known: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let allowed = format!("allowed: {}", known.join(", "));
    let hint = sink
        .did_you_mean(text, known)
        .map(|hint| format!("{hint} {allowed}"));
    sink.push(
        Problem::new(
            Code::ValueChoice,
            spot(node),
            format!("{} is no {what}", quoted(text)),
        )
        .label("not allowed here")
        .help(allowed)
        .help_if(hint),
    );
    None
}

/// A whole number from 0, without sign or quotes.
pub(super) fn number(sink: &mut Sink, node: &Node, what: &str) -> Option<u64> {
    let scalar = scalar(sink, node, what, "a whole number")?;
    let text = scalar.as_str();
    let digits =
        scalar.may_coerce() && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse::<u64>().ok().filter(|_| digits);
    if value.is_none() {
        sink.push(
            Problem::new(
                Code::ValueNumber,
                spot(node),
                format!("{what} {} is not a whole number", quoted(text)),
            )
            .label("not a whole number")
            .help("digits alone, such as 1200"),
        );
    }
    value
}

/// A length of time such as `30d` or `PT8H`.
pub(super) fn minutes(sink: &mut Sink, node: &Node, what: &str) -> Option<Minutes> {
    let text = scalar(sink, node, what, "a length of time")?.as_str();
    let value = Minutes::parse(text);
    if value.is_none() {
        sink.push(
            Problem::new(Code::DurationUnreadable, spot(node), format!("{what} {} is not a length of time", quoted(text)))
                .label("cannot be read")
                .help("a number above zero and `m`, `h`, `d` or `w`, such as `30d`; or ISO 8601 such as `PT8H`"),
        );
    }
    value
}

/// The scalar of a node that is not null.
fn scalar<'a>(
    sink: &mut Sink,
    node: &'a Node,
    what: &str,
    wanted: &str,
) -> Option<&'a MarkedScalarNode> {
    match node {
        Node::Scalar(scalar) if !is_null(scalar) => Some(scalar),
        Node::Scalar(_) | Node::Mapping(_) | Node::Sequence(_) => {
            sink.push(mismatch(node, what, wanted));
            None
        }
    }
}

fn is_null(scalar: &MarkedScalarNode) -> bool {
    scalar.may_coerce() && matches!(scalar.as_str(), "~" | "null" | "Null" | "NULL" | "")
}

fn mismatch(node: &Node, what: &str, wanted: &str) -> Problem {
    let found = match node {
        Node::Scalar(scalar) if is_null(scalar) => "nothing",
        Node::Scalar(_) => "text",
        Node::Mapping(_) => "a mapping",
        Node::Sequence(_) => "a list",
    };
    Problem::new(
        Code::ValueType,
        spot(node),
        format!("{what} must be {wanted}, but is {found}"),
    )
    .label(format!("{found} here"))
    .help_if(
        (wanted == "a list" && found == "text").then(|| "put brackets around it: `[…]`".to_owned()),
    )
}

fn hidden_character(spot: Spot, what: &str, found: char) -> Problem {
    let message = format!(
        "{what} holds the hidden character U+{:04X}",
        u32::from(found)
    );
    Problem::new(Code::NameCharacter, spot, message)
        .label("hidden character")
        .help("remove it; two names that look alike must be alike")
}

/// Where a node begins, and how much of that line it takes.
pub(super) fn spot(node: &Node) -> Spot {
    match node {
        Node::Scalar(scalar) => scalar_spot(scalar),
        Node::Sequence(items) => span_spot(items.span()),
        Node::Mapping(map) => {
            let whole = span_spot(map.span());
            // The mark of a block mapping stands behind its first key.
            map.keys().next().map_or(whole, |key| {
                let first = scalar_spot(key);
                if (first.line, first.column) < (whole.line, whole.column) {
                    first
                } else {
                    whole
                }
            })
        }
    }
}

pub(super) fn scalar_spot(scalar: &MarkedScalarNode) -> Spot {
    let begin = span_spot(scalar.span());
    let quotes = if scalar.may_coerce() { 0 } else { 2 };
    let length = scalar
        .as_str()
        .chars()
        .take(256)
        .count()
        .saturating_add(quotes);
    Spot { length, ..begin }
}

fn span_spot(span: &Span) -> Spot {
    let Some(start) = span.start() else {
        return Spot::new(1, 1, 1);
    };
    let length = match span.end() {
        Some(end) if end.line() == start.line() => end
            .column()
            .saturating_sub(start.column())
            .saturating_add(1),
        Some(_) | None => 1,
    };
    Spot::new(start.line(), start.column(), length)
}
