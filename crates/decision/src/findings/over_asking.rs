//! Would less do: a narrower entitlement is standard for the person.

use super::conditions::fit_of;
use super::entitlement::fit;
use super::{FindingSet, Kind};
use crate::evidence::case::Case;
use crate::rules::Rules;
use crate::rules::ids::EntitlementId;

/// Most steps down that are looked at.
const STEPS_MAX: usize = 8;

/// The nearest declared narrower entitlement that is standard for the beneficiary, when the one asked for is not.
#[inline]
#[must_use]
pub fn standard_instead(case: &Case<'_>, rules: &Rules) -> Option<EntitlementId> {
    let asked = case.entitlement?;
    // Most entitlements have nothing narrower: asked first, because it costs least.
    rules.facts(asked)?.narrower?;
    if fit_of(case, rules, asked).is_standard() {
        return None;
    }
    let mut current = asked;
    for _ in 0..STEPS_MAX {
        current = rules.facts(current)?.narrower?;
        if fit(rules, case.roles, current).is_standard() {
            return Some(current);
        }
    }
    None
}

/// Asking for more than a standard entitlement that serves is asked back, with the counter-offer.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>, rules: &Rules) -> FindingSet {
    FindingSet::EMPTY.with_if(standard_instead(case, rules).is_some(), Kind::OverAsking)
}
