//! May this mode act, and are budgets left.

use super::{FindingSet, Kind};
use crate::evidence::case::{BrakeState, Case};
use crate::evidence::record::Mode;

/// In advise mode a person releases every grant; a used-up budget falls back to that.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    FindingSet::EMPTY
        .with_if(case.mode == Mode::Advise, Kind::AdviseMode)
        .with_if(case.brake == BrakeState::Applied, Kind::Brake)
}
