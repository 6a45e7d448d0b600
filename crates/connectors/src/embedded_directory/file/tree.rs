//! Reading nodes of the YAML tree: each function takes what it can use and says what it cannot.

use std::collections::HashSet;

use decision::rules::pattern::is_invisible;
use decision::rules::policy::Place;
use decision::time::Timestamp;
use marked_yaml::types::MarkedScalarNode;
use marked_yaml::{Node, Span};

use super::problem::{Sink, quoted};
use crate::embedded_directory::bounds::{LIST_MAX, NAME_CHARS_MAX};

/// A name with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) text: String,
    pub(super) place: Place,
}

/// One key of a mapping with its value.
pub(super) struct Field<'a> {
    pub(super) key: Named,
    pub(super) value: &'a Node,
}

/// The entries of a mapping; a key without a value and one that is no name are problems.
pub(super) fn mapping<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> Vec<Field<'a>> {
    let Node::Mapping(map) = node else {
        mismatch(sink, node, what, "a mapping");
        return Vec::new();
    };
    if map.len() > LIST_MAX {
        too_many(sink, node, what, map.len());
        return Vec::new();
    }
    let mut entries = Vec::with_capacity(map.len());
    for (key, value) in map.iter() {
        let place = place_of_scalar(key);
        if matches!(value, Node::Scalar(scalar) if is_null(scalar)) {
            let message = format!("{} has no value", quoted(key.as_str()));
            sink.error(
                "value::empty",
                place,
                message,
                "give it one, or leave the key out",
            );
        } else if let Some(key) = plain(sink, place, key.as_str(), "the key") {
            entries.push(Field { key, value });
        }
    }
    entries
}

/// The entries of a mapping whose keys are among `known`; every other key is a problem.
pub(super) fn fields<'a>(
    sink: &mut Sink,
    node: &'a Node,
    what: &str,
    known: &[&str],
) -> Vec<Field<'a>> {
    let mut entries = mapping(sink, node, what);
    entries.retain(|field| {
        let fine = known.contains(&field.key.text.as_str());
        if !fine {
            let list = format!("known keys: {}", known.join(", "));
            let help = sink.did_you_mean(&field.key.text, known.iter().copied(), &list);
            let message = format!("{} is not a key of {what}", quoted(&field.key.text));
            sink.error("key::unknown", field.key.place, message, help);
        }
        fine
    });
    entries
}

/// The items of a list.
pub(super) fn list<'a>(sink: &mut Sink, node: &'a Node, what: &str) -> &'a [Node] {
    let Node::Sequence(items) = node else {
        mismatch(sink, node, what, "a list");
        return &[];
    };
    if items.len() > LIST_MAX {
        too_many(sink, node, what, items.len());
        return &[];
    }
    items
}

/// A list of names; one that is there twice is a warning and counts once.
pub(super) fn names(sink: &mut Sink, node: &Node, what: &str) -> Vec<Named> {
    let read = list(sink, node, what)
        .iter()
        .filter_map(|item| name(sink, item, what))
        .collect();
    without_repeats(sink, read, what)
}

/// A list of exact entitlements.
pub(super) fn entitlements(sink: &mut Sink, node: &Node, what: &str) -> Vec<Named> {
    let read = list(sink, node, what)
        .iter()
        .filter_map(|item| entitlement(sink, item, what))
        .collect();
    without_repeats(sink, read, what)
}

fn without_repeats(sink: &mut Sink, mut names: Vec<Named>, what: &str) -> Vec<Named> {
    let mut seen = HashSet::new();
    names.retain(|name| {
        let first = seen.insert(name.text.clone());
        if !first {
            let message = format!("{} is there twice in {what}", quoted(&name.text));
            sink.warning("value::repeated", name.place, message, "keep one");
        }
        first
    });
    names
}

/// A name: a login, a group, a role, a system.
pub(super) fn name(sink: &mut Sink, node: &Node, what: &str) -> Option<Named> {
    let scalar = scalar(sink, node, what, "a name")?;
    plain(sink, place_of_scalar(scalar), scalar.as_str(), what)
}

/// An exact entitlement, `resource:level`.
pub(super) fn entitlement(sink: &mut Sink, node: &Node, what: &str) -> Option<Named> {
    let name = name(sink, node, what)?;
    is_entitlement(sink, &name, what).then_some(name)
}

/// Whether a name is `resource:level` without a star; says so when it is not.
pub(super) fn is_entitlement(sink: &mut Sink, name: &Named, what: &str) -> bool {
    let shown = quoted(&name.text);
    if name.text.contains('*') {
        let message = format!("{what} {shown} has a star");
        sink.error(
            "name::wildcard",
            name.place,
            message,
            "name each entitlement: nobody holds a pattern",
        );
        return false;
    }
    let shaped = name.text.rsplit_once(':').is_some_and(|(resource, level)| {
        !resource.is_empty()
            && !level.is_empty()
            && !resource.ends_with([':', ' '])
            && !level.starts_with(' ')
    });
    if !shaped {
        let message = format!("{what} {shown} is not `resource:level`");
        sink.error(
            "name::shape",
            name.place,
            message,
            "write the resource, a colon and the level, such as `repo:read`",
        );
    }
    shaped
}

/// One of `choices` by its name.
pub(super) fn choice<T: Copy>(
    sink: &mut Sink,
    node: &Node,
    what: &str,
    choices: &[(&str, T)],
) -> Option<T> {
    let given = name(sink, node, what)?;
    let found = choices.iter().find(|(name, _)| *name == given.text);
    if found.is_none() {
        let known: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!("{} is no {what}", quoted(&given.text));
        sink.error(
            "value::choice",
            given.place,
            message,
            format!("allowed: {}", known.join(", ")),
        );
    }
    found.map(|(_, value)| *value)
}

/// A day, which lasts to its end in UTC, or a moment in RFC 3339.
pub(super) fn moment(sink: &mut Sink, node: &Node, what: &str) -> Option<Timestamp> {
    let given = name(sink, node, what)?;
    let is_day = given.text.len() == 10 && !given.text.contains('T');
    let moment = if is_day {
        Timestamp::parse(&format!("{}T23:59:59Z", given.text))
    } else {
        Timestamp::parse(&given.text)
    };
    if moment.is_none() {
        let message = format!("{what} {} is not a date", quoted(&given.text));
        sink.error(
            "date::unreadable",
            given.place,
            message,
            "write `2026-12-31`, or RFC 3339 such as `2026-12-31T18:00:00Z`",
        );
    }
    moment
}

fn plain(sink: &mut Sink, place: Place, text: &str, what: &str) -> Option<Named> {
    let (code, message, help) = if text.trim().is_empty() {
        ("value::empty", format!("{what} is empty"), "give it a name")
    } else if text.chars().nth(NAME_CHARS_MAX).is_some() {
        (
            "value::too_long",
            format!("{what} has more than {NAME_CHARS_MAX} characters"),
            "shorten it",
        )
    } else if text.chars().any(is_invisible) {
        let message = format!("{what} {} holds a hidden character", quoted(text));
        (
            "name::character",
            message,
            "remove it; two names that look alike must be alike",
        )
    } else if text.starts_with(' ')
        || text.ends_with(' ')
        || text.contains("  ")
        || text.chars().any(|c| c != ' ' && c.is_whitespace())
    {
        let message = format!("{what} {} has spaces that do not show", quoted(text));
        (
            "name::space",
            message,
            "single plain spaces between words only",
        )
    } else {
        return Some(Named {
            text: text.to_owned(),
            place,
        });
    };
    sink.error(code, place, message, help);
    None
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
            mismatch(sink, node, what, wanted);
            None
        }
    }
}

/// Whether the node is text (and neither a list nor a mapping).
pub(super) fn is_text(node: &Node) -> bool {
    matches!(node, Node::Scalar(_))
}

/// Whether the node is a mapping.
pub(super) fn is_mapping(node: &Node) -> bool {
    matches!(node, Node::Mapping(_))
}

fn is_null(scalar: &MarkedScalarNode) -> bool {
    scalar.may_coerce() && matches!(scalar.as_str(), "~" | "null" | "Null" | "NULL" | "")
}

fn mismatch(sink: &mut Sink, node: &Node, what: &str, wanted: &str) {
    let found = match node {
        Node::Scalar(scalar) if is_null(scalar) => "nothing",
        Node::Scalar(_) => "text",
        Node::Mapping(_) => "a mapping",
        Node::Sequence(_) => "a list",
    };
    let help = match wanted {
        "a list" => "put brackets around it: `[…]`",
        "a mapping" => "put braces around keys with values: `{ key: value }`",
        _ => "write one name, without brackets or braces",
    };
    let message = format!("{what} must be {wanted}, but is {found}");
    sink.error("value::type", place_of(node), message, help);
}

fn too_many(sink: &mut Sink, node: &Node, what: &str, count: usize) {
    let message = format!("{what} has {count} entries, more than {LIST_MAX}");
    sink.error(
        "value::too_many",
        place_of(node),
        message,
        "a directory of this size belongs in an identity provider",
    );
}

/// Where a node begins.
pub(super) fn place_of(node: &Node) -> Place {
    match node {
        Node::Scalar(scalar) => place_of_scalar(scalar),
        Node::Sequence(items) => place_of_span(items.span()),
        // The mark of a block mapping stands behind its first key.
        Node::Mapping(map) => map
            .keys()
            .next()
            .map(place_of_scalar)
            .into_iter()
            .chain([place_of_span(map.span())])
            .min()
            .unwrap_or_default(),
    }
}

pub(super) fn place_of_scalar(scalar: &MarkedScalarNode) -> Place {
    place_of_span(scalar.span())
}

fn place_of_span(span: &Span) -> Place {
    span.start()
        .map_or(place_at(1, 1), |mark| place_at(mark.line(), mark.column()))
}

pub(super) fn place_at(line: usize, column: usize) -> Place {
    let held = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place {
        line: held(line),
        column: held(column),
    }
}
