//! What the conditions of the policy say: forbids add findings, permits make access fit.

use super::entitlement::{Fit, fit};
use super::{Check, FindingSet};
use crate::evidence::case::Case;
use crate::rules::Rules;
use crate::rules::conditions::PermittedFit;
use crate::rules::ids::EntitlementId;

/// The findings that conditions can make.
const OWN: FindingSet = FindingSet::of_check(Check::Conditions);

/// The findings of every forbid that holds or may hold.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    case.forbidden.intersection(OWN)
}

/// How what is asked for fits: as the roles list it, or as a permit makes it fit, whichever is wider.
#[inline]
#[must_use]
pub fn fit_of(case: &Case<'_>, rules: &Rules, asked: EntitlementId) -> Fit {
    match (fit(rules, case.roles, asked), case.permitted) {
        (listed @ Fit::Standard(_), _) | (listed, None) => listed,
        (_, Some(PermittedFit::Standard)) => Fit::PermittedStandard,
        (listed @ Fit::Grantable(_), Some(PermittedFit::Grantable)) => listed,
        (_, Some(PermittedFit::Grantable)) => Fit::PermittedGrantable,
    }
}
