//! Conditions beside the tables: permits and forbids over attributes. What evaluates them comes in through a trait, so
//! that the core knows neither their language nor how to run it.

use std::fmt;

use super::ApprovalSet;
use super::class::ClassSet;
use super::policy::{Entitlement, Place};
use crate::evidence::Evidence;
use crate::findings::Kind;
use crate::time::Timestamp;

/// A condition, as explanations cite it. A policy lists its conditions sorted by id, so that the order in which they
/// are written decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Unique id: the policy basis that a decision cites.
    pub id: String,
    /// What it does when it holds.
    pub effect: Effect,
    /// Why it is there.
    pub reason: Option<String>,
    /// Who is told: `security`, `resource_owner`, `manager`, `requester`, or a group of the directory.
    pub route: Option<String>,
    /// Where it is written.
    pub place: Place,
}

/// What a condition does when it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It makes catalogued access fit, for what it names. It clears no danger and fills no approval.
    Permit {
        /// How the access then fits.
        fit: PermittedFit,
        /// The catalogue id that its scope names.
        entitlement: String,
        /// The role that its scope asks for; `None` when it asks for none.
        role: Option<String>,
    },
    /// It adds this finding.
    Forbid(Forbid),
}

/// How access fits that a permit names. Ordered: the later one is the wider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermittedFit {
    /// As what a role lists as grantable: always reviewed.
    Grantable,
    /// As what a role lists as standard: may be automatic.
    Standard,
}

/// What a forbid asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Forbid {
    /// Ask the requester for something.
    Ask,
    /// A person looks; whom the finding's row names may lift it.
    Escalate(Review),
    /// It must not happen.
    Deny,
}

/// Who may lift a forbid that escalates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Review {
    /// The resource owner, or security.
    ResourceOwner,
    /// Security.
    Security,
    /// Nobody: the facts have to change.
    Nobody,
}

/// Whether a condition holds. INVARIANT(unknown-is-caution): what a fact that could not be read leaves open is told
/// apart from what is so and from what is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds, whatever the unread facts are.
    Holds,
    /// It does not hold, whatever the unread facts are.
    Fails,
    /// It hangs on facts that could not be read, or evaluating it went wrong.
    Open,
}

impl Forbid {
    /// The finding that it makes; `None` when it certainly does not hold. A denial that hangs on an unread fact is
    /// not final: it escalates, and nobody lifts it.
    #[must_use]
    pub fn finding(self, truth: Truth) -> Option<Kind> {
        match (self, truth) {
            (_, Truth::Fails) => None,
            (Self::Ask, Truth::Holds | Truth::Open) => Some(Kind::ConditionAsk),
            (Self::Escalate(review), Truth::Holds | Truth::Open) => Some(match review {
                Review::ResourceOwner => Kind::ConditionOwnerReview,
                Review::Security => Kind::ConditionSecurityReview,
                Review::Nobody => Kind::ConditionEscalate,
            }),
            (Self::Deny, Truth::Holds) => Some(Kind::ConditionDeny),
            (Self::Deny, Truth::Open) => Some(Kind::ConditionUndetermined),
        }
    }
}

/// What conditions may look at. Holdings are not among it (that is what segregation of duties is for), and neither is
/// any text that the requester writes.
#[derive(Clone, Copy, Debug)]
pub struct ConditionFacts<'a> {
    /// The record: its people, its request and its verified facts.
    pub evidence: &'a Evidence,
    /// The catalogue entry that is asked for; `None` when nothing has the name.
    pub entitlement: Option<&'a Entitlement>,
    /// Never-auto classes of entry, name and target.
    pub classes: ClassSet,
    /// Whether a `privileged` pattern catches entry, name or target.
    pub privileged: bool,
    /// Approvals that stand.
    pub approvals: ApprovalSet,
    /// How many approvals stand, all of different people.
    pub approval_count: u32,
    /// Minutes that a grant would last; `None` is standing.
    pub minutes: Option<u32>,
    /// The time of the ruling.
    pub now: Timestamp,
}

/// Evaluates the conditions of one policy. An implementation is a pure function of the facts: the same facts give the
/// same answer, on every machine, and nothing outside is asked.
pub trait Conditions: fmt::Debug + Send + Sync {
    /// For each condition of the policy, in its order, whether it holds. An answer that is missing counts as
    /// [`Truth::Open`].
    fn evaluate(&self, facts: &ConditionFacts<'_>) -> Vec<Truth>;

    /// What the condition at that place reads and the facts do not tell, by name, such as `context.device`.
    fn unknown_to(&self, place: usize, facts: &ConditionFacts<'_>) -> Vec<String>;
}
