//! What an analyst said, and what was wrong with it: it can only withhold.

use super::{FindingSet, Kind};
use crate::evidence::case::Case;
use crate::evidence::record::{Advice, Fault};

/// Everything that can be wrong with what an analyst says.
const FAULTS: FindingSet = {
    let mut set = FindingSet::EMPTY;
    let mut rest: &[Fault] = &Fault::ALL;
    while let [fault, others @ ..] = rest {
        set = set.with(fault.kind());
        rest = others;
    }
    set
};

/// INVARIANT(ratchet): no advice takes a finding away.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    let said = match case.advised.advice {
        Advice::Nothing => FindingSet::EMPTY,
        Advice::Narrow => FindingSet::EMPTY.with(Kind::AdviceNarrow),
        Advice::AskFirst => FindingSet::EMPTY.with(Kind::AdviceAskFirst),
        Advice::LookCloser => FindingSet::EMPTY.with(Kind::AdviceLookCloser),
    };
    said.union(case.advised.faults.intersection(FAULTS))
}
