//! For how long: time-bound by default, within ceilings, added up over a rolling window.

use super::{FindingSet, Kind};
use crate::evidence::case::Case;
use crate::rules::Rules;
use crate::time::Minutes;

/// How long a grant lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantTerm {
    /// Without an end, for the reason in the catalogue.
    Standing,
    /// This long.
    For(Minutes),
}

/// The term that the request asks for and whether it fits under the ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// The term asked for, or the policy's.
    pub term: GrantTerm,
    /// Ceiling on the total in the rolling window.
    pub maximum: Minutes,
    /// What is left of it; zero when nothing is.
    pub left: Minutes,
}

impl Duration {
    /// Whether the term is longer than what is left, or ends before it begins.
    #[inline]
    #[must_use]
    pub fn is_over(self) -> bool {
        match self.term {
            GrantTerm::Standing => false,
            GrantTerm::For(minutes) => minutes.0 == 0 || minutes > self.left,
        }
    }

    /// The finding.
    #[inline]
    #[must_use]
    pub fn findings(self) -> FindingSet {
        FindingSet::EMPTY.with_if(self.is_over(), Kind::DurationOverCeiling)
    }
}

/// Standing only where the catalogue gives a reason and the request does not name an end. What is asked for without
/// saying how long gets the default, or what is left when that is less but not nothing.
#[inline]
#[must_use]
pub fn assess(case: &Case<'_>, rules: &Rules) -> Duration {
    let whole = rules.policy().duration;
    let facts = case.entitlement.and_then(|id| rules.facts(id));
    let maximum = facts.map_or(whole.maximum, |facts| facts.maximum);
    let left = Minutes(maximum.0.saturating_sub(case.booked.0));
    let term = match case.duration {
        Some(asked) => GrantTerm::For(asked),
        None if facts.is_some_and(|facts| facts.standing) => GrantTerm::Standing,
        None if left.0 > 0 && left < whole.default => GrantTerm::For(left),
        None => GrantTerm::For(whole.default),
    };
    Duration {
        term,
        maximum,
        left,
    }
}
