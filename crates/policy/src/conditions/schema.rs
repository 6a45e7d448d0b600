//! The schema that conditions are checked against: what is always there, and what the organisation declares.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::declared::{Declaration, Declared};

/// Attributes of a person that are always there, with their types. `?` marks those whose absence is a fact.
pub(crate) const PERSON: &[(&str, &str)] = &[
    ("id", "String"),
    ("login", "String"),
    ("status", "String"),
    ("leaving", "Bool"),
    ("department?", "String"),
    ("manager?", "Person"),
];

/// Attributes of what is asked for.
pub(crate) const RESOURCE: &[(&str, &str)] = &[
    ("name", "String"),
    ("resource", "String"),
    ("level", "String"),
    ("classes", "Set<String>"),
    ("system", "String"),
    ("environment", "String"),
    ("sensitivity", "String"),
    ("owner?", "Group"),
    ("tags", "Set<String>"),
];

/// Attributes of the request and of the moment.
pub(crate) const CONTEXT: &[(&str, &str)] = &[
    ("requester", "Person"),
    ("for_somebody_else", "Bool"),
    ("minutes", "Long"),
    ("standing", "Bool"),
    ("approvals", "Approvals"),
    ("now", "datetime"),
    ("hour", "Long"),
    ("weekday", "String"),
];

/// The schema as Cedar writes it.
pub(crate) fn text(declared: &Declared) -> String {
    let mut out = String::from("entity System;\nentity Group;\nentity Role in [Role];\n");
    record(
        &mut out,
        "entity Person in [Role, Group]",
        PERSON,
        &declared.person,
    );
    record(
        &mut out,
        "entity Entitlement in [System]",
        RESOURCE,
        &declared.resource,
    );
    out.push_str(
        "type Approvals = { count: Long, manager: Bool, resource_owner: Bool, security: Bool };\n",
    );
    record(&mut out, "type Context =", CONTEXT, &declared.request);
    out.push_str(
        "action request appliesTo { principal: Person, resource: Entitlement, context: Context };\n",
    );
    out
}

fn record(
    out: &mut String,
    head: &str,
    fixed: &[(&str, &str)],
    declared: &BTreeMap<String, Declaration>,
) {
    let mut fields: Vec<String> = (fixed.iter())
        .map(|(name, kind)| format!("{name}: {kind}"))
        .collect();
    for (name, declaration) in declared {
        let mark = if declaration.optional { "?" } else { "" };
        fields.push(format!("{name}{mark}: {}", declaration.kind.cedar()));
    }
    // Writing into a string does not fail.
    let _ = writeln!(out, "{head} {{ {} }};", fields.join(", "));
}
