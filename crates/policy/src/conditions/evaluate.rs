//! Evaluating the conditions of a policy on one record.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use cedar_policy::{AuthorizationError, Authorizer, PolicyId, PolicySet};
use decision::rules::conditions::{ConditionFacts, Conditions, Truth};

use super::declared::Declared;
use super::facts::{Facts, Inherited, Unknown};
use super::outline::Outline;
use super::tree::{Tree, Value3};

/// The conditions of one policy, ready to be evaluated. Conditions whose scope names another entitlement than the one
/// asked for are not looked at.
pub struct CedarConditions {
    pub(super) declared: Declared,
    pub(super) inherited: Inherited,
    /// In the order of the policy's conditions, which is that of their ids.
    pub(super) rules: Vec<Rule>,
    /// Those whose scope names no entitlement.
    pub(super) general: PolicySet,
    /// Those whose scope names one, by its id.
    pub(super) specific: HashMap<String, PolicySet>,
    /// The place of each rule in `rules`, by policy id.
    pub(super) places: HashMap<PolicyId, usize>,
}

/// One condition.
pub(super) struct Rule {
    /// For those who read it without evaluating it.
    pub(super) outline: Outline,
    /// Everything that it reads.
    pub(super) reads: BTreeSet<String>,
    /// For when something of that is not known.
    pub(super) tree: Tree,
    /// What each leaf reads.
    pub(super) leaf_reads: Vec<BTreeSet<String>>,
    /// A policy for each leaf; its id is the leaf's number.
    pub(super) leaves: PolicySet,
}

impl CedarConditions {
    /// Names of the attributes that the policy declares for people.
    #[must_use]
    pub fn person_attributes(&self) -> Vec<String> {
        self.declared.person.keys().cloned().collect()
    }

    /// What each condition names, in the order of the policy's conditions.
    pub(crate) fn outlines(&self) -> impl Iterator<Item = &Outline> {
        self.rules.iter().map(|rule| &rule.outline)
    }
}

impl fmt::Debug for CedarConditions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CedarConditions")
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}

impl Conditions for CedarConditions {
    fn evaluate(&self, facts: &ConditionFacts<'_>) -> Vec<Truth> {
        let Ok(found) = Facts::of(facts, &self.declared, &self.inherited) else {
            return vec![Truth::Open; self.rules.len()];
        };
        let name = asked(facts);
        let mut truths = vec![Truth::Fails; self.rules.len()];
        for set in [Some(&self.general), self.specific.get(name)]
            .into_iter()
            .flatten()
        {
            let answers = Answers::of(set, &found);
            for policy in set.policies() {
                let Some(place) = self.places.get(policy.id()).copied() else {
                    continue;
                };
                let (Some(rule), Some(truth)) = (self.rules.get(place), truths.get_mut(place))
                else {
                    continue;
                };
                *truth = if rule.hangs_on(&found.unknown) {
                    rule.truth(&found)
                } else {
                    truth_of(answers.value(policy.id()))
                };
            }
        }
        truths
    }

    fn unknown_to(&self, place: usize, facts: &ConditionFacts<'_>) -> Vec<String> {
        let Ok(found) = Facts::of(facts, &self.declared, &self.inherited) else {
            return Vec::new();
        };
        let Some(rule) = self.rules.get(place) else {
            return Vec::new();
        };
        let paths = rule.reads.iter().filter(|path| found.unknown.covers(path));
        paths.map(|path| format!("`{path}`")).collect()
    }
}

/// The name by which conditions know what is asked for: the catalogue id, or the name as asked.
fn asked<'a>(facts: &ConditionFacts<'a>) -> &'a str {
    facts
        .entitlement
        .map_or(facts.evidence.request.access.canonical(), |entry| {
            entry.id.as_str()
        })
}

impl Rule {
    fn hangs_on(&self, unknown: &Unknown) -> bool {
        !unknown.is_empty() && self.reads.iter().any(|path| unknown.covers(path))
    }

    fn truth(&self, found: &Facts) -> Truth {
        let answers = Answers::of(&self.leaves, found);
        truth_of(self.tree.value(&|number| {
            let reads = self.leaf_reads.get(number);
            let known =
                reads.is_some_and(|reads| !reads.iter().any(|path| found.unknown.covers(path)));
            if known {
                answers.value(&PolicyId::new(number.to_string()))
            } else {
                Value3::Unknown
            }
        }))
    }
}

/// INVARIANT(unknown-is-caution): an error leaves a condition open, so that a forbid counts and a permit does not.
fn truth_of(value: Value3) -> Truth {
    match value {
        Value3::True => Truth::Holds,
        Value3::False => Truth::Fails,
        Value3::Unknown | Value3::Error => Truth::Open,
    }
}

/// Which policies of a set are satisfied, and which went wrong. All of them permit, whatever their condition does, so
/// that Cedar names every one that is satisfied.
struct Answers {
    satisfied: HashSet<PolicyId>,
    wrong: HashSet<PolicyId>,
}

impl Answers {
    fn of(set: &PolicySet, found: &Facts) -> Self {
        let response = Authorizer::new().is_authorized(&found.request, set, &found.entities);
        let diagnostics = response.diagnostics();
        Self {
            satisfied: diagnostics.reason().cloned().collect(),
            wrong: (diagnostics.errors())
                .map(|error| match error {
                    AuthorizationError::PolicyEvaluationError(error) => error.policy_id().clone(),
                })
                .collect(),
        }
    }

    fn value(&self, id: &PolicyId) -> Value3 {
        if self.wrong.contains(id) {
            Value3::Error
        } else if self.satisfied.contains(id) {
            Value3::True
        } else {
            Value3::False
        }
    }
}
