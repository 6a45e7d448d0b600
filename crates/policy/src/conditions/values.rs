//! Texts that conditions compare with attributes of which the values are listed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::block::{Block, Draft, place_of};
use super::declared::{Declared, Kind};
use super::tree::Leaf;
use crate::code::Code;
use crate::names::quoted;
use crate::problem::{Problem, Sink, Spot};

/// A text that an attribute with listed values is compared to must be one of them.
pub(super) fn check_values(
    sink: &mut Sink,
    block: &Block,
    declared: &Declared,
    draft: &Draft,
    leaves: &[Leaf],
) {
    let mut told = BTreeSet::new();
    for leaf in leaves {
        let texts = texts_of(&leaf.body);
        for path in &leaf.reads {
            let Some(Kind::OneOf(values)) = kind_of(declared, path) else {
                continue;
            };
            for text in texts
                .iter()
                .filter(|text| !values.iter().any(|value| value == *text))
            {
                if !told.insert((path.clone(), (*text).to_owned())) {
                    continue;
                }
                let hint = sink.did_you_mean(text, values.iter().map(String::as_str));
                let message = format!("{} is no value of `{path}`", quoted(text));
                let help = format!("its values are {}", values.join(", "));
                let spot = text_spot(block, draft, text);
                sink.push(
                    Problem::new(Code::ConditionValue, spot, message)
                        .help(help)
                        .help_if(hint),
                );
            }
        }
    }
}

fn kind_of<'a>(declared: &'a Declared, path: &str) -> Option<&'a Kind> {
    let own = |variable: &str| path.strip_prefix(variable);
    let found = own("principal.")
        .or_else(|| own("context.requester."))
        .and_then(|name| declared.person.get(name))
        .or_else(|| own("context.").and_then(|name| declared.request.get(name)))
        .or_else(|| own("resource.").and_then(|name| declared.resource.get(name)));
    found.map(|declaration| &declaration.kind)
}

/// The texts in a comparison, when it is one between an attribute and texts.
fn texts_of(body: &Value) -> Vec<&str> {
    let side = |value: &'static str| {
        let comparison = ["==", "!=", "contains"]
            .iter()
            .find_map(|key| body.get(*key));
        comparison.and_then(|comparison| comparison.get(value))
    };
    let mut texts = Vec::new();
    for value in [side("left"), side("right")].into_iter().flatten() {
        if let Some(text) = value.get("Value").and_then(Value::as_str) {
            texts.push(text);
        }
        let items = value.get("Set").and_then(Value::as_array);
        let inner = items.into_iter().flatten();
        texts.extend(inner.filter_map(|item| item.get("Value").and_then(Value::as_str)));
    }
    texts
}

fn text_spot(block: &Block, draft: &Draft, text: &str) -> Spot {
    let quoted = format!("\"{text}\"");
    let own = (block.text).get(draft.offset..draft.offset.saturating_add(draft.length));
    match own.and_then(|own| own.find(&quoted)) {
        Some(at) => block.spot(draft.offset.saturating_add(at), quoted.len()),
        None => place_of(block, draft, "id"),
    }
}
