//! The store: one call that changes it, and what it can be asked.

mod rows;
mod transition;
mod vault;

use decision::evidence::record::{EarlierGrant, Reserved};
use decision::time::{Minutes, Timestamp};
use decision::vault::Action;
use thiserror::Error;

pub use rows::{GrantRow, GrantState, Remark, RequestRow, ReviewRow, RulingRow, StoredRuling};
pub use transition::{
    Admitted, Category, CommitError, Committal, LeafDraft, PolicySource, Revocation, Settlement,
    Survivor, Transition,
};
pub use vault::{ActionRecord, ActionState, Danger, Intent, PostState, Posted, VaultState};

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

    /// Whether the signed log has this ruling, with this evidence and this record: a row can be written whole, with every
    /// digest in it, its leaf cannot.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn ruling_is_logged(&self, ruling: &StoredRuling) -> Result<bool, StoreError>;

    /// The ruling that led to a grant, which need not be the latest one of its request.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn ruling_of(&self, grant: &GrantRow) -> Result<Option<StoredRuling>, StoreError>;

    /// Latest rulings of requests, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn rulings(&self, listing: Listing, limit: u32) -> Result<Page, StoreError>;

    /// Rulings whose number is above `number`, in the order in which they were made, each with its number.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn rulings_after(
        &self,
        number: u64,
        limit: u32,
    ) -> Result<Vec<(u64, StoredRuling)>, StoreError>;

    /// What the digest of a policy stands for; `None` when it was never kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn policy(&self, digest: &str) -> Result<Option<PolicySource>, StoreError>;

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

    /// The power that an entitlement was bound to, by the signed log alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn bound_power(&self, entitlement: &str) -> Result<Option<String>, StoreError>;

    /// Names of the budgets of automatic grants that a further grant would exceed, `except` (a grant's id) not counted.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn brakes(
        &self,
        person: &str,
        entitlement: &str,
        now: Timestamp,
        except: &str,
    ) -> Result<Vec<String>, StoreError>;

    /// Digest of the policy in force, by the signed log alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn active_policy(&self) -> Result<Option<String>, StoreError>;

    /// Whether this person put the policy in force, by the signed log alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn put_in_force(&self, person: &str) -> Result<bool, StoreError>;

    /// Whether the policy with this digest may decide by itself, by the signed log alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn is_overridden(&self, digest: &str) -> Result<bool, StoreError>;

    /// A grant. What is not over is as the signed log says, whatever its row says or if it is gone.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn grant(&self, id: &str) -> Result<Option<GrantRow>, StoreError>;

    /// The grant that a request led to under whatever revision, live or over, by the signed log alone. One that was refused
    /// or withdrawn gave nothing and is not told.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn granted(&self, request: &str) -> Result<Option<String>, StoreError>;

    /// Grants in any of these states, oldest first; every state when the list is empty. See [`Store::grant`].
    ///
    /// # Errors
    /// When the store cannot be read.
    fn grants(&self, states: &[GrantState], limit: u32) -> Result<Vec<GrantRow>, StoreError>;

    /// Grants that ended by `now` and may still be there, oldest end first. The end is that of the signed log.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<GrantRow>, StoreError>;

    /// Whether the signed log says that the grant is not over, and all that the row says of it. INVARIANT(gate-only).
    ///
    /// # Errors
    /// When the store cannot be read.
    fn leaf_confirms(&self, grant: &GrantRow) -> Result<bool, StoreError>;

    /// A self-contained receipt for a leaf, against the newest checkpoint.
    ///
    /// # Errors
    /// When the store cannot be read or has no such leaf.
    fn receipt(&self, leaf: u64) -> Result<String, StoreError>;

    /// Whether the log verified when the store was opened, and the rows of grants said what it says.
    fn log_state(&self) -> decision::evidence::record::LogState;

    /// Publishes tiles and checkpoint up to the newest commit. Idempotent.
    ///
    /// # Errors
    /// When files cannot be written; what was committed stays committed.
    fn publish(&self) -> Result<(), StoreError>;

    /// What the signed log says of the vault's door.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn vault(&self) -> Result<VaultState, StoreError>;

    /// Whether the kill switch is on, by the signed log.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn is_stopped(&self) -> Result<bool, StoreError>;

    /// Names of the budgets of automatic actions on workflow requests that a further one would exceed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn vault_brakes(
        &self,
        action: Action,
        requester: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError>;

    /// Letters in one of these states, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn letters(&self, states: &[PostState], limit: u32) -> Result<Vec<Posted>, StoreError>;

    /// Whether the signed log says that this letter was queued with these words to these addresses, and is in this state:
    /// waiting or being sent. A letter that is over is never confirmed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn letter_is_logged(&self, posted: &Posted) -> Result<bool, StoreError>;

    /// The highest time of a signed leaf: a clock set back never un-expires anything.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn highest_time(&self) -> Result<Timestamp, StoreError>;
}

/// Which requests a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Every request.
    All,
    /// Those with which a person has something to do: nobody denied it, and nothing was given, or what was granted had
    /// no effect.
    Waiting,
}

/// The beginning of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its rulings.
    pub rulings: Vec<StoredRuling>,
    /// How many more there are.
    pub more: u64,
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
    /// For one entitlement in the window. Assets of a vault have none: there are many of them.
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
