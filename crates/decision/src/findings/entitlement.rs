//! Is it in the catalogue, and standard for a role of the person.

use super::conditions::fit_of;
use super::{FindingSet, Kind};
use crate::evidence::case::{AlreadyHeld, Case, NameState, TargetState};
use crate::rules::Rules;
use crate::rules::ids::{EntitlementId, RoleId};

/// How an entitlement fits a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// A role lists it as standard.
    Standard(RoleId),
    /// A role lists it as grantable.
    Grantable(RoleId),
    /// A permit of the conditions makes it standard.
    PermittedStandard,
    /// A permit of the conditions makes it grantable.
    PermittedGrantable,
    /// Neither a role nor a permit has it.
    Outside,
}

impl Fit {
    /// Whether it may be granted without a review of the fit.
    #[inline]
    #[must_use]
    pub fn is_standard(self) -> bool {
        match self {
            Self::Standard(_) | Self::PermittedStandard => true,
            Self::Grantable(_) | Self::PermittedGrantable | Self::Outside => false,
        }
    }
}

/// The best fit of `entitlement` for somebody with `roles`, permits left aside.
#[inline]
#[must_use]
pub fn fit(rules: &Rules, roles: &[RoleId], entitlement: EntitlementId) -> Fit {
    let listed = |list: &[RoleId]| {
        roles
            .iter()
            .find(|role| list.binary_search(role).is_ok())
            .copied()
    };
    if let Some(role) = listed(rules.standard_for(entitlement)) {
        Fit::Standard(role)
    } else if let Some(role) = listed(rules.grantable_for(entitlement)) {
        Fit::Grantable(role)
    } else {
        Fit::Outside
    }
}

/// Catalogued by exactly this name, standard for a role, provided by its system, not held already.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>, rules: &Rules) -> FindingSet {
    let fit = match case.entitlement.filter(|id| rules.facts(*id).is_some()) {
        None => FindingSet::EMPTY
            .with(Kind::EntitlementUnknown)
            .with(Kind::OutOfRole),
        Some(entitlement) => match fit_of(case, rules, entitlement) {
            Fit::Standard(_) | Fit::PermittedStandard => FindingSet::EMPTY,
            Fit::Grantable(_) | Fit::PermittedGrantable => {
                FindingSet::EMPTY.with(Kind::GrantableOnly)
            }
            Fit::Outside => FindingSet::EMPTY.with(Kind::OutOfRole),
        },
    };
    fit.with_if(case.name == NameState::Suspicious, Kind::NameSuspicious)
        .with_if(case.target == TargetState::Missing, Kind::TargetMissing)
        .with_if(case.already == AlreadyHeld::Otherwise, Kind::AlreadyHeld)
}
