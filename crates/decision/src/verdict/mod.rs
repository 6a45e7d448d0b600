//! The verdict: [`rule`] folds the findings of a case into a ruling. Total, pure, replayable.

pub mod alternatives;
pub mod explain;
pub mod outcome;

use crate::evidence::case::Case;
use crate::findings::confidence::BasisPoints;
use crate::findings::duration::GrantTerm;
use crate::findings::risk::{RiskLevel, RiskPoints};
use crate::findings::{
    FindingSet, Kind, advice, approvals, conditions, confidence, duration, entitlement, evidence,
    justification, lifting, mode, over_asking, policy_version, privilege, requester, risk,
    separation,
};
use crate::rules::{ApprovalSet, Rules};
use crate::time::Timestamp;
use outcome::Outcome;

/// What a case comes to: plain data of fixed size. It authorises nothing: only the gate admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Digest of the evidence that it is about.
    pub evidence: [u8; 32],
    /// All findings.
    pub findings: FindingSet,
    /// Those that people lifted.
    pub lifted: FindingSet,
    /// The decision that is shown: before lifts, whatever the mode.
    pub shown: Outcome,
    /// What is left after lifts: the authority to act when it is [`Outcome::Open`].
    pub remaining: Outcome,
    /// Risk points by cause.
    pub points: RiskPoints,
    /// Risk level.
    pub risk: RiskLevel,
    /// Confidence.
    pub confidence: BasisPoints,
    /// Required approvals.
    pub required: ApprovalSet,
    /// How long a grant would last.
    pub term: GrantTerm,
    /// An end that bounds the term: the one that the request names, or until which a rule owner accepted a conflict.
    pub until: Option<Timestamp>,
}

/// By what authority a ruling may be acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// By none.
    Withheld,
    /// By the rules alone.
    Automatic,
    /// By people's lifts.
    Reviewed,
}

/// The four answers that a ticket gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It is granted, or would be.
    AutoProvision,
    /// Something has to be given first.
    RequestInfo,
    /// A person has to look.
    Escalate,
    /// A condition of the policy denies it.
    Deny,
}

impl Answer {
    /// Every answer, from the least to the most cautious.
    pub const ALL: [Self; 4] = [
        Self::AutoProvision,
        Self::RequestInfo,
        Self::Escalate,
        Self::Deny,
    ];

    /// The name in output, as the blueprint writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AutoProvision => "AUTO_PROVISION",
            Self::RequestInfo => "REQUEST_INFO",
            Self::Escalate => "ESCALATE",
            Self::Deny => "DENY",
        }
    }

    /// The answer of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.name() == name)
    }
}

/// The finding that only says that a person has to release what was decided; it does not change the decision shown.
const RELEASE: FindingSet = FindingSet::EMPTY.with(Kind::AdviseMode);

/// Rules on a case as of `now`, which only the age of lifts is measured against. No error, no input or output, no
/// allocation unless there are lifts.
#[must_use]
pub fn rule(case: &Case<'_>, rules: &Rules, now: Timestamp) -> Ruling {
    let separation = separation::check(case, rules);
    let (points, level) = risk::assess(case, rules, separation);
    let duration = duration::assess(case, rules);
    let required = approvals::required(case, rules);
    let findings = requester::check(case)
        .union(evidence::check(case))
        .union(policy_version::check(case))
        .union(entitlement::check(case, rules))
        .union(conditions::check(case))
        .union(privilege::check(case, rules))
        .union(separation.findings())
        .union(risk::findings(level))
        .union(approvals::missing(required, case.approvals))
        .union(justification::check(case))
        .union(over_asking::check(case, rules))
        .union(duration.findings())
        .union(confidence::check(case))
        .union(advice::check(case))
        .union(mode::check(case));
    let lifted = lifting::lifted(case, findings, points, now);
    Ruling {
        evidence: case.evidence,
        findings,
        lifted,
        shown: findings.without(RELEASE).outcome(),
        remaining: findings.without(lifted).outcome(),
        points,
        risk: level,
        confidence: confidence::stated(case),
        required,
        term: duration.term,
        until: earlier(case.until, lifting::accepted_until(case, lifted, now)),
    }
}

impl Ruling {
    /// By what authority it may be acted upon. A never-auto class is a finding, so it reaches at most
    /// [`Standing::Reviewed`].
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (self.remaining, self.lifted.is_empty()) {
            (Outcome::Ask | Outcome::Escalate | Outcome::Refuse, _) => Standing::Withheld,
            (Outcome::Open, true) => Standing::Automatic,
            (Outcome::Open, false) => Standing::Reviewed,
        }
    }

    /// The answer that is shown. A refusal is shown as an escalation, unless a condition of the policy says so.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self.shown {
            Outcome::Open => Answer::AutoProvision,
            Outcome::Ask => Answer::RequestInfo,
            Outcome::Refuse if self.first() == Some(Kind::ConditionDeny) => Answer::Deny,
            Outcome::Escalate | Outcome::Refuse => Answer::Escalate,
        }
    }

    /// The finding that stopped the request first, by precedence; `None` when nothing did.
    #[must_use]
    pub fn first(&self) -> Option<Kind> {
        let shown = self.findings.without(RELEASE);
        shown.iter().find(|kind| kind.row().outcome == self.shown)
    }

    /// Required approvals that are missing.
    #[must_use]
    pub fn missing(&self) -> ApprovalSet {
        use crate::rules::policy::ApprovalKind as Of;
        let missing = [
            (Kind::ManagerApprovalMissing, Of::Manager),
            (Kind::OwnerApprovalMissing, Of::ResourceOwner),
            (Kind::SecurityApprovalMissing, Of::Security),
        ];
        ApprovalSet::of(
            missing
                .into_iter()
                .filter(|(kind, _)| self.findings.contains(*kind))
                .map(|(_, of)| of),
        )
    }

    /// When a grant made at `now` ends; `None` is standing.
    #[must_use]
    pub fn ends_at(&self, now: Timestamp) -> Option<Timestamp> {
        let own = match self.term {
            GrantTerm::Standing => None,
            GrantTerm::For(minutes) => Some(now.plus(minutes)),
        };
        earlier(own, self.until)
    }
}

/// The earlier of two ends; `None` is no end.
fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b < a { b } else { a }),
        (a, b) => a.or(b),
    }
}
