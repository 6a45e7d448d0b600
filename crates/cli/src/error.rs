//! Errors that a person sees, and exit codes.

use std::process::ExitCode;

/// How the program ended. Documented in docs/reference/exit-codes.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done. A decision against a request is no failure.
    Done,
    /// It could not be done: disk, store, system.
    Failed,
    /// A ticket, a policy or a directory file is not as it must be.
    BadInput,
    /// A person may not do that, or a mode may not start.
    NotAllowed,
    /// The log does not verify.
    LogBroken,
    /// Another process has the store.
    InUse,
    /// There is no such thing.
    NotFound,
    /// A backtest or a red team found what must never happen.
    Unsafe,
    /// A run over the vault only planned.
    PlannedOnly,
    /// The vault's list was incomplete, so nothing was done.
    Incomplete,
}

impl Exit {
    /// The number. 2 is the command line's own (wrong usage).
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Unsafe => 3,
            Self::BadInput => 4,
            Self::NotAllowed => 5,
            Self::LogBroken => 6,
            Self::InUse => 7,
            Self::NotFound => 8,
            Self::PlannedOnly => 9,
            Self::Incomplete => 10,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// An expected error: what happened, where, and what to do.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) code: Exit,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Error {
    pub(crate) fn new(code: Exit, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An error with the chain of its causes.
    pub(crate) fn of(code: Exit, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            message.push_str(": ");
            message.push_str(&inner.to_string());
            cause = inner.source();
        }
        Self::new(code, message)
    }
}

impl From<agent::AgentError> for Error {
    fn from(error: agent::AgentError) -> Self {
        let code = match &error {
            agent::AgentError::Commit(ports::CommitError::LogBroken(_)) => Exit::LogBroken,
            agent::AgentError::Store(_) | agent::AgentError::Commit(_) => Exit::Failed,
            agent::AgentError::OtherContent { .. } | agent::AgentError::Granted { .. } => {
                Exit::BadInput
            }
            agent::AgentError::NotFound(_) => Exit::NotFound,
            agent::AgentError::NotAllowed(_) => Exit::NotAllowed,
            agent::AgentError::Damaged(_) => Exit::Failed,
        };
        Self::of(code, &error).hint(error.hint())
    }
}

impl From<ports::store::StoreError> for Error {
    fn from(error: ports::store::StoreError) -> Self {
        agent::AgentError::from(error).into()
    }
}

impl From<ports::CommitError> for Error {
    fn from(error: ports::CommitError) -> Self {
        agent::AgentError::from(error).into()
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::of(Exit::Failed, &error)
            .hint("check that the disk is not full and the folder is writable")
    }
}
