//! Every judgement about people: who they are, how they stand, and to each other.

use crate::evidence::case::{PersonState, Relation};
use crate::evidence::record::{Evidence, Fact, Lookup, Person, PersonStatus};
use crate::rules::Rules;
use crate::rules::ids::RoleId;
use crate::time::{Minutes, Timestamp};

/// Somebody whose last day is this near is leaving.
pub const LEAVING_NOTICE: Minutes = Minutes::from_days(14);

pub(super) fn person_state(fact: &Fact<Lookup>, now: Timestamp) -> PersonState {
    match fact {
        Fact::Present {
            value: Lookup::Several(_),
            ..
        } => PersonState::Ambiguous,
        Fact::Present {
            value: Lookup::One(person),
            ..
        } => match person.status {
            PersonStatus::Inactive => PersonState::Inactive,
            PersonStatus::Agent => PersonState::Agent,
            PersonStatus::Active => match person.leaves_at {
                Some(day) if day <= now => PersonState::Inactive,
                Some(day) if day <= now.plus(LEAVING_NOTICE) => PersonState::Leaving,
                Some(_) | None => PersonState::Active,
            },
        },
        Fact::Absent { .. } => PersonState::Unknown,
        Fact::Unreachable { .. } | Fact::NotInProfile => PersonState::Unreachable,
    }
}

pub(super) fn relation(evidence: &Evidence) -> Relation {
    match (evidence.requester(), evidence.beneficiary()) {
        (Some(filer), Some(person)) if filer.id == person.id => Relation::Same,
        (None, _) | (_, None) if evidence.request.on_behalf_of.is_none() => Relation::Same,
        (Some(filer), Some(person))
            if person.manager.as_ref() == Some(&filer.id)
                || person.delegates.contains(&filer.id) =>
        {
            Relation::Allowed
        }
        _ => Relation::None,
    }
}

pub(super) fn roles_of(evidence: &Evidence, rules: &Rules) -> Vec<RoleId> {
    let names = evidence
        .beneficiary()
        .map_or(&[][..], |person| person.roles.as_slice());
    let mut roles: Vec<RoleId> = names.iter().filter_map(|name| rules.role(name)).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

impl Evidence {
    /// The requester, when the directory knows exactly one.
    #[must_use]
    pub fn requester(&self) -> Option<&Person> {
        one(&self.requester)
    }

    /// The beneficiary, when the directory knows exactly one.
    #[must_use]
    pub fn beneficiary(&self) -> Option<&Person> {
        one(&self.beneficiary)
    }
}

fn one(fact: &Fact<Lookup>) -> Option<&Person> {
    match fact.value()? {
        Lookup::One(person) => Some(person),
        Lookup::Several(_) => None,
    }
}
