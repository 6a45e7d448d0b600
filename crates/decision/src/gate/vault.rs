//! The gate of the vault's door: the only place that turns a ruling on a workflow request into something that may be done.
//! INVARIANT(gate-only).
//!
//! ```compile_fail
//! fn twice(grant: decision::gate::vault::Grant) -> (decision::gate::vault::Grant, decision::gate::vault::Grant) {
//!     (grant.clone(), grant)
//! }
//! ```
//!
//! ```compile_fail
//! let closure: decision::gate::vault::Closure = serde_json::from_str("{}").unwrap();
//! ```

use std::marker::PhantomData;

use crate::time::Timestamp;
use crate::vault::{Action, Findings, Frozen, Ruling, checks, rule};

macro_rules! permits {
    ($($(#[$doc:meta])* $name:ident $action:ident;)*) => {$(
        $(#[$doc])*
        #[must_use = "a permit that is not committed does nothing"]
        #[derive(Debug, PartialEq, Eq)]
        pub struct $name(Subject);

        impl $name {
            /// Which request, at which level, on what evidence.
            #[must_use]
            pub fn subject(&self) -> &Subject {
                &self.0
            }

            /// The key under which it happens at most once. INVARIANT(once).
            #[must_use]
            pub fn key(&self) -> String {
                self.0.key(Action::$action)
            }
        }
    )*};
}

permits! {
    /// Permission to approve one request at one level. Owned, not copyable, not readable from storage.
    Grant Approve;
    /// Permission to reject one request.
    Rejection Reject;
    /// Permission to close one request.
    Closure Close;
}

/// What a permit is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Subject {
    request: String,
    level: u32,
    requester: String,
    content: [u8; 32],
    evidence: [u8; 32],
    created: Timestamp,
}

impl Subject {
    /// The vault's id of the request.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }

    /// The level at which it waits, from 1; 1 when the vault does not say.
    #[must_use]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// Login of the requester, as the budgets count it.
    #[must_use]
    pub fn requester(&self) -> &str {
        &self.requester
    }

    /// Digest of what the request says: another digest at the time of acting is another request.
    #[must_use]
    pub fn content(&self) -> [u8; 32] {
        self.content
    }

    /// Digest of the evidence.
    #[must_use]
    pub fn evidence(&self) -> [u8; 32] {
        self.evidence
    }

    /// When the request was filed, which finds it again in the vault's list.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    fn key(&self, action: Action) -> String {
        key(&self.request, action, self.level)
    }
}

/// The key of an action: request, action and, for an approval, the level.
#[must_use]
pub fn key(request: &str, action: Action, level: u32) -> String {
    match action {
        Action::Approve => format!("vault:{request}:approve@{level}"),
        Action::Reject | Action::Close => format!("vault:{request}:{action}"),
    }
}

/// The key that an action on a frozen request would have.
#[must_use]
pub fn key_of(frozen: &Frozen<'_>, action: Action) -> String {
    key(&frozen.evidence().request.id, action, frozen.level())
}

/// What was admitted.
#[must_use = "a permit that is not committed does nothing"]
#[derive(Debug, PartialEq, Eq)]
pub enum Permit {
    /// Approve it.
    Grant(Grant),
    /// Reject it.
    Rejection(Rejection),
    /// Close it.
    Closure(Closure),
}

impl Permit {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Grant(permit) => permit.subject(),
            Self::Rejection(permit) => permit.subject(),
            Self::Closure(permit) => permit.subject(),
        }
    }

    /// What it permits.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Grant(_) => Action::Approve,
            Self::Rejection(_) => Action::Reject,
            Self::Closure(_) => Action::Close,
        }
    }

    /// The key under which it happens at most once.
    #[must_use]
    pub fn key(&self) -> String {
        self.subject().key(self.action())
    }
}

/// Why nothing was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// These stand against it.
    Findings(Findings),
    /// The ruling is about other evidence, or a check, made again, does not agree with it.
    Disagreement,
}

/// Proof that check `C` was made on one evidence and has nothing against one action. Only this module makes one.
#[derive(Debug)]
struct Clearance<C> {
    evidence: [u8; 32],
    action: Action,
    findings: Findings,
    check: PhantomData<C>,
}

impl<C> Clearance<C> {
    fn of(findings: Findings, frozen: &Frozen<'_>, action: Action) -> Result<Self, Withheld> {
        let against = findings.against(action);
        if against.is_empty() {
            Ok(Self {
                evidence: frozen.digest(),
                action,
                findings,
                check: PhantomData,
            })
        } else {
            Err(Withheld::Findings(against))
        }
    }
}

macro_rules! clearances {
    ($($field:ident $marker:ident;)*) => {
        $(#[derive(Debug)] enum $marker {})*

        /// One clearance for every check.
        #[derive(Debug)]
        pub struct Clearances { $($field: Clearance<$marker>,)* }

        impl Clearances {
            /// Makes every check again for one action.
            ///
            /// # Errors
            /// The first check that does not clear says why.
            pub fn of(frozen: &Frozen<'_>, action: Action) -> Result<Self, Withheld> {
                Ok(Self { $($field: Clearance::of(checks::$field(frozen), frozen, action)?,)* })
            }

            fn are_about(&self, evidence: [u8; 32], action: Action) -> bool {
                true $(&& self.$field.evidence == evidence && self.$field.action == action)*
            }

            fn findings(&self) -> Findings {
                Findings::EMPTY $(.union(self.$field.findings))*
            }
        }
    };
}

clearances! {
    request Request;
    run Run;
    once Once;
    asset Asset;
    allowance Allowance;
    risk Risk;
    staleness Staleness;
    advice Advice;
}

/// Admits `action`: takes the ruling and one clearance for every check, makes the ruling again from the record, and gives
/// the permit when they agree and nothing stands against it.
///
/// # Errors
/// [`Withheld`] says why nothing was admitted.
pub fn admit(
    ruling: Ruling,
    action: Action,
    clearances: Clearances,
    frozen: &Frozen<'_>,
) -> Result<Permit, Withheld> {
    let again = rule(frozen);
    if again != ruling
        || !clearances.are_about(again.evidence, action)
        || clearances.findings() != again.findings
    {
        return Err(Withheld::Disagreement);
    }
    let against = again.findings.against(action);
    if !against.is_empty() {
        return Err(Withheld::Findings(against));
    }
    if again.action() != Some(action) {
        // A rejection is looked at first: what is to be rejected is never approved.
        return Err(Withheld::Disagreement);
    }
    let request = &frozen.evidence().request;
    let subject = Subject {
        request: request.id.clone(),
        level: frozen.level(),
        requester: crate::vault::request::login_of(&request.requester),
        content: request.content(),
        evidence: again.evidence,
        created: request.created,
    };
    Ok(match action {
        Action::Approve => Permit::Grant(Grant(subject)),
        Action::Reject => Permit::Rejection(Rejection(subject)),
        Action::Close => Permit::Closure(Closure(subject)),
    })
}
