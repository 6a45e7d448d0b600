//! `attributes` and `conditions`: what the organisation declares beside the tables, and the text of its conditions.

use std::collections::BTreeMap;

use decision::rules::policy::Attribute;
use marked_yaml::Node;

use super::draft::Draft;
use super::tree;
use crate::code::Code;
use crate::conditions::{Block, CONTEXT, Declaration, Kind, PERSON, RESOURCE};
use crate::names::quoted;
use crate::problem::{Problem, Sink};

const WHOSE: &[&str] = &["person", "request", "resource"];
const DECLARATION_KEYS: &[&str] = &["type", "one_of", "optional", "editable"];
const TYPES: &[(&str, Type)] = &[
    ("yes_no", Type::YesNo),
    ("number", Type::Number),
    ("text", Type::Text),
    ("list", Type::List),
];
const YES_NO: &[(&str, bool)] = &[("true", true), ("false", false)];
/// Words that Cedar keeps for itself.
const RESERVED: &[&str] = &[
    "true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar",
];

#[derive(Clone, Copy)]
enum Type {
    YesNo,
    Number,
    Text,
    List,
}

/// The attributes of people, requests and resources.
pub(super) fn read(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    for field in tree::fields(sink, node, "`attributes`", WHOSE).unwrap_or_default() {
        let (fixed, list) = match field.key {
            "person" => (PERSON, &mut draft.declared.person),
            "request" => (CONTEXT, &mut draft.declared.request),
            _ => (RESOURCE, &mut draft.declared.resource),
        };
        let what = format!("`attributes: {}`", field.key);
        for entry in tree::mapping(sink, field.value, &what).unwrap_or_default() {
            if !is_name(sink, &entry, fixed) {
                continue;
            }
            if let Some(declaration) = declaration(sink, &entry) {
                list.insert(entry.key.to_owned(), declaration);
            }
        }
    }
}

fn is_name(sink: &mut Sink, field: &tree::Field<'_>, fixed: &[(&str, &str)]) -> bool {
    let mut letters = field.key.chars();
    let shaped = letters.next().is_some_and(|c| c.is_ascii_lowercase())
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && field.key.len() <= crate::names::ID_CHARS_MAX
        && !RESERVED.contains(&field.key);
    if !shaped {
        let message = format!("{} is no name of an attribute", quoted(field.key));
        sink.push(
            Problem::new(Code::AttributeName, field.key_spot, message)
                .help("a lower-case letter, then letters, digits and `_`, at most 64 of them; no word of Cedar's"),
        );
        return false;
    }
    let built_in = fixed
        .iter()
        .any(|(name, _)| name.trim_end_matches('?') == field.key);
    if built_in {
        let message = format!("{} is there already", quoted(field.key));
        sink.push(
            Problem::new(Code::AttributeName, field.key_spot, message)
                .label("built in")
                .help(
                    "docs/reference/conditions.md lists what is always there; choose another name",
                ),
        );
    }
    !built_in
}

fn declaration(sink: &mut Sink, field: &tree::Field<'_>) -> Option<Declaration> {
    let what = format!("the attribute `{}`", field.key);
    let fields = tree::fields(sink, field.value, &what, DECLARATION_KEYS)?;
    let (mut kind, mut optional, mut editable) = (None, false, false);
    for inner in &fields {
        match inner.key {
            "type" => {
                kind = tree::choice(sink, inner.value, "type", TYPES).map(|kind| match kind {
                    Type::YesNo => Kind::YesNo,
                    Type::Number => Kind::Number,
                    Type::Text => Kind::Text,
                    Type::List => Kind::List,
                });
            }
            "one_of" => {
                let items = tree::list(sink, inner.value, "`one_of`").unwrap_or_default();
                let mut values = Vec::new();
                for item in items {
                    values.extend(tree::name(sink, item, "the value").map(str::to_owned));
                }
                kind = Some(Kind::OneOf(values));
            }
            "optional" => {
                optional = tree::choice(sink, inner.value, "answer", YES_NO).unwrap_or_default();
            }
            "editable" => {
                editable = tree::choice(sink, inner.value, "answer", YES_NO).unwrap_or_default();
            }
            // `fields` has refused every other key.
            _ => {}
        }
    }
    let both = fields
        .iter()
        .filter(|inner| matches!(inner.key, "type" | "one_of"))
        .count();
    if both != 1 {
        let message = format!("{what} needs `type` or `one_of`, and not both");
        sink.push(
            Problem::new(Code::KeyMissing, field.key_spot, message)
                .help("write `{ type: yes_no }` (or number, text, list), or `{ one_of: [a, b] }`"),
        );
        return None;
    }
    Some(Declaration {
        kind: kind?,
        optional,
        editable,
    })
}

/// The values of one catalogue entry; they are held against their declarations once all are known.
pub(super) fn values(
    sink: &mut Sink,
    node: &Node,
    spots: &mut Vec<(String, crate::problem::Spot)>,
) -> BTreeMap<String, Attribute> {
    let mut values = BTreeMap::new();
    for field in tree::mapping(sink, node, "`attributes`").unwrap_or_default() {
        if let Some(value) = value(sink, field.value) {
            values.insert(field.key.to_owned(), value);
            spots.push((field.key.to_owned(), field.key_spot));
        }
    }
    values
}

fn value(sink: &mut Sink, node: &Node) -> Option<Attribute> {
    match node {
        Node::Scalar(scalar) => {
            let text = tree::name(sink, node, "the value")?;
            if !scalar.may_coerce() {
                return Some(Attribute::Text(text.to_owned()));
            }
            Some(match (text, text.parse()) {
                ("true", _) => Attribute::YesNo(true),
                ("false", _) => Attribute::YesNo(false),
                (_, Ok(number)) => Attribute::Number(number),
                (_, Err(_)) => Attribute::Text(text.to_owned()),
            })
        }
        Node::Sequence(items) => {
            let mut texts = Vec::new();
            for item in items.iter() {
                texts.extend(tree::name(sink, item, "the value").map(str::to_owned));
            }
            Some(Attribute::List(texts))
        }
        Node::Mapping(_) => {
            // `name` says that a mapping is no value.
            tree::name(sink, node, "the value");
            None
        }
    }
}

/// Catalogue entries have the attributes that are declared, with values of their kinds.
pub(super) fn check(sink: &mut Sink, draft: &Draft) {
    for (entry, spots) in draft.policy.catalogue.iter().zip(&draft.entries) {
        for (name, spot) in &spots.attributes {
            let Some(value) = entry.attributes.get(name) else {
                continue;
            };
            let declared = &draft.declared.resource;
            match declared.get(name) {
                None => {
                    let hint = sink.did_you_mean(name, declared.keys().map(String::as_str));
                    let message = format!("{} is not a declared attribute", quoted(name));
                    sink.push(
                        Problem::new(Code::AttributeUnknown, *spot, message)
                            .help("declare it under `attributes: resource`")
                            .help_if(hint),
                    );
                }
                Some(own) if !own.kind.fits(value) => {
                    let message = format!("`{name}` must be {}", own.kind.words());
                    sink.push(Problem::new(Code::AttributeValue, *spot, message));
                }
                Some(_) => {}
            }
        }
    }
}

/// The text of `conditions`, with its place in the file.
pub(super) fn conditions(sink: &mut Sink, node: &Node, file: &str, draft: &mut Draft) {
    let Node::Scalar(scalar) = node else {
        sink.push(
            Problem::new(
                Code::ValueType,
                tree::spot(node),
                "`conditions` must be a text in Cedar",
            )
            .help("write `conditions: |`, and the conditions below it, indented"),
        );
        return;
    };
    let text = scalar.as_str();
    let marked = tree::scalar_spot(scalar).line;
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let skipped = text
        .lines()
        .take_while(|line| line.trim().is_empty())
        .count();
    // A block's mark stands at its `|`: its first line is found by what it says.
    let found = (file.lines().enumerate())
        .skip(marked.saturating_sub(1))
        .find(|(_, line)| !first.is_empty() && line.trim() == first.trim());
    let (line, indent) = found.map_or((marked, 0), |(index, line)| {
        let width = |text: &str| text.len().saturating_sub(text.trim_start().len());
        (
            index.saturating_add(1).saturating_sub(skipped),
            width(line).saturating_sub(width(first)),
        )
    });
    draft.conditions = Some(Block::new(text, line, indent));
}
