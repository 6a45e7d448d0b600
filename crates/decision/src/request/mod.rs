//! A request: who asks for what, at which level, for whom, how long and why.

mod access;
mod content;

pub use access::{Access, NAME_CHARS_MAX, NameDoubt};
pub use content::{Content, digest_of};
use serde::{Deserialize, Serialize};

use crate::rules::policy::ApprovalKind;
use crate::time::{Minutes, Timestamp};

/// A request as filed. Nothing in it is evidence: facts come from systems that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The ticket system's id, such as `REQ-5512`.
    pub id: String,
    /// Counts up when the content changes; 1 at first.
    pub revision: u32,
    /// Login of the person who filed it.
    pub requester: String,
    /// Login of the person whom it is for, when that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// What is asked for.
    pub access: Access,
    /// The reason, with secrets masked. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// For how long.
    pub term: Term,
    /// When it was filed, by the ticket's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// A reference to the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Approvals that the ticket claims. Claims, never evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

/// How long access is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// The request does not say: the policy's default, or standing where the catalogue gives a reason.
    #[default]
    Unstated,
    /// This long from the grant on.
    For(Minutes),
    /// Until this moment.
    Until(Timestamp),
}

/// An approval that a ticket says it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Whose approval.
    pub kind: ApprovalKind,
    /// Login of the person who is said to have given it.
    pub by: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Where it can be seen.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}
