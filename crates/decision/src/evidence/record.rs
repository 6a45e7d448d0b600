//! The record of evidence, format 2: every fact with its source and time, as text, frozen before the ruling.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::analysis::{Advice, Analysis, Exchange, Fault, Trigger};
pub use super::target::{Given, GivenKind, Target};
use crate::findings::Kind;
use crate::request::{Content, Request};
use crate::rules::policy::{ApprovalKind, Attribute};
use crate::time::Timestamp;

/// The version of this record. One of format 1 is still ruled upon as it was: see [`Evidence::tells_what_is_behind_held`].
pub const FORMAT: u32 = 2;

/// All that a ruling may look at. INVARIANT(replay): nothing else enters it, so the same record gives the same ruling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`FORMAT`], or 1 in an older record.
    pub format: u32,
    /// When the record was frozen: the time of the ruling.
    pub frozen_at: Timestamp,
    /// The mode in which the agent ran.
    pub mode: Mode,
    /// Digest of the policy that was loaded.
    pub policy: String,
    /// Digest of the policy in force, as the store says.
    pub active_policy: String,
    /// Whether the requester, the beneficiary or another identity of theirs put that policy in force.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_policy: bool,
    /// Whether the log verified.
    pub log: LogState,
    /// The request.
    pub request: Request,
    /// Who filed it.
    pub requester: Fact<Lookup>,
    /// Whom it is for; the requester again when it is for nobody else.
    pub beneficiary: Fact<Lookup>,
    /// Everybody else who matters (approvers, reviewers, linked identities), by immutable id.
    pub people: BTreeMap<String, Person>,
    /// What the beneficiary holds.
    pub holdings: Fact<Holdings>,
    /// What was committed for the beneficiary and is not yet among the holdings.
    pub reserved: Vec<Reserved>,
    /// What the same human being holds through other identities, by the immutable id of each. It counts for the sides
    /// of segregation-of-duties rules and for nothing else. An identity that is not here was not read.
    pub linked: BTreeMap<String, LinkedIdentity>,
    /// Grants to this person in the rolling window of what is asked for and what could be offered instead, ended
    /// ones included.
    pub earlier: Vec<EarlierGrant>,
    /// What stands behind the catalogue id, behind those that could be offered instead, and behind everything that
    /// counts as held ([`Evidence::names_held`]). A name that is not here was not looked for.
    pub targets: BTreeMap<String, Fact<Target>>,
    /// The power that each of them had when it was bound; one that is not here is bound now for the first time.
    pub bound_powers: BTreeMap<String, String>,
    /// Recorded approvals.
    pub approvals: Vec<Approval>,
    /// Recorded lifts.
    pub lifts: Vec<LiftRecord>,
    /// What an analyst said.
    pub advice: Advice,
    /// Who said it, how sure it is, and what was wrong with it; `None` where no model is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// Facts about the request that a system vouches for, such as a declared incident. What the requester writes is
    /// never among them.
    #[serde(default = "not_in_profile")]
    pub facts: Fact<BTreeMap<String, Attribute>>,
    /// How many requests the requester filed in the last 24 hours.
    pub activity: Fact<u32>,
    /// Budgets of automatic grants that are used up, by name.
    pub brakes: Vec<String>,
}

fn not_in_profile<T>() -> Fact<T> {
    Fact::NotInProfile
}

/// How the agent runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It says what it would do; a person releases it.
    #[default]
    Advise,
    /// The gate may provision standard low-risk access.
    Guarded,
}

impl Mode {
    /// The name in settings and records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Advise => "advise",
            Self::Guarded => "guarded",
        }
    }
}

/// Whether the log can be built upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogState {
    /// Head, signature and tail verified.
    Verified,
    /// They did not.
    Broken,
}

/// A fact with where it comes from. There is no default: what is not known is said to be not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact<T> {
    /// It was read.
    Present {
        /// The fact.
        value: T,
        /// The system that said so.
        source: String,
        /// As of when.
        as_of: Timestamp,
    },
    /// The system was asked and has no such thing.
    Absent {
        /// The system that said so.
        source: String,
        /// As of when.
        as_of: Timestamp,
    },
    /// It could not be read, or what was read is stale or cut short.
    Unreachable {
        /// The system that was asked.
        source: String,
        /// Why it failed, without secrets.
        reason: String,
    },
    /// This door does not collect it.
    NotInProfile,
}

impl<T> Fact<T> {
    /// The fact, when it was read.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Present { value, .. } => Some(value),
            Self::Absent { .. } | Self::Unreachable { .. } | Self::NotInProfile => None,
        }
    }

    /// As of when the system answered.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        match self {
            Self::Present { as_of, .. } | Self::Absent { as_of, .. } => Some(*as_of),
            Self::Unreachable { .. } | Self::NotInProfile => None,
        }
    }

    /// Source and time in words.
    #[must_use]
    pub fn provenance(&self) -> String {
        match self {
            Self::Present { source, as_of, .. } | Self::Absent { source, as_of } => {
                format!("{source}, {as_of}")
            }
            Self::Unreachable { source, reason } => format!("{source} unreachable: {reason}"),
            Self::NotInProfile => "not collected".to_owned(),
        }
    }
}

/// What the directory answers to a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    /// Exactly one person.
    One(Box<Person>),
    /// This many people.
    Several(u32),
}

/// A person as the directory knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Immutable id.
    pub id: String,
    /// Login.
    pub login: String,
    /// Whether they work here.
    pub status: PersonStatus,
    /// Last day, when one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<Timestamp>,
    /// Roles by name.
    pub roles: Vec<String>,
    /// Department as displayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Immutable id of the manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// Groups by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Immutable ids of people who may act for this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<String>,
    /// Immutable ids of other identities of the same human being. A directory tells each link from both sides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked: Vec<String>,
    /// Further attributes, as the organisation declares them. One that is not here, and not among the unread, is
    /// absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Attribute>,
    /// Attributes that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// Whether a person works here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonStatus {
    /// Yes.
    #[default]
    Active,
    /// No longer, or suspended.
    Inactive,
    /// An identity of the agent itself.
    Agent,
}

/// What a person holds, and how complete that list is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdings {
    /// Which systems the list covers, completely.
    pub coverage: Coverage,
    /// What is held.
    pub items: Vec<Holding>,
}

/// The systems that a list of holdings covers. INVARIANT(coverage): what is not covered was not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Every system there is.
    Everything,
    /// These, by name.
    Systems(Vec<String>),
    /// None that is known.
    #[default]
    Nothing,
}

/// One thing that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// Its name in the system.
    pub entitlement: String,
    /// How it is held: account, groups, from the person outward.
    pub path: Vec<String>,
    /// Whether the holding came from a grant of ours (its id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
}

/// Access that was committed and does not show in the holdings yet (or whose effect is unknown).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserved {
    /// The grant.
    pub grant: String,
    /// The request that it belongs to.
    pub request: String,
    /// Catalogue id.
    pub entitlement: String,
}

/// What another identity of the same human being holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedIdentity {
    /// What it holds.
    pub holdings: Fact<Holdings>,
    /// What was committed for it and is not yet among its holdings.
    pub reserved: Vec<Reserved>,
}

/// An earlier grant of the same entitlement to the same person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierGrant {
    /// The grant.
    pub grant: String,
    /// Catalogue id.
    pub entitlement: String,
    /// From when.
    pub start: Timestamp,
    /// Until when it ran or will run.
    pub end: Timestamp,
}

/// A recorded approval: it fills a required slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Its id in the store.
    pub id: String,
    /// In which capacity.
    pub kind: ApprovalKind,
    /// Immutable id of the person.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What it was given for.
    pub content: Content,
}

/// A recorded lift of one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiftRecord {
    /// Its id in the store.
    pub id: String,
    /// The finding that it lifts.
    pub finding: Kind,
    /// Immutable id of the person.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What the request was.
    pub content: Content,
    /// Digest of the finding's facts as they were shown.
    pub facts: String,
    /// End and compensating control, for a segregation-of-duties conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<AcceptedException>,
}

/// What a rule owner accepts when lifting a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedException {
    /// The grant ends by then.
    pub until: Timestamp,
    /// What is done instead of separating.
    pub control: String,
}
