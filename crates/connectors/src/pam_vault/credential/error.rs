//! Why a secret was not given, and what to do.

use thiserror::Error;

use super::pending::PendingError;

/// A secret that was not given.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RetrieveError {
    /// A request has to be submitted, and this call may not.
    #[error("somebody would have to be asked for the secret first")]
    NotAskedFor,
    /// Nobody has approved yet. The next run goes on waiting.
    #[error("the request for the secret still waits for approval (the vault says `{0}`)")]
    StillWaiting(String),
    /// Somebody rejected it.
    #[error("the request for the secret was rejected")]
    Rejected,
    /// The request came to an end twice, or is not seen after it was submitted.
    #[error("the request for the secret does not last: {0}")]
    NotLasting(String),
    /// A request waits, and no action type finds it.
    #[error("a request for the secret waits, and none of the action types {} finds it", .tried.join(", "))]
    NotFound {
        /// What was tried.
        tried: Vec<String>,
    },
    /// The answer holds no secret that is recognised.
    #[error("the vault's answer holds no secret under a known name; its names are {}", .names.join(", "))]
    NoSecret {
        /// Names of its fields, never their values.
        names: Vec<String>,
    },
    /// The document describes the operation in a way that cannot be followed. Nothing was sent.
    #[error("{0}")]
    Description(String),
    /// The pending file cannot be used.
    #[error(transparent)]
    Pending(#[from] PendingError),
    /// A call failed.
    #[error(transparent)]
    Vault(#[from] ports::PortError),
}

impl RetrieveError {
    /// What to do, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotAskedFor => Some("a run that acts, or a ticket that is handled, asks for it"),
            Self::StillWaiting(_) => {
                Some("ask an approver of the asset; the next run goes on waiting")
            }
            Self::Rejected => Some("ask who rejected it before the next run asks again"),
            Self::NotFound { .. } => Some("set the vault's action types to the one of this asset"),
            Self::NoSecret { .. } => {
                Some("keep the secret in the Password field of a Secret asset")
            }
            Self::Description(_) => {
                Some("compare the discovery document with the reference of the vault's client")
            }
            Self::Pending(error) => Some(error.hint()),
            Self::NotLasting(_) | Self::Vault(_) => None,
        }
    }
}
