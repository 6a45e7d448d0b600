//! The ruling on a workflow request: what stands against each action. Total, pure, replayable.

use super::{Action, Findings, Frozen, checks};
use crate::findings::risk::RiskLevel;

/// What a request comes to. It authorises nothing: only the gate admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Digest of the evidence that it is about.
    pub evidence: [u8; 32],
    /// All findings.
    pub findings: Findings,
    /// Sum of the points.
    pub points: u16,
    /// Risk level.
    pub risk: RiskLevel,
}

/// Rules on what was frozen.
#[must_use]
pub fn rule(frozen: &Frozen<'_>) -> Ruling {
    let (points, risk) = checks::assess(frozen);
    Ruling {
        evidence: frozen.digest(),
        findings: findings(frozen),
        points,
        risk,
    }
}

/// What every check says, together.
pub(crate) fn findings(frozen: &Frozen<'_>) -> Findings {
    before_advice(frozen).union(checks::advice(frozen))
}

/// What every check but that of advice says: what stands whatever an analyst thinks.
#[must_use]
pub fn before_advice(frozen: &Frozen<'_>) -> Findings {
    checks::request(frozen)
        .union(checks::run(frozen))
        .union(checks::once(frozen))
        .union(checks::asset(frozen))
        .union(checks::allowance(frozen))
        .union(checks::risk(frozen))
        .union(checks::staleness(frozen))
}

impl Ruling {
    /// What the rules allow: the first action against which nothing stands. A rejection comes before an approval.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.findings.open()
    }
}
