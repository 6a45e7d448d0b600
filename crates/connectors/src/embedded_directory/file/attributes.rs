//! Attributes of people and facts of requests: plain values under names that the organisation chooses.

use std::collections::BTreeMap;

use decision::rules::policy::Attribute;
use marked_yaml::Node;

use super::problem::{Sink, quoted};
use super::tree::{self, Field};

/// Values by name; one that is no value is a problem.
pub(super) fn read(sink: &mut Sink, node: &Node, what: &str) -> BTreeMap<String, Attribute> {
    let entries = tree::mapping(sink, node, what);
    entries
        .into_iter()
        .filter_map(|Field { key, value }| Some((key.text, attribute(sink, value, what)?)))
        .collect()
}

/// `true` or `false`, a whole number, a text, or a list of texts. Quotes make a text of what looks otherwise.
fn attribute(sink: &mut Sink, node: &Node, what: &str) -> Option<Attribute> {
    match node {
        Node::Scalar(scalar) => {
            let text = tree::name(sink, node, what)?.text;
            if !scalar.may_coerce() {
                return Some(Attribute::Text(text));
            }
            Some(match (text.as_str(), text.parse()) {
                ("true", _) => Attribute::YesNo(true),
                ("false", _) => Attribute::YesNo(false),
                (_, Ok(number)) => Attribute::Number(number),
                (_, Err(_)) => Attribute::Text(text),
            })
        }
        Node::Sequence(_) => {
            let names = tree::names(sink, node, what);
            Some(Attribute::List(
                names.into_iter().map(|name| name.text).collect(),
            ))
        }
        Node::Mapping(_) => {
            let message = format!("a value in {} is a mapping", quoted(what));
            let help = "write a text, a number, true or false, or a list of texts";
            sink.error("value::type", tree::place_of(node), message, help);
            None
        }
    }
}
