//! The people behind a finding: who is told, and by what authority somebody may lift it.

use serde::{Deserialize, Serialize};

use crate::time::Minutes;

/// Who may lift a finding. INVARIANT(people-lift): each finding declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifting {
    /// Nobody: the cause has to be mended, or the missing thing given.
    Nobody,
    /// One person with any of these authorities.
    Any(&'static [Authority], Minutes),
    /// One person for each of these authorities, all different people.
    Each(&'static [Authority], Minutes),
    /// As [`Self::Any`], with an exception: an end date and a compensating control.
    Exception(&'static [Authority], Minutes),
    /// Together with the findings that caused the points; what they leave unexplained, as [`Self::Any`].
    WithCause(&'static [Authority], Minutes),
}

/// The authority by which somebody lifts a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// Member of the group `security`.
    Security,
    /// Member of the group that owns the resource.
    ResourceOwner,
    /// Member of the group that owns the segregation-of-duties rule.
    RuleOwner,
}

impl Authority {
    /// Every authority.
    pub const ALL: [Self; 3] = [Self::Security, Self::ResourceOwner, Self::RuleOwner];

    /// The name in records and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::ResourceOwner => "resource_owner",
            Self::RuleOwner => "rule_owner",
        }
    }
}

/// A set of authorities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuthoritySet(u8);

impl AuthoritySet {
    /// The set of `authorities`.
    pub fn of(authorities: impl IntoIterator<Item = Authority>) -> Self {
        authorities
            .into_iter()
            .fold(Self(0), |set, authority| Self(set.0 | 1 << authority as u8))
    }

    /// Whether `authority` is in the set.
    #[must_use]
    pub fn contains(self, authority: Authority) -> bool {
        self.0 & 1 << authority as u8 != 0
    }

    /// Whether no authority is in both.
    #[must_use]
    pub fn is_disjoint(self, other: Self) -> bool {
        self.0 & other.0 == 0
    }
}

/// Somebody who is told, strongest first in an escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// The group `security`.
    Security,
    /// The owner of the resource (the contract's `access_owner`).
    ResourceOwner,
    /// The owner of the segregation-of-duties rule.
    RuleOwner,
    /// The beneficiary's manager.
    Manager,
    /// The person who asked.
    Requester,
}
