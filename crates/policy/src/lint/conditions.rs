//! Lint of the conditions: what they name, what they add, and whether they can ever matter.

use decision::rules::Rules;
use decision::rules::conditions::{Condition, Effect, Forbid, PermittedFit};
use decision::rules::ids::RoleId;

use super::Found;
use crate::code::Code;
use crate::conditions::{CedarConditions, Outline};

pub(super) fn all(found: &mut Found, rules: &Rules, conditions: Option<&CedarConditions>) {
    let Some(conditions) = conditions else { return };
    let outlines: Vec<(&Condition, &Outline)> = (rules.policy().conditions.iter())
        .zip(conditions.outlines())
        .collect();
    for (condition, outline) in &outlines {
        names(found, rules, condition, outline);
        contradiction(found, condition, outline);
        if let Effect::Permit {
            fit,
            entitlement,
            role,
        } = &condition.effect
        {
            permit(found, rules, condition, *fit, entitlement, role.as_deref());
        }
        shadowed(found, condition, outline, &outlines);
        if condition.reason.is_none() {
            warn(
                found,
                Code::LintReasonMissing,
                condition,
                format!("condition `{}` gives no `@reason`", condition.id),
                "people read it in the decision: say why the rule is there",
            );
        }
    }
}

fn warn(found: &mut Found, code: Code, condition: &Condition, message: String, help: &str) {
    found.warn(code, condition.place, "@id", message, help);
}

/// Roles and entitlements that the tables do not have.
fn names(found: &mut Found, rules: &Rules, condition: &Condition, outline: &Outline) {
    for role in outline
        .roles
        .iter()
        .filter(|role| rules.role(role).is_none())
    {
        warn(
            found,
            Code::LintUnknownRole,
            condition,
            format!(
                "condition `{}` names the role `{role}`, which is not in the policy",
                condition.id
            ),
            "mend the name: nobody is in a role that is not there",
        );
    }
    // An alias is not an id: in a condition it equals nothing.
    let unknown = |name: &&String| {
        let entry = rules.entitlement(name).and_then(|id| rules.entry(id));
        entry.is_none_or(|entry| entry.id != **name)
    };
    for name in outline.entitlements.iter().filter(unknown) {
        warn(
            found,
            Code::LintUnknownEntitlement,
            condition,
            format!(
                "condition `{}` names `{name}`, which is not in the catalogue",
                condition.id
            ),
            "catalogue it, or mend the name",
        );
    }
}

/// Something that it asks for and rules out at once.
fn contradiction(found: &mut Found, condition: &Condition, outline: &Outline) {
    if let Some(what) = &outline.contradiction {
        warn(
            found,
            Code::LintNeverHolds,
            condition,
            format!("condition `{}` can never hold: {what}", condition.id),
            "one of the two was meant otherwise",
        );
    }
}

/// A permit that touches danger, or that the tables make needless.
fn permit(
    found: &mut Found,
    rules: &Rules,
    condition: &Condition,
    fit: PermittedFit,
    entitlement: &str,
    role: Option<&str>,
) {
    let Some(id) = rules.entitlement(entitlement) else {
        return;
    };
    if rules
        .facts(id)
        .is_some_and(|facts| !facts.classes.is_empty() || facts.privileged)
    {
        warn(
            found,
            Code::LintPermitDanger,
            condition,
            format!(
                "condition `{}` permits `{entitlement}`, which is dangerous",
                condition.id
            ),
            "it is reviewed every time; make sure that it is meant",
        );
    }
    let listed = |list: &[RoleId]| {
        let own = role.and_then(|role| rules.role(role));
        own.is_some_and(|own| list.binary_search(&own).is_ok())
    };
    let needless = match fit {
        PermittedFit::Standard => listed(rules.standard_for(id)),
        PermittedFit::Grantable => {
            listed(rules.grantable_for(id)) || listed(rules.standard_for(id))
        }
    };
    if needless {
        warn(
            found,
            Code::LintShadowed,
            condition,
            format!(
                "condition `{}` adds nothing: its role lists `{entitlement}` already",
                condition.id
            ),
            "take the permit out, or the entry in the role",
        );
    }
}

/// A condition that another one makes needless: a forbid for the same things without a condition, and at least as
/// cautious; a permit for what is always denied.
fn shadowed(
    found: &mut Found,
    condition: &Condition,
    outline: &Outline,
    all: &[(&Condition, &Outline)],
) {
    let caution = |condition: &Condition| match condition.effect {
        Effect::Forbid(forbid) => Some(forbid),
        Effect::Permit { .. } => None,
    };
    let own = caution(condition);
    let cover = all.iter().find(|(other, theirs)| {
        let Some(forbid) = caution(other) else {
            return false;
        };
        let wider = theirs.resource.is_none() || theirs.resource == outline.resource;
        let same = theirs.resource == outline.resource;
        let stricter = match own {
            Some(own) => forbid > own || (forbid == own && (!same || other.id < condition.id)),
            None => forbid == Forbid::Deny,
        };
        other.id != condition.id && theirs.is_unconditional && wider && stricter
    });
    if let Some((other, _)) = cover {
        warn(
            found,
            Code::LintUnreachable,
            condition,
            format!(
                "condition `{}` never matters: `{}` stops the same requests always",
                condition.id, other.id
            ),
            "take one of them out, or give the other a condition",
        );
    }
}
