//! The conditions of the policy, evaluated on the record: what forbids add, and what a permit makes fit.

use super::Frozen;
use crate::evidence::case::Case;
use crate::findings::duration::{self, GrantTerm};
use crate::findings::{FindingSet, Kind};
use crate::request::Content;
use crate::rules::Rules;
use crate::rules::conditions::{Condition, ConditionFacts, Effect, Forbid, PermittedFit, Truth};

impl Frozen {
    /// For each condition of the policy, in its order, whether it holds on this record.
    #[must_use]
    pub fn conditions(&self) -> &[Truth] {
        &self.conditions
    }

    /// The conditions that made `kind`, by id.
    #[must_use]
    pub fn conditions_of<'r>(&self, rules: &'r Rules, kind: Kind) -> Vec<&'r Condition> {
        let judged = rules.policy().conditions.iter().zip(&self.conditions);
        judged
            .filter(|(condition, truth)| forbidden(condition, **truth) == Some(kind))
            .map(|(condition, _)| condition)
            .collect()
    }

    /// What the condition at that place reads and this record does not tell, by name.
    #[must_use]
    pub fn unknown_to(&self, rules: &Rules, place: usize) -> Vec<String> {
        rules.unknown_to(place, &facts(self, rules, &self.case()))
    }

    /// The permit, first by id, that makes what is asked for fit as `wanted`.
    #[must_use]
    pub fn permit<'r>(&self, rules: &'r Rules, wanted: PermittedFit) -> Option<&'r Condition> {
        let mut judged = rules.policy().conditions.iter().zip(&self.conditions);
        judged
            .find(|(condition, truth)| permitted(condition, **truth, &self.content) == Some(wanted))
            .map(|(condition, _)| condition)
    }

    /// Evaluates them once the approvals are judged, which conditions may look at.
    pub(super) fn judge_conditions(&mut self, rules: &Rules) {
        if rules.policy().conditions.is_empty() {
            return;
        }
        self.conditions = rules.truths(&facts(self, rules, &self.case()));
        let judged = || rules.policy().conditions.iter().zip(&self.conditions);
        self.template.forbidden =
            FindingSet::of(judged().filter_map(|(condition, truth)| forbidden(condition, *truth)));
        self.template.permitted = judged()
            .filter_map(|(condition, truth)| permitted(condition, *truth, &self.content))
            .max();
    }
}

fn facts<'a>(frozen: &'a Frozen, rules: &'a Rules, case: &Case<'_>) -> ConditionFacts<'a> {
    let own = case.entitlement.and_then(|id| rules.facts(id));
    ConditionFacts {
        evidence: &frozen.evidence,
        entitlement: case.entitlement.and_then(|id| rules.entry(id)),
        classes: own.map_or(case.classes, |own| own.classes.union(case.classes)),
        privileged: case.privileged || own.is_some_and(|own| own.privileged),
        approvals: case.approvals,
        approval_count: u32::try_from(frozen.approvals.iter().flatten().count())
            .unwrap_or(u32::MAX),
        minutes: match duration::assess(case, rules).term {
            GrantTerm::Standing => None,
            GrantTerm::For(minutes) => Some(minutes.0),
        },
        now: frozen.evidence.frozen_at,
    }
}

fn forbidden(condition: &Condition, truth: Truth) -> Option<Kind> {
    match &condition.effect {
        Effect::Forbid(forbid) => Forbid::finding(*forbid, truth),
        Effect::Permit { .. } => None,
    }
}

/// INVARIANT(unknown-is-caution, permission-exact): a permit counts only when it certainly holds, and only for a
/// catalogue id that it names.
fn permitted(condition: &Condition, truth: Truth, content: &Content) -> Option<PermittedFit> {
    match (&condition.effect, truth) {
        (
            Effect::Permit {
                fit, entitlement, ..
            },
            Truth::Holds,
        ) => (*entitlement == content.entitlement).then_some(*fit),
        (Effect::Permit { .. }, Truth::Fails | Truth::Open) | (Effect::Forbid(_), _) => None,
    }
}
