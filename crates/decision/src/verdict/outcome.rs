//! Outcomes, ordered by caution.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What may happen to a request. INVARIANT(ratchet): outcomes are ordered by caution and only tighten.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing stands against it.
    #[default]
    Open,
    /// Something is missing that the requester or the manager can give.
    Ask,
    /// A person with authority has to look.
    Escalate,
    /// It must not happen.
    Refuse,
}

impl Outcome {
    /// Every outcome, from the least to the most cautious.
    pub const ALL: [Self; 4] = [Self::Open, Self::Ask, Self::Escalate, Self::Refuse];

    /// The more cautious of the two.
    #[inline]
    #[must_use]
    pub fn tighten(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Open => "open",
            Self::Ask => "ask",
            Self::Escalate => "escalate",
            Self::Refuse => "refuse",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The laws of a join-semilattice with a least element, over every combination.
    #[test]
    fn tighten_is_a_join() {
        for a in Outcome::ALL {
            assert_eq!(a.tighten(a), a);
            assert_eq!(a.tighten(Outcome::Open), a);
            for b in Outcome::ALL {
                assert_eq!(a.tighten(b), b.tighten(a));
                assert!(a.tighten(b) >= a);
                for c in Outcome::ALL {
                    assert_eq!(a.tighten(b).tighten(c), a.tighten(b.tighten(c)));
                }
            }
        }
    }
}
