//! A vault: its workflow requests are read, enriched, and, once a decision is committed, decided.

use std::collections::BTreeMap;

use decision::gate::vault::{Closure, Grant, Rejection};
use decision::time::Timestamp;
use decision::vault::run::Listing;
use decision::vault::{Asset, WorkflowRequest};

use crate::commit::Committed;
use crate::error::PortError;

/// A privileged access management vault.
///
/// The three decisions take what only a commit makes, each its own permit: a closure cannot be sent as an approval.
pub trait Vault: Send + Sync {
    /// The name by which records cite it.
    fn name(&self) -> &str;

    /// The agent's own user, as its token says; `None` when it does not.
    fn own_user(&self) -> Option<&str>;

    /// Whether the paths of the decisions are known: set by the operator or found in the platform's description. A
    /// built-in guess is not known.
    fn knows_decision_paths(&self) -> bool;

    /// The paths of the decisions, one text, as an operator confirms them.
    fn decision_paths(&self) -> String;

    /// Reads every request that was filed after `since`, in the vault's order, and hands over each row as it comes. The
    /// same id may come again when rows were added during the walk: the later one counts. What can be told of the list
    /// is in the answer; a list that broke off in the middle is an incomplete one, not an error.
    ///
    /// # Errors
    /// When not even the beginning could be read.
    fn list(&self, since: Timestamp, each: &mut dyn FnMut(Row)) -> Result<Listing, PortError>;

    /// Reads these requests again, now. One that is not in the answer was not found.
    ///
    /// # Errors
    /// When the vault cannot say.
    fn read_again(
        &self,
        wanted: &[Wanted<'_>],
    ) -> Result<BTreeMap<String, WorkflowRequest>, PortError>;

    /// Reads an asset's type, path and tags, and drops the rest.
    ///
    /// # Errors
    /// When it cannot be read.
    fn asset(&self, id: &str) -> Result<Asset, PortError>;

    /// Id of the asset of a request whose row does not carry one; `None` when the vault offers no way to tell.
    ///
    /// # Errors
    /// When the vault cannot say.
    fn asset_of(&self, request: &str) -> Result<Option<String>, PortError>;

    /// Approves what was committed, at its level, with a reason as plain text.
    fn approve(&self, grant: &Committed<Grant>, reason: &str) -> Answer;

    /// Rejects what was committed.
    fn reject(&self, rejection: &Committed<Rejection>, reason: &str) -> Answer;

    /// Closes what was committed.
    fn close(&self, closure: &Committed<Closure>, reason: &str) -> Answer;
}

/// What the vault answered to a decision. What is so is decided by looking, not by this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It says that it did it.
    Done,
    /// It refused, and nothing changed.
    Refused(String),
    /// There is no such path: the setting is wrong, and every further decision would fail alike.
    NoSuchPath(String),
    /// It never left, and nothing changed.
    NotSent(String),
    /// Sent, but what became of it is not known: look, never send again blindly.
    Unknown(String),
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A request.
    Request(Box<WorkflowRequest>),
    /// A row without id, status or time: it is told in the report and never acted upon.
    Unreadable {
        /// Its id, when it has one.
        id: Option<String>,
        /// What is missing.
        why: String,
    },
}

/// A request that is to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Its id.
    pub id: &'a str,
    /// When it was filed.
    pub created: Timestamp,
}
