//! What a permit may say.

use std::collections::BTreeMap;

use cedar_policy::{EntityId, Policy as CedarPolicy, PrincipalConstraint, ResourceConstraint};
use decision::rules::Rules;
use decision::rules::conditions::PermittedFit;

use super::block::{Block, Draft, place_of};
use super::declared::{Declaration, Declared};
use super::tree::Tree;
use crate::code::Code;
use crate::names::quoted;
use crate::problem::{Problem, Sink};

/// What the scope names: an entitlement, and a role.
pub(super) fn scope(policy: &CedarPolicy) -> (Option<String>, Option<String>) {
    let id = |id: &EntityId| id.unescaped().to_owned();
    let entitlement = match policy.resource_constraint() {
        ResourceConstraint::Eq(uid) => Some(id(uid.id())),
        ResourceConstraint::Any
        | ResourceConstraint::In(_)
        | ResourceConstraint::Is(_)
        | ResourceConstraint::IsIn(..) => None,
    };
    let role = match policy.principal_constraint() {
        PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid)
            if uid.type_name().basename() == "Role" =>
        {
            Some(id(uid.id()))
        }
        PrincipalConstraint::Any
        | PrincipalConstraint::In(_)
        | PrincipalConstraint::Eq(_)
        | PrincipalConstraint::Is(_)
        | PrincipalConstraint::IsIn(..) => None,
    };
    (entitlement, role)
}

/// A scope names a catalogue id: an alias there would match nothing, and a forbid would be gone without a word.
pub(super) fn check_alias(
    sink: &mut Sink,
    block: &Block,
    rules: &Rules,
    draft: &Draft,
    name: &str,
) {
    let entry = rules.entitlement(name).and_then(|id| rules.entry(id));
    if let Some(entry) = entry.filter(|entry| entry.id != name) {
        let message = format!(
            "{} is an alias, and a scope names a catalogue id",
            quoted(name)
        );
        sink.push(
            Problem::new(Code::ConditionScope, place_of(block, draft, "id"), message)
                .help(format!("write `{}`", entry.id)),
        );
    }
}

/// INVARIANT(permission-exact): a permit names a catalogue id, clears no danger, and reads nothing that the person can
/// change.
pub(super) fn check_permit(
    sink: &mut Sink,
    block: &Block,
    declared: &Declared,
    rules: &Rules,
    draft: &Draft,
    fit: PermittedFit,
    entitlement: &str,
) {
    let spot = place_of(block, draft, "id");
    let found = rules.entitlement(entitlement);
    let entry = found.and_then(|id| rules.entry(id));
    if entry.is_some_and(|entry| entry.id != entitlement) {
        // That it is an alias is said already.
        return;
    }
    let Some(facts) = found.and_then(|id| rules.facts(id)) else {
        let catalogue = rules.policy().catalogue.iter();
        let hint = sink.did_you_mean(entitlement, catalogue.map(|entry| entry.id.as_str()));
        let message = format!("{} is not in the catalogue", quoted(entitlement));
        sink.push(Problem::new(Code::ConditionScope, spot, message).help_if(hint));
        return;
    };
    let dangerous = !facts.classes.is_empty() || facts.privileged;
    if dangerous && fit == PermittedFit::Standard {
        let message = format!(
            "{} is dangerous, and a permit would make it standard",
            quoted(entitlement)
        );
        sink.push(
            Problem::new(Code::ConditionDanger, spot, message)
                .help("write `@grant(\"grantable\")`: people review it every time"),
        );
    }
    let Ok(json) = draft.policy.to_json() else {
        return;
    };
    let Ok((_, leaves)) = Tree::cut(&json) else {
        return;
    };
    for path in leaves.iter().flat_map(|leaf| &leaf.reads) {
        if is_editable(declared, path) {
            let message = format!(
                "a permit reads {}, which the person can change",
                quoted(path)
            );
            sink.push(
                Problem::new(Code::ConditionEditable, spot, message)
                    .help("a forbid may read it; a permit needs a fact that others keep"),
            );
        }
    }
}

fn is_editable(declared: &Declared, path: &str) -> bool {
    let editable = |list: &BTreeMap<String, Declaration>, name: &str| {
        list.get(name).is_some_and(|own| own.editable)
    };
    let own = |variable: &str| path.strip_prefix(variable);
    own("principal.")
        .or_else(|| own("context.requester."))
        .is_some_and(|name| editable(&declared.person, name))
        || own("context.").is_some_and(|name| editable(&declared.request, name))
        || own("resource.").is_some_and(|name| editable(&declared.resource, name))
}
