//! Random conditions. Each reads one fact under its own id: stated true it holds, stated false it does not, and
//! otherwise it is open. So the engine's and the oracle's fold are compared; Cedar itself is compared elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use decision::evidence::Evidence;
use decision::evidence::record::Fact;
use decision::rules::Rules;
use decision::rules::conditions::{
    Condition, ConditionFacts, Conditions, Effect, Forbid, PermittedFit, Review, Truth,
};
use decision::rules::policy::{Attribute, Place, Policy};

use super::Dice;
use super::evidence::read;

const IDS: [&str; 3] = ["c0", "c1", "c2"];

/// Conditions for one policy in four.
pub(super) fn add(dice: &mut Dice<'_>, policy: &mut Policy) {
    if !dice.chance(25) {
        return;
    }
    let ids: Vec<String> = policy
        .catalogue
        .iter()
        .map(|entry| entry.id.clone())
        .collect();
    for id in IDS.iter().take(1 + dice.below(IDS.len())) {
        let effect = match dice.below(8) {
            0 => Effect::Forbid(Forbid::Ask),
            1 => Effect::Forbid(Forbid::Deny),
            2 => Effect::Forbid(Forbid::Escalate(Review::Nobody)),
            3 => Effect::Forbid(Forbid::Escalate(Review::Security)),
            4 => Effect::Forbid(Forbid::Escalate(Review::ResourceOwner)),
            kind => Effect::Permit {
                fit: if kind == 5 {
                    PermittedFit::Grantable
                } else {
                    PermittedFit::Standard
                },
                entitlement: dice.of(&ids),
                role: None,
            },
        };
        policy.conditions.push(Condition {
            id: (*id).to_owned(),
            effect,
            reason: None,
            route: None,
            place: Place::default(),
        });
    }
}

/// States, leaves out or cannot read the facts.
pub(super) fn state(dice: &mut Dice<'_>, evidence: &mut Evidence, policy: &Policy) {
    if policy.conditions.is_empty() || dice.chance(10) {
        return;
    }
    let mut stated = BTreeMap::new();
    for condition in &policy.conditions {
        match dice.below(5) {
            0 => {}
            1 | 2 => _ = stated.insert(condition.id.clone(), Attribute::YesNo(true)),
            _ => _ = stated.insert(condition.id.clone(), Attribute::YesNo(false)),
        }
    }
    evidence.facts = read(stated);
}

/// The rules with what evaluates these conditions.
pub(super) fn with(rules: Rules) -> Rules {
    let ids = rules.policy().conditions.iter();
    let stated = Stated(ids.map(|condition| condition.id.clone()).collect());
    rules.with_conditions(Arc::new(stated))
}

#[derive(Debug)]
struct Stated(Vec<String>);

impl Conditions for Stated {
    fn evaluate(&self, facts: &ConditionFacts<'_>) -> Vec<Truth> {
        let stated = |id: &String| match &facts.evidence.facts {
            Fact::Present { value, .. } => value.get(id),
            Fact::Absent { .. } | Fact::Unreachable { .. } | Fact::NotInProfile => None,
        };
        let truth = |id| match stated(id) {
            Some(Attribute::YesNo(true)) => Truth::Holds,
            Some(Attribute::YesNo(false)) => Truth::Fails,
            Some(Attribute::Number(_) | Attribute::Text(_) | Attribute::List(_)) | None => {
                Truth::Open
            }
        };
        self.0.iter().map(truth).collect()
    }

    fn unknown_to(&self, place: usize, _: &ConditionFacts<'_>) -> Vec<String> {
        self.0.get(place).cloned().into_iter().collect()
    }
}
