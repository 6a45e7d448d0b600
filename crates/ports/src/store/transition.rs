//! What one commit changes, and what comes of it.

use std::collections::BTreeMap;

use decision::gate::Grant;
use decision::time::Timestamp;
use thiserror::Error;

use super::rows::{GrantState, RequestRow, ReviewRow, RulingRow};
use super::vault::{Intent, Posted};

/// Everything that happens together: one transaction, with its log leaves. INVARIANT(record-first).
#[derive(Debug, Default)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// Versions that the evidence was read at, one for each identity of the beneficiary's human being. One that moved on
    /// makes the commit fail, and a grant steps all of them.
    pub expected_versions: Vec<(String, u64)>,
    /// Digest of the policy that was ruled under, which must be the active one. `None` when nothing was ruled.
    pub policy: Option<String>,
    /// Log leaves, in order.
    pub leaves: Vec<LeafDraft>,
    /// The request, when it is new or revised.
    pub request: Option<RequestRow>,
    /// The ruling, when one was made.
    pub ruling: Option<RulingRow>,
    /// A grant that the gate admitted: its intent and reservation.
    pub grant: Option<Admitted>,
    /// A grant that was committed before a crash and that the gate admitted again: its row must still say `committed`.
    pub resumed: Option<Admitted>,
    /// A grant to take back.
    pub revocation: Option<Revocation>,
    /// How an effect turned out.
    pub settlement: Option<Settlement>,
    /// A review.
    pub review: Option<ReviewRow>,
    /// A policy that is put in force.
    pub policy_source: Option<PolicySource>,
    /// An action on a workflow request of a vault.
    pub action: Option<Intent>,
    /// A letter, new or with what became of it.
    pub letter: Option<Posted>,
}

/// A log leaf before it has salts and a place. The person and `keyed` become keyed hashes,
/// `committed` salted commitments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafDraft {
    /// The log's category.
    pub category: Category,
    /// What happened, such as `ruled`.
    pub event: &'static str,
    /// The request; empty for administration.
    pub request: String,
    /// Immutable id of the person, which the leaf holds as a keyed hash only.
    pub person: Option<String>,
    /// Fields in clear: entitlement, outcome, expiry, digest of the policy. Nothing personal.
    pub clear: BTreeMap<String, String>,
    /// Digests of what a person asked for or was shown, which the leaf holds as keyed hashes only: who has the log could
    /// guess what has such a digest. No name is also in `clear`.
    pub keyed: BTreeMap<String, String>,
    /// Fields of which the leaf holds a salted commitment; their values and salts lie in erasable storage.
    pub committed: BTreeMap<String, String>,
}

/// Categories of log entries: the four that the contract names, and two more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// A request as it came.
    Request,
    /// What was found and ruled.
    PolicyCheck,
    /// The change that was prepared.
    PreparedChange,
    /// Approvals and reviews.
    Approvals,
    /// What became of a change.
    Effect,
    /// Policy policy_source, overrides, the kill switch.
    Administration,
}

/// A grant that the gate admitted.
#[derive(Debug)]
pub struct Admitted {
    /// Its id in the store.
    pub id: String,
    /// The permit.
    pub grant: Grant,
}

/// A grant to take back. A ruling, not a permit: taking is always allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The grant.
    pub grant: String,
    /// The person's immutable id.
    pub person: String,
    /// The catalogue id.
    pub entitlement: String,
    /// Why, such as `expired`.
    pub reason: String,
    /// Another grant of ours that still gives the same access: the holding is handed to it, and nothing is taken.
    pub survivor: Option<Survivor>,
}

/// A grant that keeps what another one gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// The grant.
    pub grant: String,
    /// From when.
    pub starts: Timestamp,
    /// Until when; `None` is standing.
    pub ends: Option<Timestamp>,
}

/// How an effect turned out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The grant.
    pub grant: String,
    /// Its new state.
    pub state: GrantState,
    /// What was seen, in words.
    pub detail: String,
}

/// A policy that is put in force: what its digest stands for, kept for replay. Its leaf `policy.activated` puts it in
/// force, not this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySource {
    /// Digest of policy and guardrails.
    pub digest: String,
    /// The policy file's bytes.
    pub source: Vec<u8>,
    /// The guardrails in canonical form.
    pub guardrails: String,
    /// Name of the file.
    pub file: String,
}

/// Where the leaves of a transition are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committal {
    /// Index of the first leaf; the others follow.
    pub first_leaf: u64,
    /// Number of leaves.
    pub leaves: u64,
    /// Size of the tree that the checkpoint signs.
    pub size: u64,
}

/// Why nothing was committed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommitError {
    /// Somebody's facts moved on since they were read: rule again.
    #[error("what is known of person {0} changed since it was read")]
    Conflict(String),
    /// Another policy is in force: load it and rule again.
    #[error("another policy is in force: {0}")]
    PolicyChanged(String),
    /// A budget of automatic grants is used up: rule again with that.
    #[error("the budget {0} is used up")]
    Brake(String),
    /// The same effect was committed before.
    #[error("{0} was committed before")]
    Duplicate(String),
    /// The log did not verify when the store was opened, or a row differed from it: nothing is signed on top, and only
    /// revocations go on.
    #[error("nothing is recorded: {0}")]
    LogBroken(String),
    /// The disk or the database failed; nothing was written.
    #[error("the store failed: {0}")]
    Storage(String),
}
