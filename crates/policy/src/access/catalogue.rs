//! `catalogue` and `levels`: what can be asked for, and which level implies which.

use std::collections::HashSet;

use decision::rules::policy::{BlastRadius, Entitlement, Environment, LevelOrder, Sensitivity};
use marked_yaml::Node;

use super::attributes;
use super::draft::{Draft, EntrySpots};
use super::tree;
use crate::bounds::ENTITLEMENTS_MAX;
use crate::code::Code;
use crate::names::{self, quoted};
use crate::problem::{Problem, Sink};

const ENTRY_KEYS: &[&str] = &[
    "meaning",
    "owner",
    "system",
    "environment",
    "sensitivity",
    "aliases",
    "tags",
    "narrower",
    "maximum",
    "standing",
    "break_glass",
    "blast_radius",
    "attributes",
];

const ENVIRONMENTS: &[(&str, Environment)] = &[
    ("development", Environment::Development),
    ("test", Environment::Test),
    ("staging", Environment::Staging),
    ("production", Environment::Production),
];

const SENSITIVITIES: &[(&str, Sensitivity)] = &[
    ("public", Sensitivity::Public),
    ("internal", Sensitivity::Internal),
    ("confidential", Sensitivity::Confidential),
    ("restricted", Sensitivity::Restricted),
];

pub(super) fn read(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    let Some(fields) = tree::mapping(sink, node, "`catalogue`") else {
        return;
    };
    if fields.len() > ENTITLEMENTS_MAX {
        let message = format!(
            "{} entitlements, more than {ENTITLEMENTS_MAX}",
            fields.len()
        );
        sink.push(Problem::new(Code::ValueTooMany, tree::spot(node), message));
        return;
    }
    for field in &fields {
        let Some(id) = tree::entitlement_text(sink, field.key_spot, field.key, "the entitlement")
        else {
            continue;
        };
        let mut entry = plain_entry(id);
        entry.place = field.key_spot.place();
        let mut spots = EntrySpots {
            id: field.key_spot,
            ..EntrySpots::default()
        };
        read_entry(sink, field.value, &mut entry, &mut spots);
        draft.policy.catalogue.push(entry);
        draft.entries.push(spots);
    }
}

/// An entry that says nothing: its system is its resource.
pub(super) fn plain_entry(id: &str) -> Entitlement {
    let system = id.rsplit_once(':').map(|(resource, _)| resource.to_owned());
    Entitlement {
        id: id.to_owned(),
        system,
        ..Entitlement::default()
    }
}

fn read_entry(sink: &mut Sink, node: &Node, entry: &mut Entitlement, spots: &mut EntrySpots) {
    let what = format!("the entitlement `{}`", entry.id);
    let Some(fields) = tree::fields(sink, node, &what, ENTRY_KEYS) else {
        return;
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    for field in &fields {
        let value = field.value;
        match field.key {
            "meaning" => entry.meaning = owned(tree::text(sink, value, "`meaning`")),
            "owner" => entry.owner = owned(tree::name(sink, value, "`owner`")),
            "system" => entry.system = owned(tree::name(sink, value, "`system`")),
            "environment" => {
                entry.environment =
                    tree::choice(sink, value, "environment", ENVIRONMENTS).unwrap_or_default();
            }
            "sensitivity" => {
                entry.sensitivity =
                    tree::choice(sink, value, "sensitivity", SENSITIVITIES).unwrap_or_default();
            }
            "aliases" => aliases(sink, value, entry, spots),
            "tags" => entry.tags = names_in(sink, value, "`tags`", "the tag"),
            "narrower" => {
                entry.narrower = owned(tree::entitlement(sink, value, "`narrower`"));
                spots.narrower = tree::spot(value);
            }
            "maximum" => {
                entry.maximum = tree::minutes(sink, value, "`maximum`");
                spots.maximum = tree::spot(value);
            }
            "standing" => entry.standing = owned(tree::text(sink, value, "`standing`")),
            "break_glass" => entry.break_glass = owned(tree::text(sink, value, "`break_glass`")),
            "attributes" => {
                entry.attributes = attributes::values(sink, value, &mut spots.attributes);
            }
            "blast_radius" => entry.blast_radius = blast_radius(sink, value),
            // `fields` has refused every other key.
            _ => {}
        }
    }
}

fn aliases(sink: &mut Sink, node: &Node, entry: &mut Entitlement, spots: &mut EntrySpots) {
    for item in tree::list(sink, node, "`aliases`").unwrap_or_default() {
        if let Some(alias) = tree::entitlement(sink, item, "the alias") {
            entry.aliases.push(alias.to_owned());
            spots.aliases.push(tree::spot(item));
        }
    }
}

fn blast_radius(sink: &mut Sink, node: &Node) -> BlastRadius {
    let mut radius = BlastRadius::default();
    let known = &["people", "records", "systems"];
    for field in tree::fields(sink, node, "`blast_radius`", known).unwrap_or_default() {
        let what = format!("`{}`", field.key);
        let count = tree::number(sink, field.value, &what);
        match field.key {
            "people" => radius.people = count,
            "records" => radius.records = count,
            "systems" => radius.systems = count,
            // `fields` has refused every other key.
            _ => {}
        }
    }
    radius
}

/// The orders of the file; [read, write, admin] for every resource that has none of its own.
pub(super) fn levels(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    for field in tree::mapping(sink, node, "`levels`").unwrap_or_default() {
        let outcome = names::plain(field.key);
        let Some(name) = tree::named(sink, field.key_spot, field.key, "the resource", outcome)
        else {
            continue;
        };
        let resource = if name == "default" { "" } else { name };
        let levels = level_names(sink, field.value, name);
        let place = field.key_spot.place();
        draft.policy.levels.push(LevelOrder {
            resource: resource.to_owned(),
            levels,
            place,
        });
    }
}

fn level_names(sink: &mut Sink, node: &Node, resource: &str) -> Vec<String> {
    let what = format!("the order of levels for `{resource}`");
    let Some(items) = tree::list(sink, node, &what) else {
        return Vec::new();
    };
    if items.is_empty() {
        sink.push(
            Problem::new(
                Code::ValueEmpty,
                tree::spot(node),
                format!("{what} is empty"),
            )
            .label("no levels"),
        );
    }
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for item in items {
        let Some(level) = tree::name(sink, item, "the level") else {
            continue;
        };
        let fault = if level.contains('*') {
            Some((Code::NameWildcard, "has a star", "name each level"))
        } else if level.contains(':') {
            Some((
                Code::NameShape,
                "has a colon",
                "write the level alone, such as `read`",
            ))
        } else if !seen.insert(level) {
            Some((
                Code::ValueRepeated,
                "is there twice",
                "an order names each level once, lowest first",
            ))
        } else {
            None
        };
        match fault {
            Some((code, wrong, help)) => {
                let message = format!("the level {} {wrong}", quoted(level));
                sink.push(Problem::new(code, tree::spot(item), message).help(help));
            }
            None => found.push(level.to_owned()),
        }
    }
    found
}

/// A list of names; one that is there twice is a warning.
fn names_in(sink: &mut Sink, node: &Node, what: &str, one: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for item in tree::list(sink, node, what).unwrap_or_default() {
        let Some(name) = tree::name(sink, item, one) else {
            continue;
        };
        if seen.insert(name) {
            found.push(name.to_owned());
        } else {
            let message = format!("{one} {} is there twice", quoted(name));
            sink.push(Problem::new(Code::ValueRepeated, tree::spot(item), message).warning());
        }
    }
    found
}
