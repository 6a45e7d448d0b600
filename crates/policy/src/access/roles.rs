//! `roles`: what each role usually has, and what it may have after a review.

use decision::rules::policy::{Listed, Role};
use marked_yaml::Node;

use super::draft::Draft;
use super::tree;
use crate::bounds::ROLES_MAX;
use crate::code::Code;
use crate::names;
use crate::problem::{Problem, Sink, Spot};

const ROLE_KEYS: &[&str] = &["title", "inherits", "standard", "grantable"];

pub(super) fn read(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    let Some(fields) = tree::mapping(sink, node, "`roles`") else {
        return;
    };
    if fields.len() > ROLES_MAX {
        let message = format!("{} roles, more than {ROLES_MAX}", fields.len());
        sink.push(Problem::new(Code::ValueTooMany, tree::spot(node), message));
        return;
    }
    for field in &fields {
        let outcome = names::plain(field.key);
        let Some(name) = tree::named(sink, field.key_spot, field.key, "the role name", outcome)
        else {
            continue;
        };
        let mut role = Role {
            name: name.to_owned(),
            title: capitalised(name),
            place: field.key_spot.place(),
            ..Role::default()
        };
        let mut inherited = Vec::new();
        read_role(sink, field.value, &mut role, &mut inherited);
        if role.standard.is_empty() && role.grantable.is_empty() && role.inherits.is_empty() {
            let message = format!("the role `{name}` lists nothing and inherits nothing");
            sink.push(
                Problem::new(Code::RoleEmpty, field.key_spot, message)
                    .label("empty role")
                    .warning(),
            );
        }
        draft.policy.roles.push(role);
        draft.inherited.push(inherited);
    }
}

fn read_role(sink: &mut Sink, node: &Node, role: &mut Role, inherited: &mut Vec<Spot>) {
    let what = format!("the role `{}`", role.name);
    if matches!(node, Node::Sequence(_)) {
        role.standard = listed(sink, node, &what);
        return;
    }
    if matches!(node, Node::Scalar(_)) {
        sink.push(
            Problem::new(
                Code::ValueType,
                tree::spot(node),
                format!("{what} must be a list or a mapping, but is text"),
            )
            .label("text here")
            .help("put brackets around it: `[\"repo:read\"]`"),
        );
        return;
    }
    let Some(fields) = tree::fields(sink, node, &what, ROLE_KEYS) else {
        return;
    };
    for field in &fields {
        match field.key {
            "title" => {
                if let Some(title) = tree::name(sink, field.value, "the title") {
                    role.title = title.to_owned();
                }
            }
            "inherits" => inherits(sink, field.value, role, inherited),
            "standard" => role.standard = listed(sink, field.value, "`standard`"),
            "grantable" => role.grantable = listed(sink, field.value, "`grantable`"),
            // `fields` has refused every other key.
            _ => {}
        }
    }
}

fn inherits(sink: &mut Sink, node: &Node, role: &mut Role, inherited: &mut Vec<Spot>) {
    for item in tree::list(sink, node, "`inherits`").unwrap_or_default() {
        if let Some(name) = tree::name(sink, item, "the inherited role") {
            role.inherits.push(name.to_owned());
            inherited.push(tree::spot(item));
        }
    }
}

fn listed(sink: &mut Sink, node: &Node, what: &str) -> Vec<Listed> {
    let items = tree::list(sink, node, what).unwrap_or_default();
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        if let Some(entitlement) = tree::entitlement(sink, item, "the entitlement") {
            found.push(Listed {
                entitlement: entitlement.to_owned(),
                place: tree::spot(item).place(),
            });
        }
    }
    found
}

/// The name with its first letter in upper case.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
