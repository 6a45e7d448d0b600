//! Requests, rulings, grants and reviews as the store keeps them.

use decision::evidence::record::{Approval, LiftRecord};
use decision::time::Timestamp;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Its id.
    pub id: String,
    /// Its revision.
    pub revision: u32,
    /// Digest of everything in it that can change a ruling.
    pub content_digest: String,
    /// The request as JSON.
    pub body: String,
    /// Login of the requester, for counting.
    pub requester: String,
}

/// A ruling with all of its inputs. INVARIANT(replay).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulingRow {
    /// `request#revision/n`.
    pub id: String,
    /// The request.
    pub request: String,
    /// Its revision.
    pub revision: u32,
    /// Digest of the evidence, `sha256:…`.
    pub evidence_digest: String,
    /// The evidence as JSON.
    pub evidence: String,
    /// Digest of the policy.
    pub policy: String,
    /// Version of the engine.
    pub engine: String,
    /// The ruling record as JSON: what replays byte for byte.
    pub record: String,
    /// The decision shown, such as `ESCALATE`.
    pub decision: String,
    /// When.
    pub decided_at: Timestamp,
}

/// A ruling as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRuling {
    /// The row.
    pub row: RulingRow,
    /// Index of its `prepared_change` leaf, which its receipt proves.
    pub leaf: u64,
}

/// A grant as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub id: String,
    /// The request.
    pub request: String,
    /// Its revision.
    pub revision: u32,
    /// The person's immutable id. Empty when only the log knows the grant, which holds people as hashes: then the
    /// provisioner tells who holds it.
    pub person: String,
    /// The person's login when it was granted.
    pub login: String,
    /// The catalogue id.
    pub entitlement: String,
    /// From when.
    pub starts: Timestamp,
    /// Until when; `None` is standing.
    pub ends: Option<Timestamp>,
    /// `automatic`, or `reviewed` with the lifts.
    pub authority: String,
    /// Digest of the content that it is bound to; when no row tells it, what the log says, which equals no digest.
    pub content_digest: String,
    /// Its state.
    pub state: GrantState,
    /// What was seen last.
    pub detail: String,
    /// Index of the leaf that recorded it.
    pub leaf: u64,
}

/// States of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantState {
    /// Committed; its effect was not yet seen.
    Committed,
    /// Given, and read back.
    Applied,
    /// The system refused it.
    Refused,
    /// Not known: counts as held until somebody looked.
    Unknown,
    /// To be taken; its effect was not yet seen.
    Revoking,
    /// Taken, and read back.
    Revoked,
    /// Withdrawn before it had an effect.
    Withdrawn,
}

impl GrantState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Committed,
        Self::Applied,
        Self::Refused,
        Self::Unknown,
        Self::Revoking,
        Self::Revoked,
        Self::Withdrawn,
    ];

    /// The name in the store and in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Revoking => "revoking",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A review: an approval, a lift, or a word to the requester.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewRow {
    /// It fills a required slot.
    Approval(Approval),
    /// It lifts one finding.
    Lift(LiftRecord),
    /// The request is closed: denied by a person.
    Denial(Remark),
    /// A question to the requester.
    Question(Remark),
    /// A narrower access or duration, proposed by a person.
    Narrowing(Remark),
}

/// A review that changes no finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Its id.
    pub id: String,
    /// The request.
    pub request: String,
    /// Immutable id of the person.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub text: String,
}
