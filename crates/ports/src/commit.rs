//! The commit: the only way from a permit to something that a provisioner accepts. INVARIANT(record-first).
//!
//! Nothing outside can make a committed grant:
//!
//! ```compile_fail
//! fn forge(grant: decision::gate::Grant) -> ports::Committed<decision::gate::Grant> {
//!     ports::Committed { inner: grant, id: String::new() }
//! }
//! ```

use decision::gate::Grant;
use decision::gate::vault::{self, Permit};

use crate::store::{CommitError, Committal, Revocation, Store, Transition};

/// Something that stands in the log and the store, and may now have its effect. Made only by [`commit`].
#[derive(Debug)]
pub struct Committed<T> {
    inner: T,
    id: String,
}

impl<T> Committed<T> {
    /// What was committed.
    #[must_use]
    pub fn get(&self) -> &T {
        &self.inner
    }

    /// The grant's id in the store, or the key of an action.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What a successful commit gives: where the leaves are, and what may now have its effect.
#[derive(Debug)]
pub struct Done {
    /// Where the leaves are.
    pub committal: Committal,
    /// The grant, when the transition admitted one.
    pub grant: Option<Committed<Grant>>,
    /// The revocation, when the transition asked for one.
    pub revocation: Option<Committed<Revocation>>,
    /// The action on a workflow request, when the transition admitted one.
    pub action: Option<CommittedAction>,
}

/// A committed action on a workflow request: each kind is accepted by one method of the vault's port and by no other.
#[derive(Debug)]
pub enum CommittedAction {
    /// Approve it.
    Approve(Committed<vault::Grant>),
    /// Reject it.
    Reject(Committed<vault::Rejection>),
    /// Close it.
    Close(Committed<vault::Closure>),
}

impl CommittedAction {
    fn of(permit: Permit) -> Self {
        let id = permit.key();
        match permit {
            Permit::Grant(inner) => Self::Approve(Committed { inner, id }),
            Permit::Rejection(inner) => Self::Reject(Committed { inner, id }),
            Permit::Closure(inner) => Self::Close(Committed { inner, id }),
        }
    }

    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> &vault::Subject {
        match self {
            Self::Approve(action) => action.get().subject(),
            Self::Reject(action) => action.get().subject(),
            Self::Close(action) => action.get().subject(),
        }
    }

    /// The key under which it happens at most once.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Approve(action) => action.id(),
            Self::Reject(action) => action.id(),
            Self::Close(action) => action.id(),
        }
    }
}

/// Commits one transition: all of it, or nothing.
///
/// # Errors
/// When nothing was committed; the error says why and whether to rule again.
pub fn commit(store: &dyn Store, transition: Transition) -> Result<Done, CommitError> {
    let mut results = commit_all(store, vec![transition]);
    results.pop().unwrap_or(Err(CommitError::Storage(
        "the store gave no answer".to_owned(),
    )))
}

/// Commits several transitions under one sync and one checkpoint; each stands or falls by itself.
pub fn commit_all(
    store: &dyn Store,
    transitions: Vec<Transition>,
) -> Vec<Result<Done, CommitError>> {
    let results = store.commit(&transitions);
    let mut done = Vec::with_capacity(transitions.len());
    let mut results = results.into_iter();
    for transition in transitions {
        let result = results.next().unwrap_or(Err(CommitError::Storage(
            "the store gave no answer".to_owned(),
        )));
        done.push(result.map(|committal| {
            Done {
                committal,
                grant: transition
                    .grant
                    .or(transition.resumed)
                    .map(|admitted| Committed {
                        inner: admitted.grant,
                        id: admitted.id,
                    }),
                revocation: transition.revocation.map(|revocation| Committed {
                    id: revocation.grant.clone(),
                    inner: revocation,
                }),
                action: transition
                    .action
                    .map(|intent| CommittedAction::of(intent.permit)),
            }
        }));
    }
    done
}
