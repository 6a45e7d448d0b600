//! Lint of the tables: roles, owners, patterns, segregation of duties.

use std::collections::BTreeSet;

use decision::rules::ids::{ConflictId, EntitlementId, RoleId};
use decision::rules::pattern::{DangerPattern, PatternSet};
use decision::rules::policy::{ApprovalKind, Place};
use decision::rules::{EntitlementRules, Rules};
use decision::time::Timestamp;

use super::Found;
use crate::code::Code;
use crate::enumerate::toxic;

/// A role whose own standard access is dangerous, or breaks a rule all by itself.
pub(super) fn roles(found: &mut Found, rules: &Rules) {
    for (role, number) in rules.policy().roles.iter().zip(0..) {
        for listed in &role.standard {
            let facts = rules
                .entitlement(&listed.entitlement)
                .and_then(|id| rules.facts(id));
            if let Some(facts) = facts.filter(|facts| !facts.classes.is_empty() || facts.privileged)
            {
                found.error(
                    Code::LintPrivilegedRole,
                    listed.place,
                    &listed.entitlement,
                    format!(
                        "`{}` is dangerous ({}), and role `{}` lists it as standard",
                        listed.entitlement,
                        danger(facts),
                        role.name
                    ),
                    "list it under `grantable`: it is reviewed every time in any case",
                );
            }
        }
        let id = RoleId(number);
        let standard: Vec<EntitlementId> = (0..rules.policy().catalogue.len())
            .filter_map(|index| u32::try_from(index).ok().map(EntitlementId))
            .filter(|entitlement| rules.standard_for(*entitlement).binary_search(&id).is_ok())
            .collect();
        if let Some((rule, entitlements)) = toxic(rules, &standard) {
            found.error(
                Code::LintToxicRole,
                role.place,
                &role.name,
                format!(
                    "the standard access of role `{}` alone breaks rule `{rule}`: {}",
                    role.name,
                    entitlements.join(" + ")
                ),
                "take one half out of the role, or out of a role that it inherits",
            );
        }
    }
}

/// Why access is dangerous, in words.
fn danger(facts: &EntitlementRules) -> String {
    if !facts.level_mapped {
        return "its level stands in no order of levels".to_owned();
    }
    let mut words: Vec<&str> = facts.classes.iter().map(|class| class.name()).collect();
    if facts.privileged {
        words.push("privileged");
    }
    words.join(", ")
}

/// What nobody owns although an owner has to act.
pub(super) fn owners(found: &mut Found, rules: &Rules) {
    for (entry, number) in rules.policy().catalogue.iter().zip(0..) {
        let facts = rules.facts(EntitlementId(number));
        let needs = facts.is_some_and(|facts| facts.required.contains(ApprovalKind::ResourceOwner));
        if needs && entry.owner.is_none() && entry.place != Place::default() {
            found.warn(
                Code::LintOwnerMissing,
                entry.place,
                &entry.id,
                format!(
                    "`{}` needs its owner's approval, and the catalogue names no owner",
                    entry.id
                ),
                "add `owner`; without it nobody can ever approve",
            );
        }
    }
    for rule in &rules.policy().conflicts {
        if rule.owner.is_none() {
            found.warn(
                Code::LintOwnerMissing,
                rule.place,
                &rule.id,
                format!(
                    "rule `{}` has no owner, so security alone can accept an exception",
                    rule.id
                ),
                "add `owner`, a group of the directory",
            );
        }
    }
}

/// Patterns that catch nothing in the catalogue.
pub(super) fn patterns(found: &mut Found, rules: &Rules) {
    let policy = rules.policy();
    let added = policy.never_auto.iter().flat_map(|added| &added.patterns);
    let sides = policy.conflicts.iter().flat_map(|rule| &rule.sides);
    let stars = sides.filter(|side| side.text.contains('*'));
    for pattern in policy.privileged.iter().chain(added).chain(stars) {
        let mut set = PatternSet::default();
        set.add(DangerPattern::parse(&pattern.text), 0);
        let caught = policy.catalogue.iter().any(|entry| {
            let subject = decision::rules::compile::subject_of(entry);
            !set.matching(&subject).is_empty()
        });
        if !caught {
            found.warn(
                Code::LintPatternIdle,
                pattern.place,
                &pattern.text,
                format!(
                    "the pattern `{}` catches nothing in the catalogue",
                    pattern.text
                ),
                "mend it, or keep it for what is not catalogued yet",
            );
        }
    }
}

/// Sides that nobody can ask for, rules that add nothing to another, exceptions that are over.
pub(super) fn separation(found: &mut Found, rules: &Rules, now: Timestamp) {
    let policy = rules.policy();
    for (rule, number) in policy.conflicts.iter().zip(0..) {
        for side in rule.sides.iter().filter(|side| !side.text.contains('*')) {
            if rules.entitlement(&side.text).is_none() {
                found.warn(
                    Code::LintUnknownEntitlement,
                    side.place,
                    &side.text,
                    format!("rule `{}` names `{}`, which is not in the catalogue", rule.id, side.text),
                    "catalogue it, or mend the name: a half that nobody can ask for is never a conflict",
                );
            }
        }
        for exception in rule
            .exceptions
            .iter()
            .filter(|exception| exception.until <= now)
        {
            found.warn(
                Code::LintExceptionOver,
                rule.place,
                &rule.id,
                format!(
                    "the exception of `{}` for `{}` ended on {}",
                    rule.id, exception.person, exception.until
                ),
                "take it out, or renew it",
            );
        }
        let own: BTreeSet<_> = rules.sides_in(ConflictId(number)).iter().collect();
        let shadow = policy
            .conflicts
            .iter()
            .zip(0..)
            .find(|(other, other_number)| {
                let theirs: BTreeSet<_> =
                    rules.sides_in(ConflictId(*other_number)).iter().collect();
                let fewer = theirs.len() < own.len()
                    || (theirs.len() == own.len() && *other_number < number);
                *other_number != number
                    && fewer
                    && theirs.is_subset(&own)
                    && other.severity >= rule.severity
            });
        if let Some((other, _)) = shadow {
            found.warn(
                Code::LintShadowed,
                rule.place,
                &rule.id,
                format!(
                    "rule `{}` adds nothing: `{}` catches whatever it would",
                    rule.id, other.id
                ),
                "take one of them out",
            );
        }
    }
}
