//! Who asks, for whom, and may they.

use super::{FindingSet, Kind};
use crate::evidence::case::{Case, PersonState, Relation};

/// Known, active, not leaving; filed for somebody else only with a relation. Never the agent itself.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    let findings = state(case.requester).union(state(case.beneficiary));
    match case.relation {
        Relation::Same | Relation::Allowed => findings,
        Relation::None => findings.with(Kind::RelationMissing),
    }
}

fn state(person: PersonState) -> FindingSet {
    let none = FindingSet::EMPTY;
    match person {
        PersonState::Active => none,
        PersonState::Leaving => none.with(Kind::PersonLeaving),
        PersonState::Inactive => none.with(Kind::PersonInactive),
        PersonState::Unknown => none.with(Kind::PersonUnknown),
        PersonState::Ambiguous => none.with(Kind::PersonAmbiguous),
        PersonState::Agent => none.with(Kind::OwnRequest),
        PersonState::Unreachable => none.with(Kind::FactUnreachable),
    }
}
