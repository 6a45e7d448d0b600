//! The table of findings: what each means for the outcome, who is told, and who may lift it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Minutes;
use crate::verdict::outcome::Outcome;

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
    pub const ALL: [Self; 14] = [
        Self::Requester,
        Self::Evidence,
        Self::PolicyVersion,
        Self::Entitlement,
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

/// Somebody who is told, strongest first in an escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// The group `security`.
    Security,
    /// The owner of the resource (the contract's `access_owner`).
    ResourceOwner,
    /// The owner of the segregation-of-duties rule.
    RuleOwner,
    /// The beneficiary's manager.
    Manager,
    /// The person who asked.
    Requester,
}

/// The authority by which somebody lifts a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// Member of the group `security`.
    Security,
    /// Member of the group that owns the resource.
    ResourceOwner,
    /// Member of the group that owns the segregation-of-duties rule.
    RuleOwner,
}

impl Authority {
    /// Every authority.
    pub const ALL: [Self; 3] = [Self::Security, Self::ResourceOwner, Self::RuleOwner];

    /// The name in records and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::ResourceOwner => "resource_owner",
            Self::RuleOwner => "rule_owner",
        }
    }
}

/// A set of authorities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuthoritySet(u8);

impl AuthoritySet {
    /// The set of `authorities`.
    pub fn of(authorities: impl IntoIterator<Item = Authority>) -> Self {
        authorities
            .into_iter()
            .fold(Self(0), |set, authority| Self(set.0 | 1 << authority as u8))
    }

    /// Whether `authority` is in the set.
    #[must_use]
    pub fn contains(self, authority: Authority) -> bool {
        self.0 & 1 << authority as u8 != 0
    }

    /// Whether no authority is in both.
    #[must_use]
    pub fn is_disjoint(self, other: Self) -> bool {
        self.0 & other.0 == 0
    }
}

/// Who may lift a finding. INVARIANT(people-lift): each finding declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifting {
    /// Nobody: the cause has to be mended, or the missing thing given.
    Nobody,
    /// One person with any of these authorities.
    Any(&'static [Authority], Minutes),
    /// One person for each of these authorities, all different people.
    Each(&'static [Authority], Minutes),
    /// As [`Self::Any`], with an exception: an end date and a compensating control.
    Exception(&'static [Authority], Minutes),
    /// Together with the findings that caused the points; what they leave unexplained, as [`Self::Any`].
    WithCause(&'static [Authority], Minutes),
}

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
    /// The name holds control, bidirectional or invisible characters, mixed scripts or wildcards.
    NameSuspicious "name-suspicious" Entitlement Ask [Requester] Lifting::Nobody;
    /// The person holds it already, and not from us.
    AlreadyHeld "already-held" Entitlement Ask [Requester] Lifting::Nobody;
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

/// A set of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FindingSet(u64);

impl FindingSet {
    /// No finding.
    pub const EMPTY: Self = Self(0);

    /// The set of `kinds`.
    pub fn of(kinds: impl IntoIterator<Item = Kind>) -> Self {
        kinds.into_iter().fold(Self::EMPTY, Self::with)
    }

    /// This set and `kind`.
    #[inline]
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u64)
    }

    /// This set, and `kind` when `present`.
    #[inline]
    #[must_use]
    pub const fn with_if(self, present: bool, kind: Kind) -> Self {
        Self(self.0 | (present as u64) << kind as u64)
    }

    /// Everything in either set.
    #[inline]
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[inline]
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this set has and `other` has not.
    #[inline]
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `kind` is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u64 & 1 == 1
    }

    /// Whether the set is empty.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether everything here is in `other`.
    #[inline]
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The findings in the set, in order of precedence.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        TABLE
            .iter()
            .map(|row| row.kind)
            .filter(move |kind| self.contains(*kind))
    }

    /// The findings of the table whose row satisfies `wanted`.
    pub fn whose(wanted: impl Fn(&Row) -> bool) -> Self {
        Self::of(TABLE.iter().filter(|row| wanted(row)).map(|row| row.kind))
    }

    /// The most cautious outcome of the findings in the set: the fold of the table over the lattice.
    #[inline]
    #[must_use]
    pub fn outcome(self) -> Outcome {
        // The three sets are constants, so the fold over the table is three tests of a word.
        if !self.intersection(REFUSING).is_empty() {
            Outcome::Refuse
        } else if !self.intersection(ESCALATING).is_empty() {
            Outcome::Escalate
        } else if !self.intersection(ASKING).is_empty() {
            Outcome::Ask
        } else {
            Outcome::Open
        }
    }
}

const REFUSING: FindingSet = with_outcome(Outcome::Refuse);
const ESCALATING: FindingSet = with_outcome(Outcome::Escalate);
const ASKING: FindingSet = with_outcome(Outcome::Ask);

const fn with_outcome(outcome: Outcome) -> FindingSet {
    let mut set = FindingSet::EMPTY;
    let mut position = 0;
    while position < TABLE.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "the position is below the length, and the compiler runs it"
        )]
        let row = &TABLE[position];
        if row.outcome as u8 == outcome as u8 {
            set = set.with(row.kind);
        }
        position += 1;
    }
    set
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

    #[test]
    fn the_fold_is_the_table_over_the_lattice() {
        // Every single finding, every pair and every triple.
        for a in TABLE {
            for b in TABLE {
                for c in TABLE {
                    let set = FindingSet::of([a.kind, b.kind, c.kind]);
                    let slow = a.outcome.tighten(b.outcome).tighten(c.outcome);
                    assert_eq!(set.outcome(), slow);
                }
            }
        }
        assert_eq!(FindingSet::EMPTY.outcome(), Outcome::Open);
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
        ] {
            assert_eq!(kind.row().lifting, Lifting::Nobody, "{kind}");
        }
    }
}
