//! What the vault answers when it does not do what was asked.

use std::fmt;

/// A refusal, as HTTP tells it and as the functions of the simulator return it.
///
/// Codes that start with `SIM-` are the simulator's own, so that nobody takes them for the vendor's. Only `MSG-00863`
/// (approval is required) and `MSG-00864` (a request is pending) are real.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status: 400, 401, 404, 405, 413, or 500 for everything of the workflow.
    pub status: u16,
    /// The code.
    pub code: &'static str,
    /// What is wrong, in a sentence that starts with the code.
    pub message: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, why: &str) -> Self {
        Self {
            status,
            code,
            message: format!("{code}: {why}"),
        }
    }

    /// No token, no right, or not one's own.
    pub(crate) fn unauthorized(why: &str) -> Self {
        Self::new(401, "SIM-UNAUTHORIZED", why)
    }

    /// A condition of the workflow.
    pub(crate) fn workflow(code: &'static str, why: &str) -> Self {
        Self::new(500, code, why)
    }

    /// A parameter that cannot be read.
    pub(crate) fn parameter(why: &str) -> Self {
        Self::new(400, "SIM-PARAMETER", why)
    }

    /// No such route.
    pub(crate) fn no_route() -> Self {
        Self::new(404, "SIM-NOROUTE", "nothing is served here")
    }

    /// The route takes another method.
    pub(crate) fn method() -> Self {
        Self::new(405, "SIM-METHOD", "this route takes another method")
    }

    /// The body is longer than the simulator reads.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "SIM-TOOLARGE", "the body has more than 65,536 bytes")
    }

    /// Nothing has this id.
    pub(crate) fn unknown(what: &str) -> Self {
        Self::workflow("SIM-NOTFOUND", &format!("no {what} has this id"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.status)
    }
}

impl std::error::Error for Refusal {}
