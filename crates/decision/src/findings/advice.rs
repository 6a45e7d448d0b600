//! What an analyst said: it can only withhold.

use super::{FindingSet, Kind};
use crate::evidence::case::Case;
use crate::evidence::record::Advice;

/// INVARIANT(ratchet): no advice takes a finding away.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    match case.advice {
        Advice::Nothing => FindingSet::EMPTY,
        Advice::Narrow => FindingSet::EMPTY.with(Kind::AdviceNarrow),
        Advice::AskFirst => FindingSet::EMPTY.with(Kind::AdviceAskFirst),
        Advice::LookCloser => FindingSet::EMPTY.with(Kind::AdviceLookCloser),
    }
}
