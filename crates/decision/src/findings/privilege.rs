//! Is it privileged, or in one of the four never-auto classes.

use super::{FindingSet, Kind};
use crate::evidence::case::{Case, TargetState};
use crate::rules::Rules;
use crate::rules::class::{Class, ClassSet};

/// Classes and privilege of what is asked for: of the catalogue entry, the name as asked and the target together.
#[inline]
#[must_use]
pub fn danger(case: &Case<'_>, rules: &Rules) -> (ClassSet, bool) {
    match case.entitlement.and_then(|id| rules.facts(id)) {
        Some(facts) => (
            facts.classes.union(case.classes),
            facts.privileged || case.privileged,
        ),
        // What nobody catalogued has no mapped level, so it counts as administration.
        None => (case.classes.with(Class::Admin), case.privileged),
    }
}

/// INVARIANT(danger-wide): a pattern, the catalogue or the target is each enough.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>, rules: &Rules) -> FindingSet {
    let (classes, privileged) = danger(case, rules);
    let unmapped = case
        .entitlement
        .and_then(|id| rules.facts(id))
        .is_none_or(|facts| !facts.level_mapped);
    let mut findings = FindingSet::EMPTY
        .with_if(privileged, Kind::Privileged)
        .with_if(unmapped, Kind::LevelUnmapped)
        .with_if(case.target == TargetState::Drifted, Kind::BindingDrift);
    for class in classes.iter() {
        findings = findings.with(kind_of(class));
    }
    findings
}

/// The finding that a class makes.
#[must_use]
pub fn kind_of(class: Class) -> Kind {
    match class {
        Class::Admin => Kind::NeverAutoAdmin,
        Class::Production => Kind::NeverAutoProduction,
        Class::SensitiveData => Kind::NeverAutoSensitive,
        Class::SecurityTooling => Kind::NeverAutoSecurity,
    }
}
