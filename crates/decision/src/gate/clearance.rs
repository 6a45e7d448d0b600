//! Clearances: the proof that one check was made on one evidence and has nothing, or nothing unlifted, against it.

use std::marker::PhantomData;

use super::Withheld;
use crate::evidence::case::Case;
use crate::findings::{
    FindingSet, advice, approvals, conditions, confidence, duration, entitlement, evidence,
    justification, mode, over_asking, policy_version, privilege, requester, risk, separation,
};
use crate::rules::Rules;
use crate::verdict::Ruling;

/// Proof that check `C` was made and cleared. Only this module makes one; it cannot be copied.
///
/// ```compile_fail
/// let token: decision::gate::Clearance<()> = Default::default();
/// ```
#[derive(Debug)]
pub struct Clearance<C> {
    evidence: [u8; 32],
    findings: FindingSet,
    check: PhantomData<C>,
}

impl<C> Clearance<C> {
    /// Clears when every finding of the check was lifted (none is the common case).
    fn of(findings: FindingSet, case: &Case<'_>, ruling: &Ruling) -> Result<Self, Withheld> {
        if case.evidence != ruling.evidence {
            return Err(Withheld::OtherEvidence);
        }
        if !findings.is_subset(ruling.findings) {
            return Err(Withheld::Disagreement);
        }
        if findings.is_subset(ruling.lifted) {
            Ok(Self {
                evidence: case.evidence,
                findings,
                check: PhantomData,
            })
        } else {
            Err(Withheld::Findings(findings.without(ruling.lifted)))
        }
    }
}

macro_rules! clearances {
    ($($(#[$doc:meta])* $field:ident $marker:ident |$case:ident, $rules:ident| $check:expr;)*) => {
        /// The checks, as types.
        mod checks {
            $($(#[$doc])* #[derive(Debug)] pub(super) enum $marker {})*
        }

        /// One clearance for every check. Made by [`Clearances::of`] alone.
        #[derive(Debug)]
        pub struct Clearances { $($field: Clearance<checks::$marker>,)* }

        impl Clearances {
            /// Makes every check again on `case` and clears it against `ruling`.
            ///
            /// # Errors
            /// The first check that does not clear says why.
            pub fn of(case: &Case<'_>, rules: &Rules, ruling: &Ruling) -> Result<Self, Withheld> {
                Ok(Self { $($field: {
                    let ($case, $rules) = (case, rules);
                    Clearance::of($check, $case, ruling)?
                },)* })
            }

            pub(super) fn are_about(&self, evidence: &[u8; 32]) -> bool {
                true $(&& self.$field.evidence == *evidence)*
            }

            pub(super) fn findings(&self) -> FindingSet {
                FindingSet::EMPTY $(.union(self.$field.findings))*
            }
        }
    };
}

clearances! {
    /// Who asks.
    requester Requester |case, _rules| requester::check(case);
    /// Are the facts there.
    evidence Evidence |case, _rules| evidence::check(case);
    /// Policy in force.
    policy_version PolicyVersion |case, _rules| policy_version::check(case);
    /// Catalogued and standard.
    entitlement Entitlement |case, rules| entitlement::check(case, rules);
    /// Conditions of the policy.
    conditions Conditions |case, _rules| conditions::check(case);
    /// Privileged or never-auto.
    privilege Privilege |case, rules| privilege::check(case, rules);
    /// Segregation of duties.
    separation Separation |case, rules| separation::check(case, rules).findings();
    /// Risk.
    risk Risk |case, rules| {
        risk::findings(risk::assess(case, rules, separation::check(case, rules)).1)
    };
    /// Approvals.
    approvals Approvals |case, rules| approvals::check(case, rules);
    /// Justification.
    justification Justification |case, _rules| justification::check(case);
    /// Over-asking.
    over_asking OverAsking |case, rules| over_asking::check(case, rules);
    /// Duration.
    duration Duration |case, rules| duration::assess(case, rules).findings();
    /// Confidence.
    confidence Confidence |case, _rules| confidence::check(case);
    /// Advice.
    advice Advice |case, _rules| advice::check(case);
    /// Mode.
    mode Mode |case, _rules| mode::check(case);
}
