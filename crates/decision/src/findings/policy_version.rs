//! Is it decided under the policy in force.

use super::{FindingSet, Kind};
use crate::evidence::case::{Case, PolicyState};

/// A process pins the bytes it loaded; when another policy is in force, it must not decide. Whoever put a policy in
/// force gets nothing by it alone.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    FindingSet::EMPTY
        .with_if(case.policy == PolicyState::Stale, Kind::PolicyStale)
        .with_if(case.policy == PolicyState::Own, Kind::OwnPolicy)
}
