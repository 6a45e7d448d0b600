//! One input of an operation: its name, its place, what it means, and the values that the document names.

use serde_json::{Value, json};

use super::super::bounds::{ACTION_TYPES_MAX, LIST_MAX, NAME_CHARS_MAX, REFERENCES_MAX};
use super::super::{text, values};
use super::normalised;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) required: bool,
    /// Whether a time is written as RFC 3339; as milliseconds otherwise.
    pub(super) is_date_time: bool,
    /// Values that the document names.
    pub(super) values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Body,
}

/// What a parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Asset,
    Request,
    Id,
    Action,
    Message,
    From,
    Until,
    Exclusive,
}

impl Meaning {
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = normalised(name);
        Some(match name.as_str() {
            "id" | "uuid" => Self::Id,
            "assetid" | "asset" => Self::Asset,
            "requestid" | "request" => Self::Request,
            "action" | "actiontype" => Self::Action,
            "to" | "end" | "until" | "requestedto" | "todate" | "totime" | "enddate"
            | "endtime" => Self::Until,
            name if ["message", "reason", "justification", "comment"]
                .iter()
                .any(|word| name.contains(word)) =>
            {
                Self::Message
            }
            name if name.contains("exclusive") => Self::Exclusive,
            name if name.starts_with("from")
                || name.starts_with("start")
                || name == "requestedfrom" =>
            {
                Self::From
            }
            _ => return None,
        })
    }
}

impl Parameter {
    pub(super) fn read(document: &Value, described: &Value) -> Option<Self> {
        let name = described.get("name").and_then(Value::as_str)?;
        let place = match described.get("in").and_then(Value::as_str)? {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            _ => return None,
        };
        let schema = described
            .get("schema")
            .map_or(&Value::Null, |schema| resolve(document, schema));
        let required = described.get("required").and_then(Value::as_bool) == Some(true);
        Some(Self::of(
            name,
            place,
            required || place == Place::Path,
            schema,
            described,
        ))
    }

    pub(super) fn of(
        name: &str,
        place: Place,
        required: bool,
        schema: &Value,
        described: &Value,
    ) -> Self {
        let mut named: Vec<String> = Vec::new();
        let mut add = |value: &Value| {
            if let Some(value) = values::text(value).filter(|value| text::is_id(value))
                && !named.contains(&value)
                && named.len() < ACTION_TYPES_MAX
            {
                named.push(value);
            }
        };
        let listed = schema.get("enum").and_then(Value::as_array);
        listed.into_iter().flatten().for_each(&mut add);
        for holder in [described, schema] {
            ["example", "default"]
                .iter()
                .filter_map(|key| holder.get(key))
                .for_each(&mut add);
        }
        for holder in [described, schema] {
            let description = holder
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default();
            for quote in ['`', '"', '\''] {
                description
                    .split(quote)
                    .skip(1)
                    .step_by(2)
                    .take(LIST_MAX)
                    .filter(|word| {
                        word.bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
                    })
                    .for_each(|word| add(&json!(word)));
            }
        }
        Self {
            name: name.chars().take(NAME_CHARS_MAX).collect(),
            place,
            required,
            is_date_time: schema.get("type").and_then(Value::as_str) == Some("string")
                || schema.get("format").and_then(Value::as_str) == Some("date-time"),
            values: named,
        }
    }
}

/// Properties of the schema of a body, those that it is put together from included.
pub(super) fn properties(
    document: &Value,
    schema: &Value,
    depth: usize,
    into: &mut Vec<Parameter>,
) {
    if depth > REFERENCES_MAX || into.len() > LIST_MAX {
        return;
    }
    let schema = resolve(document, schema);
    let parts = schema.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten().take(LIST_MAX) {
        properties(document, part, depth.saturating_add(1), into);
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .take(LIST_MAX)
        .collect();
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, property) in known.into_iter().flatten().take(LIST_MAX) {
        let property = resolve(document, property);
        into.push(Parameter::of(
            name,
            Place::Body,
            required.contains(&name.as_str()),
            property,
            property,
        ));
    }
    for name in required {
        if !into
            .iter()
            .any(|parameter| parameter.place == Place::Body && parameter.name == name)
        {
            into.push(Parameter::of(
                name,
                Place::Body,
                true,
                &Value::Null,
                &Value::Null,
            ));
        }
    }
}

/// Follows `$ref` within the document.
pub(super) fn resolve<'d>(document: &'d Value, mut value: &'d Value) -> &'d Value {
    for _ in 0..REFERENCES_MAX {
        let reference = value.get("$ref").and_then(Value::as_str);
        let Some(pointer) = reference.and_then(|reference| reference.strip_prefix('#')) else {
            return value;
        };
        match document.pointer(pointer) {
            Some(target) => value = target,
            None => return value,
        }
    }
    value
}
