//! Are the facts there that the other checks need, and does the log verify.

use super::{FindingSet, Kind};
use crate::evidence::case::{Case, CaseCoverage, TargetState};
use crate::evidence::record::LogState;

/// INVARIANT(unknown-is-caution): a mandatory fact that could not be read is a finding, never a default.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    let holdings_unread = match case.coverage {
        CaseCoverage::Everything | CaseCoverage::Systems(_) => false,
        CaseCoverage::Unreachable => true,
    };
    let target_unread = case.target == TargetState::Unreachable;
    FindingSet::EMPTY
        .with_if(case.log == LogState::Broken, Kind::LogBroken)
        .with_if(holdings_unread || target_unread, Kind::FactUnreachable)
}
