//! The store: one call that changes it, and what it can be asked.

use std::collections::BTreeMap;

use decision::evidence::record::{Approval, EarlierGrant, LiftRecord, Reserved};
use decision::gate::Grant;
use decision::time::{Minutes, Timestamp};
use thiserror::Error;

/// Everything that happens together: one transaction, with its log leaves. INVARIANT(record-first).
#[derive(Debug, Default)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// Versions of people that the evidence was read at; a person that moved on makes the commit fail.
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
    /// Administration of the agent itself.
    pub administration: Option<Administration>,
}

/// A log leaf before it has salts and a place. The person becomes a keyed hash, `committed` salted commitments.
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
    /// Fields in clear: entitlement, outcome, expiry, digests. Nothing personal.
    pub clear: BTreeMap<String, String>,
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
    /// Policy activation, overrides, the kill switch.
    Administration,
}

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
    /// What stood behind the name, to be bound when it is not yet: entitlement and power.
    pub binding: Option<(String, String)>,
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
    /// Whether a later grant of ours still covers the same access, so that nothing is taken in the system.
    pub superseded: bool,
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

/// A grant as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub id: String,
    /// The request.
    pub request: String,
    /// Its revision.
    pub revision: u32,
    /// The person's immutable id.
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
    /// Digest of the content that it is bound to.
    pub content_digest: String,
    /// Its state.
    pub state: GrantState,
    /// What was seen last.
    pub detail: String,
    /// Index of the leaf that recorded it.
    pub leaf: u64,
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

/// Administration of the agent itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Administration {
    /// A policy was put in force.
    Activation {
        /// Digest of policy and guardrails.
        digest: String,
        /// The policy file's bytes.
        source: Vec<u8>,
        /// The guardrails in canonical form.
        guardrails: String,
        /// Name of the file.
        file: String,
    },
    /// Automatic decisions were allowed for a policy without a backtest.
    Override {
        /// Digest of policy and guardrails.
        digest: String,
        /// Why.
        reason: String,
    },
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
    /// The log did not verify when the store was opened: nothing is signed on top of it, and only revocations go on.
    #[error("the log does not verify ({0}), so nothing is recorded on top of it")]
    LogBroken(String),
    /// The disk or the database failed; nothing was written.
    #[error("the store failed: {0}")]
    Storage(String),
}

/// A store. All changes go through [`Store::commit`]; the rest reads.
pub trait Store: Send + Sync {
    /// Commits each transition entirely or not at all, together under one sync and one checkpoint.
    fn commit(&self, transitions: &[Transition]) -> Vec<Result<Committal, CommitError>>;

    /// The latest revision of a request.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError>;

    /// The latest ruling of a request.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn latest_ruling(&self, request: &str) -> Result<Option<StoredRuling>, StoreError>;

    /// Latest rulings, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn rulings(&self, limit: u32) -> Result<Vec<StoredRuling>, StoreError>;

    /// Number of rulings of a request, which numbers the next one.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn ruling_count(&self, request: &str) -> Result<u32, StoreError>;

    /// Reviews of a request, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn reviews(&self, request: &str) -> Result<Vec<ReviewRow>, StoreError>;

    /// The version of a person; 0 when nothing was ever committed for them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn person_version(&self, person: &str) -> Result<u64, StoreError>;

    /// What is committed for a person and not known to have had its effect, other than for `except` (a grant's id).
    ///
    /// # Errors
    /// When the store cannot be read.
    fn reserved(&self, person: &str, except: &str) -> Result<Vec<Reserved>, StoreError>;

    /// Grants of an entitlement to a person that ended after `since`, or have not ended, other than `except`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn earlier(
        &self,
        person: &str,
        entitlement: &str,
        since: Timestamp,
        except: &str,
    ) -> Result<Vec<EarlierGrant>, StoreError>;

    /// Number of requests that a login filed since a moment, other than `except`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn filed_since(
        &self,
        requester: &str,
        since: Timestamp,
        except: &str,
    ) -> Result<u32, StoreError>;

    /// The power that an entitlement was bound to.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn bound_power(&self, entitlement: &str) -> Result<Option<String>, StoreError>;

    /// Names of the budgets of automatic grants that a further grant would exceed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn brakes(
        &self,
        person: &str,
        entitlement: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError>;

    /// Digest of the policy in force.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn active_policy(&self) -> Result<Option<String>, StoreError>;

    /// Whether an override allows automatic decisions under the policy with this digest.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn is_overridden(&self, digest: &str) -> Result<bool, StoreError>;

    /// A grant.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn grant(&self, id: &str) -> Result<Option<GrantRow>, StoreError>;

    /// Grants in any of these states, oldest first; every state when the list is empty.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn grants(&self, states: &[GrantState], limit: u32) -> Result<Vec<GrantRow>, StoreError>;

    /// Applied grants that ended by `now`, oldest end first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<GrantRow>, StoreError>;

    /// Whether the log confirms that the grant's leaf says what the row says. INVARIANT(gate-only).
    ///
    /// # Errors
    /// When the store cannot be read.
    fn leaf_confirms(&self, grant: &GrantRow) -> Result<bool, StoreError>;

    /// A self-contained receipt for a leaf, against the newest checkpoint.
    ///
    /// # Errors
    /// When the store cannot be read or has no such leaf.
    fn receipt(&self, leaf: u64) -> Result<String, StoreError>;

    /// Whether the log verified when the store was opened.
    fn log_state(&self) -> decision::evidence::record::LogState;

    /// Publishes tiles and checkpoint up to the newest commit. Idempotent.
    ///
    /// # Errors
    /// When files cannot be written; what was committed stays committed.
    fn publish(&self) -> Result<(), StoreError>;

    /// The highest time that was ever committed: a clock set back never un-expires anything.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn highest_time(&self) -> Result<Timestamp, StoreError>;
}

/// A ruling as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRuling {
    /// The row.
    pub row: RulingRow,
    /// Index of its `prepared_change` leaf, which its receipt proves.
    pub leaf: u64,
}

/// The store could not be read or written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// Budgets of automatic grants. INVARIANT(brakes): counted inside the commit; scheduled expiries never count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// For one person in the window.
    pub per_person: u32,
    /// For one entitlement in the window.
    pub per_entitlement: u32,
    /// In all in the window.
    pub in_all: u32,
    /// The window.
    pub window: Minutes,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            per_person: 10,
            per_entitlement: 100,
            in_all: 500,
            window: Minutes::from_days(1),
        }
    }
}
