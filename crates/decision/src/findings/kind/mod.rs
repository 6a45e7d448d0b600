//! The table of findings: what each means for the outcome, who is told, and who may lift it.

mod check;
mod people;
mod set;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Minutes;
use crate::verdict::outcome::Outcome;

pub use check::Check;
pub use people::{Authority, AuthoritySet, Destination, Lifting};
pub use set::FindingSet;

/// One row of the table of findings.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The finding.
    pub kind: Kind,
    /// Its name in records and output.
    pub name: &'static str,
    /// The check that reports it.
    pub check: Check,
    /// What it means for the outcome.
    pub outcome: Outcome,
    /// Who is told.
    pub to: &'static [Destination],
    /// Who may lift it, and for how long a lift stands (counted from the lift).
    pub lifting: Lifting,
}

macro_rules! findings {
    ($($(#[$doc:meta])* $kind:ident $name:literal $check:ident $outcome:ident [$($to:ident)*] $lifting:expr;)*) => {
        /// A kind of finding, declared in order of precedence: of several with the same outcome the first one is
        /// told as the one that stopped the request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        /// The table of findings. A policy may tighten it, never loosen it.
        pub const TABLE: &[Row] = &[$(Row {
            kind: Kind::$kind,
            name: $name,
            check: Check::$check,
            outcome: Outcome::$outcome,
            to: &[$(Destination::$to),*],
            lifting: $lifting,
        },)*];
    };
}

const DAY: Minutes = Minutes::from_days(1);
const WEEK: Minutes = Minutes::from_days(7);
const MONTH: Minutes = Minutes::from_days(30);
const SECURITY: &[Authority] = &[Authority::Security];
const OWNER: &[Authority] = &[Authority::ResourceOwner];
const RULE_OWNER: &[Authority] = &[Authority::RuleOwner];
const OWNER_OR_SECURITY: &[Authority] = &[Authority::Security, Authority::ResourceOwner];

findings! {
    /// The log does not verify: nothing may be granted on top of it.
    LogBroken "log-broken" Evidence Refuse [Security] Lifting::Nobody;
    /// The agent's own identity asks.
    OwnRequest "own-request" Requester Refuse [Security] Lifting::Nobody;
    /// The requester or beneficiary is no longer active.
    PersonInactive "person-inactive" Requester Refuse [Security] Lifting::Nobody;
    /// A condition of the policy denies it.
    ConditionDeny "condition-deny" Conditions Refuse [Security] Lifting::Nobody;
    /// The directory does not know the requester or beneficiary.
    PersonUnknown "person-unknown" Requester Escalate [Security] Lifting::Nobody;
    /// Several people answer to the name.
    PersonAmbiguous "person-ambiguous" Requester Escalate [Security] Lifting::Nobody;
    /// The requester or beneficiary is leaving.
    PersonLeaving "person-leaving" Requester Escalate [Security] Lifting::Nobody;
    /// Filed for somebody else without a relation that allows it.
    RelationMissing "relation-missing" Requester Escalate [Security] Lifting::Nobody;
    /// A fact that a check needs could not be read.
    FactUnreachable "fact-unreachable" Evidence Escalate [Security] Lifting::Nobody;
    /// The policy in force is another than the one this process loaded.
    PolicyStale "policy-stale" PolicyVersion Escalate [Security] Lifting::Nobody;
    /// Whoever asks, or whom it is for, put the policy in force themselves.
    OwnPolicy "own-policy" PolicyVersion Escalate [Security] Lifting::Any(SECURITY, WEEK);
    /// One person would hold all sides of a rule.
    Conflict "separation-of-duties-conflict" Separation Escalate [Security RuleOwner]
        Lifting::Exception(RULE_OWNER, WEEK);
    /// Administration, or a level that counts as such.
    NeverAutoAdmin "never-auto-admin" Privilege Escalate [Security ResourceOwner]
        Lifting::Each(OWNER_OR_SECURITY, WEEK);
    /// Production.
    NeverAutoProduction "never-auto-production" Privilege Escalate [Security ResourceOwner]
        Lifting::Each(OWNER_OR_SECURITY, WEEK);
    /// Sensitive or regulated data.
    NeverAutoSensitive "never-auto-sensitive-data" Privilege Escalate [Security ResourceOwner]
        Lifting::Each(OWNER_OR_SECURITY, WEEK);
    /// Security tooling.
    NeverAutoSecurity "never-auto-security-tooling" Privilege Escalate [Security ResourceOwner]
        Lifting::Each(OWNER_OR_SECURITY, WEEK);
    /// A `privileged` pattern of the policy names it.
    Privileged "privileged" Privilege Escalate [Security ResourceOwner]
        Lifting::Each(OWNER_OR_SECURITY, WEEK);
    /// Its level stands in no order of levels, so it counts as administration.
    LevelUnmapped "level-unmapped" Privilege Escalate [Security ResourceOwner]
        Lifting::Each(OWNER_OR_SECURITY, WEEK);
    /// What stands behind the name changed since it was bound.
    BindingDrift "binding-drift" Privilege Escalate [Security ResourceOwner]
        Lifting::Each(OWNER_OR_SECURITY, WEEK);
    /// Nothing in the catalogue has exactly this name.
    EntitlementUnknown "entitlement-unknown" Entitlement Escalate [Security] Lifting::Nobody;
    /// The catalogue has it, the system that should provide it has not.
    TargetMissing "target-missing" Entitlement Escalate [Security] Lifting::Nobody;
    /// A condition that denies hangs on a fact that could not be read.
    ConditionUndetermined "condition-undetermined" Conditions Escalate [Security] Lifting::Nobody;
    /// A condition of the policy escalates, and nobody lifts it.
    ConditionEscalate "condition-escalate" Conditions Escalate [Security] Lifting::Nobody;
    /// A condition of the policy escalates to a review of security.
    ConditionSecurityReview "condition-security-review" Conditions Escalate [Security]
        Lifting::Any(SECURITY, WEEK);
    /// A condition of the policy escalates to a review of the resource owner.
    ConditionOwnerReview "condition-owner-review" Conditions Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// Whether the other half is held cannot be told.
    Unverifiable "separation-of-duties-unverifiable" Separation Escalate [Security]
        Lifting::Any(RULE_OWNER, DAY);
    /// The points add up to critical.
    RiskCritical "risk-critical" Risk Escalate [Security] Lifting::WithCause(SECURITY, WEEK);
    /// The points add up to high, or a conflict puts the risk there.
    RiskHigh "risk-high" Risk Escalate [Security] Lifting::WithCause(SECURITY, WEEK);
    /// The points add up to moderate.
    RiskModerate "risk-moderate" Risk Escalate [ResourceOwner] Lifting::WithCause(OWNER, WEEK);
    /// A budget of automatic grants is used up.
    Brake "brake" Mode Escalate [Security] Lifting::Any(SECURITY, DAY);
    /// No role of the person lists it.
    OutOfRole "out-of-role" Entitlement Escalate [ResourceOwner] Lifting::Any(OWNER, MONTH);
    /// A role lists it as grantable, so it is reviewed.
    GrantableOnly "grantable-only" Entitlement Escalate [ResourceOwner] Lifting::Any(OWNER, MONTH);
    /// The resource owner's approval is required and not there.
    OwnerApprovalMissing "resource-owner-approval-missing" Approvals Escalate [ResourceOwner]
        Lifting::Nobody;
    /// Security's approval is required and not there.
    SecurityApprovalMissing "security-approval-missing" Approvals Escalate [Security]
        Lifting::Nobody;
    /// Facts are incomplete or old.
    ConfidenceLow "confidence-low" Confidence Escalate [ResourceOwner] Lifting::Any(OWNER, WEEK);
    /// An analyst sees something that a person should look at.
    AdviceLookCloser "advice-look-closer" Advice Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// A configured model could not be asked.
    ModelLost "model-lost" Advice Escalate [ResourceOwner] Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The model did something that its contract does not give it.
    AdviceOutOfContract "advice-out-of-contract" Advice Escalate [Security ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The model names something that the evidence does not have.
    AdviceUnfounded "advice-unfounded" Advice Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The model ran into a bound of its contract.
    AdviceBoundReached "advice-bound-reached" Advice Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The model refused to answer.
    AdviceRefused "advice-refused" Advice Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The provider filtered the question or the answer.
    AdviceFiltered "advice-filtered" Advice Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The model's answer was cut short.
    AdviceCutShort "advice-cut-short" Advice Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The model's answer cannot be used.
    AdviceUnreadable "advice-unreadable" Advice Escalate [ResourceOwner]
        Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The name holds control, bidirectional or invisible characters, mixed scripts or wildcards.
    NameSuspicious "name-suspicious" Entitlement Ask [Requester] Lifting::Nobody;
    /// The person holds it already, and not from us.
    AlreadyHeld "already-held" Entitlement Ask [Requester] Lifting::Nobody;
    /// A condition of the policy asks for something first.
    ConditionAsk "condition-ask" Conditions Ask [Requester] Lifting::Nobody;
    /// The manager's approval is required and not there.
    ManagerApprovalMissing "manager-approval-missing" Approvals Ask [Manager Requester]
        Lifting::Nobody;
    /// No reason that says anything.
    JustificationMissing "justification-missing" Justification Ask [Requester] Lifting::Nobody;
    /// A narrower entitlement is standard for the person.
    OverAsking "over-asking" OverAsking Ask [Requester] Lifting::Any(OWNER, MONTH);
    /// Longer than allowed, alone or together with what was granted before.
    DurationOverCeiling "duration-over-ceiling" Duration Ask [Requester] Lifting::Any(OWNER, MONTH);
    /// An analyst would ask something first.
    AdviceAskFirst "advice-ask-first" Advice Ask [Requester] Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// An analyst thinks that less would do.
    AdviceNarrow "advice-narrow" Advice Ask [Requester] Lifting::Any(OWNER_OR_SECURITY, WEEK);
    /// The agent only advises: the decision is shown, a person has to release it.
    AdviseMode "advise-mode" Mode Escalate [ResourceOwner] Lifting::Any(OWNER_OR_SECURITY, WEEK);
}

impl Kind {
    /// The kind's row in [`TABLE`].
    #[must_use]
    pub fn row(self) -> &'static Row {
        // The table is made by the macro that makes the enum, in the same order.
        #[expect(clippy::indexing_slicing, reason = "there is a first row")]
        TABLE.get(self as usize).unwrap_or(&TABLE[0])
    }

    /// The name in records and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The kind of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no finding")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_kinds() {
        assert!(TABLE.len() <= 64);
        for (position, row) in TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, position);
            assert_eq!(Kind::from_name(row.name), Some(row.kind));
        }
        assert!(
            TABLE
                .windows(2)
                .all(|pair| pair[0].outcome >= pair[1].outcome || pair[1].kind == Kind::AdviseMode)
        );
    }

    /// The findings that no person may ever lift.
    #[test]
    fn some_findings_are_beyond_lifting() {
        for kind in [
            Kind::LogBroken,
            Kind::OwnRequest,
            Kind::PersonUnknown,
            Kind::PersonAmbiguous,
            Kind::PersonInactive,
            Kind::PersonLeaving,
            Kind::EntitlementUnknown,
            Kind::FactUnreachable,
            Kind::PolicyStale,
            Kind::ManagerApprovalMissing,
            Kind::OwnerApprovalMissing,
            Kind::JustificationMissing,
            Kind::ConditionDeny,
            Kind::ConditionUndetermined,
            Kind::ConditionEscalate,
            Kind::ConditionAsk,
        ] {
            assert_eq!(kind.row().lifting, Lifting::Nobody, "{kind}");
        }
    }
}
