//! The checks: the questions that every request must answer.

use serde::{Deserialize, Serialize};

/// A check: one question that every request must answer. INVARIANT(gate-only): one clearance for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Who asks, for whom, and may they.
    Requester,
    /// Are the facts there, and does the log verify.
    Evidence,
    /// Is it decided under the policy in force.
    PolicyVersion,
    /// Is it in the catalogue, and standard for a role of the person.
    Entitlement,
    /// What the conditions of the policy say.
    Conditions,
    /// Is it privileged, or in a never-auto class.
    Privilege,
    /// Would one person hold all sides of a rule.
    Separation,
    /// What is at stake.
    Risk,
    /// Are the required approvals there.
    Approvals,
    /// Is there a reason.
    Justification,
    /// Would less do.
    OverAsking,
    /// For how long.
    Duration,
    /// Are the facts complete and fresh enough.
    Confidence,
    /// What an analyst said.
    Advice,
    /// May this mode act, and are budgets left.
    Mode,
}

impl Check {
    /// Every check, in the order in which they are told.
    pub const ALL: [Self; 15] = [
        Self::Requester,
        Self::Evidence,
        Self::PolicyVersion,
        Self::Entitlement,
        Self::Conditions,
        Self::Privilege,
        Self::Separation,
        Self::Risk,
        Self::Approvals,
        Self::Justification,
        Self::OverAsking,
        Self::Duration,
        Self::Confidence,
        Self::Advice,
        Self::Mode,
    ];

    /// The name in records and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Evidence => "evidence",
            Self::PolicyVersion => "policy_version",
            Self::Entitlement => "entitlement",
            Self::Conditions => "conditions",
            Self::Privilege => "privilege",
            Self::Separation => "separation_of_duties",
            Self::Risk => "risk",
            Self::Approvals => "approvals",
            Self::Justification => "justification",
            Self::OverAsking => "over_asking",
            Self::Duration => "duration",
            Self::Confidence => "confidence",
            Self::Advice => "advice",
            Self::Mode => "mode",
        }
    }
}
