//! Are the facts complete and fresh enough. Basis points from a table; a model can only lower them.

use super::{FindingSet, Kind};
use crate::evidence::case::{Case, Lack, LackSet};

/// Confidence in basis points: 10,000 when every fact that the checks need is there and fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BasisPoints(pub u16);

/// Below this a person looks: 0.85, as the blueprint sets it.
pub const THRESHOLD: BasisPoints = BasisPoints(8_500);

/// What one lack costs. Each alone takes the confidence below [`THRESHOLD`].
#[must_use]
pub fn cost(lack: Lack) -> u16 {
    match lack {
        Lack::PersonStale | Lack::HoldingsStale | Lack::TargetUnread => 2_500,
        Lack::ManagerUnknown | Lack::OwnerUnknown => 2_000,
        Lack::ActivityUnread => 1_600,
    }
}

/// The confidence that `lacks` leave.
#[inline]
#[must_use]
pub fn of(lacks: LackSet) -> BasisPoints {
    if lacks.is_empty() {
        return BasisPoints(10_000);
    }
    BasisPoints(
        lacks
            .iter()
            .fold(10_000, |left: u16, lack| left.saturating_sub(cost(lack))),
    )
}

/// Our own confidence, or that of an analyst when it is lower.
#[inline]
#[must_use]
pub fn stated(case: &Case<'_>) -> BasisPoints {
    of(case.lacks).min(case.advised.confidence)
}

/// Low confidence escalates.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    FindingSet::EMPTY.with_if(stated(case) < THRESHOLD, Kind::ConfidenceLow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lack_alone_is_too_much() {
        for lack in Lack::ALL {
            assert!(
                of(LackSet::EMPTY.with_if(true, lack)) < THRESHOLD,
                "{lack:?}"
            );
        }
        assert_eq!(of(LackSet::EMPTY), BasisPoints(10_000));
    }
}
