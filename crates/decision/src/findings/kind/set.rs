//! A set of findings, and the outcome that it folds to.

use super::{Check, Kind, Row, TABLE};
use crate::verdict::outcome::Outcome;

/// A set of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FindingSet(u64);

impl FindingSet {
    /// No finding.
    pub const EMPTY: Self = Self(0);

    /// The set of `kinds`.
    pub fn of(kinds: impl IntoIterator<Item = Kind>) -> Self {
        kinds.into_iter().fold(Self::EMPTY, Self::with)
    }

    /// This set and `kind`.
    #[inline]
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u64)
    }

    /// This set, and `kind` when `present`.
    #[inline]
    #[must_use]
    pub const fn with_if(self, present: bool, kind: Kind) -> Self {
        Self(self.0 | (present as u64) << kind as u64)
    }

    /// Everything in either set.
    #[inline]
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[inline]
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this set has and `other` has not.
    #[inline]
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `kind` is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u64 & 1 == 1
    }

    /// Whether the set is empty.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether everything here is in `other`.
    #[inline]
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The findings in the set, in order of precedence.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        TABLE
            .iter()
            .map(|row| row.kind)
            .filter(move |kind| self.contains(*kind))
    }

    /// The findings that a check can make.
    #[must_use]
    pub const fn of_check(check: Check) -> Self {
        let mut set = Self::EMPTY;
        let mut position = 0;
        while position < TABLE.len() {
            #[expect(
                clippy::indexing_slicing,
                reason = "the position is below the length, and the compiler runs it"
            )]
            let row = &TABLE[position];
            if row.check as u8 == check as u8 {
                set = set.with(row.kind);
            }
            position += 1;
        }
        set
    }

    /// The findings of the table whose row satisfies `wanted`.
    pub fn whose(wanted: impl Fn(&Row) -> bool) -> Self {
        Self::of(TABLE.iter().filter(|row| wanted(row)).map(|row| row.kind))
    }

    /// The most cautious outcome of the findings in the set: the fold of the table over the lattice.
    #[inline]
    #[must_use]
    pub fn outcome(self) -> Outcome {
        // The three sets are constants, so the fold over the table is three tests of a word.
        if !self.intersection(REFUSING).is_empty() {
            Outcome::Refuse
        } else if !self.intersection(ESCALATING).is_empty() {
            Outcome::Escalate
        } else if !self.intersection(ASKING).is_empty() {
            Outcome::Ask
        } else {
            Outcome::Open
        }
    }
}

const REFUSING: FindingSet = with_outcome(Outcome::Refuse);
const ESCALATING: FindingSet = with_outcome(Outcome::Escalate);
const ASKING: FindingSet = with_outcome(Outcome::Ask);

const fn with_outcome(outcome: Outcome) -> FindingSet {
    let mut set = FindingSet::EMPTY;
    let mut position = 0;
    while position < TABLE.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "the position is below the length, and the compiler runs it"
        )]
        let row = &TABLE[position];
        if row.outcome as u8 == outcome as u8 {
            set = set.with(row.kind);
        }
        position += 1;
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fold_is_the_table_over_the_lattice() {
        // Every single finding, every pair and every triple.
        for a in TABLE {
            for b in TABLE {
                for c in TABLE {
                    let set = FindingSet::of([a.kind, b.kind, c.kind]);
                    let slow = a.outcome.tighten(b.outcome).tighten(c.outcome);
                    assert_eq!(set.outcome(), slow);
                }
            }
        }
        assert_eq!(FindingSet::EMPTY.outcome(), Outcome::Open);
    }
}
