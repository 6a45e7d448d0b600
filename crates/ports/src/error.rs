//! How a call to the outside can fail, each kind with its retry rule.

use thiserror::Error;

/// A failed call. The text says what was asked and what came back, never a secret.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PortError {
    /// Not reached, or it said to come back later. May be tried again.
    #[error("{0} is not available")]
    Unavailable(String),
    /// It understood and refused. Trying again changes nothing until somebody grants a right.
    #[error("{0} refused")]
    Denied(String),
    /// The answer is not what was agreed. Trying again changes nothing; the fact counts as unreachable.
    #[error("{0} answered something that cannot be read")]
    Malformed(String),
    /// Sent, but what became of it is not known. Look first; never send again blindly.
    #[error("what became of {0} is not known")]
    Indeterminate(String),
}
