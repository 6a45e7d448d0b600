//! Where in the policy file the rule behind a finding stands.

use super::conditions;
use super::conflicts::conflicts;
use super::danger::privileged_patterns;
use crate::evidence::Frozen;
use crate::findings::separation::RuleStanding;
use crate::findings::{Check, Kind};
use crate::rules::Rules;
use crate::rules::policy::{Entitlement, Place};

/// File and line of the rule behind a finding, when it has one.
#[must_use]
pub fn place_of(frozen: &Frozen, rules: &Rules, kind: Kind) -> Option<String> {
    if kind.row().check == Check::Conditions {
        return conditions::place(frozen, rules, kind);
    }
    let place = if kind == Kind::Conflict {
        conflicts(frozen, rules, RuleStanding::Conflict)
            .first()
            .map(|facts| facts.rule.place)
    } else if kind == Kind::Privileged {
        let first = privileged_patterns(frozen, rules).into_iter().next()?;
        let patterns = &rules.policy().privileged;
        let pattern = patterns.iter().find(|pattern| pattern.text == first);
        pattern.map(|pattern| pattern.place)
    } else {
        let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
        entry.map(|entry: &Entitlement| entry.place)
    };
    place
        .filter(|place| place.line > 0)
        .map(|place| place_text(rules, place))
}

pub(super) fn place_text(rules: &Rules, place: Place) -> String {
    format!("{}:{}", rules.policy().file, place.line)
}
