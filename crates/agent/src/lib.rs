//! The running agent: from a ticket to a committed, settled, explained decision. The modules are its stages.

pub mod advise;
pub mod cycle;
pub mod enrich;
pub mod intake;
pub mod provision;
pub mod reconcile;
pub mod redteam;
pub mod replay;
pub mod report;
pub mod review;
pub mod revoke;
pub mod ruling;

use decision::evidence::record::Mode;
use decision::rules::Rules;
use ports::{Adviser, Clock, Directory, Provisioner, Store};
use thiserror::Error;

/// Everything that the stages share. Borrowed: who wires the agent owns the parts.
#[derive(Clone, Copy)]
pub struct Agent<'a> {
    /// The compiled policy, pinned for the life of the process.
    pub rules: &'a Rules,
    /// The mode; a contract covers it.
    pub mode: Mode,
    /// The store.
    pub store: &'a dyn Store,
    /// The identity provider.
    pub directory: &'a dyn Directory,
    /// Where access is given and taken.
    pub provisioner: &'a dyn Provisioner,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Who advises before a ruling; `None` where no model is configured.
    pub adviser: Option<&'a dyn Adviser>,
}

/// Why the agent could not do what was asked. What was committed before stays.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AgentError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] ports::store::StoreError),
    /// Nothing was committed.
    #[error(transparent)]
    Commit(#[from] ports::CommitError),
    /// The same id with other content, and no higher revision.
    #[error("request `{id}` was decided before with other content (revision {revision})")]
    OtherContent {
        /// The request.
        id: String,
        /// The revision that is stored.
        revision: u32,
    },
    /// What was given for the request was used by its grant.
    #[error("request `{id}` led to the grant `{grant}`, and leads to no other")]
    Granted {
        /// The request.
        id: String,
        /// The grant.
        grant: String,
    },
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// The person may not do that.
    #[error("{0}")]
    NotAllowed(String),
    /// What is stored cannot be read.
    #[error("what is stored of {0} cannot be read")]
    Damaged(String),
}

impl AgentError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Store(_) => "check the disk; `audit verify` tells whether the log is whole",
            Self::Commit(ports::CommitError::PolicyChanged(_)) => {
                "load the policy in force and try again"
            }
            Self::Commit(ports::CommitError::LogBroken(_)) => {
                "`audit verify` names what is wrong; restore the store from a backup, revocations go on meanwhile"
            }
            Self::Commit(_) => "nothing was written; try again",
            Self::OtherContent { .. } => "file the change with a higher `revision`",
            Self::Granted { .. } => {
                "file what is needed under another id; `grants revoke` takes back what was given"
            }
            Self::NotFound(_) => "`request list` and `grants list` show what there is",
            Self::NotAllowed(_) => "`review show` tells who may lift what",
            Self::Damaged(_) => {
                "restore the store from a backup; `audit verify` tells whether the log is whole"
            }
        }
    }
}

impl Agent<'_> {
    /// The time now, never earlier than what was committed before: a clock set back un-expires nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn now(&self) -> Result<decision::time::Timestamp, AgentError> {
        let (clock, highest) = (self.clock.now(), self.store.highest_time()?);
        Ok(if clock < highest { highest } else { clock })
    }
}
