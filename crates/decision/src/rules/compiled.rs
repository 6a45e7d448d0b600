//! The compiled rules: a policy turned into numbers, so that a ruling only looks things up.

use std::collections::HashMap;
use std::sync::Arc;

use super::class::{Class, ClassSet};
use super::conditions::{ConditionFacts, Conditions, Truth};
use super::ids::{ConflictId, EntitlementId, Lists, RoleId, SideId, SystemId};
use super::pattern::PatternSet;
use super::policy::{ApprovalKind, Entitlement, Policy, Role, Severity};
use crate::findings::risk::RiskPoints;
use crate::time::Minutes;

/// A policy compiled. Made by [`Rules::compile`](crate::rules::compile); never changed afterwards.
#[derive(Debug)]
pub struct Rules {
    pub(super) policy: Policy,
    pub(super) names: HashMap<String, EntitlementId>,
    pub(super) role_names: HashMap<String, RoleId>,
    pub(super) systems: HashMap<String, SystemId>,
    pub(super) entitlements: Vec<EntitlementRules>,
    pub(super) standard: Lists<RoleId>,
    pub(super) grantable: Lists<RoleId>,
    pub(super) implied: Lists<EntitlementId>,
    pub(super) sides_of: Lists<SideId>,
    pub(super) conflicts_of: Lists<ConflictId>,
    pub(super) sides: Vec<Side>,
    pub(super) sides_in: Lists<SideId>,
    pub(super) side_systems: Lists<SystemId>,
    pub(super) severities: Vec<Severity>,
    pub(super) star_sides: PatternSet,
    pub(super) literal_sides: HashMap<String, SideId>,
    pub(super) danger: PatternSet,
    pub(super) required_when_not_standard: ApprovalSet,
    pub(super) conditions: Option<Arc<dyn Conditions>>,
}

/// What the hot path needs to know of one entitlement.
#[derive(Clone, Copy, Debug)]
pub struct EntitlementRules {
    /// Whether any role lists it as grantable. Saves a look-up; made by `note_shortcuts`.
    pub(super) is_grantable: bool,
    /// Whether it is a side of any segregation-of-duties rule. Saves look-ups; made by `note_shortcuts`.
    pub(super) is_in_conflict: bool,
    /// Never-auto classes, by pattern, environment, sensitivity or unmapped level.
    pub classes: ClassSet,
    /// Whether a `privileged` pattern names it.
    pub privileged: bool,
    /// Whether its level stands in the order of levels of its resource.
    pub level_mapped: bool,
    /// Whether the catalogue gives a reason why it may stand without an end.
    pub standing: bool,
    /// Whether the catalogue names its owner.
    pub owned: bool,
    /// Approvals that it requires, whoever asks.
    pub required: ApprovalSet,
    /// Risk points that it carries, whoever asks.
    pub points: RiskPoints,
    /// Longest total duration in the rolling window.
    pub maximum: Minutes,
    /// The declared narrower entitlement.
    pub narrower: Option<EntitlementId>,
    /// The system in which it lives.
    pub system: SystemId,
}

/// A side of a segregation-of-duties rule.
#[derive(Clone, Debug)]
pub struct Side {
    /// The text as written first.
    pub text: String,
    /// Whether no catalogued entitlement matches, so that the other half could live anywhere.
    pub anywhere: bool,
}

/// A set of approval kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ApprovalSet(u8);

impl ApprovalSet {
    /// No approval.
    pub const EMPTY: Self = Self(0);

    /// The set of `kinds`.
    pub fn of(kinds: impl IntoIterator<Item = ApprovalKind>) -> Self {
        kinds.into_iter().fold(Self::EMPTY, Self::with)
    }

    /// This set and `kind`.
    #[must_use]
    pub fn with(self, kind: ApprovalKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Everything in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What this set has and `other` has not.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `kind` is in the set.
    #[must_use]
    pub fn contains(self, kind: ApprovalKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in the set, in order.
    pub fn iter(self) -> impl Iterator<Item = ApprovalKind> {
        ApprovalKind::ALL
            .into_iter()
            .filter(move |kind| self.contains(*kind))
    }
}

impl Rules {
    /// Notes what spares the hot path a look-up in cold memory. The last step of compiling.
    pub(super) fn note_shortcuts(&mut self) {
        let kinds = self.policy.approvals.grantable.iter().copied();
        self.required_when_not_standard = ApprovalSet::of(kinds);
        for (index, facts) in self.entitlements.iter_mut().enumerate() {
            facts.is_grantable = !self.grantable.get(index).is_empty();
            facts.is_in_conflict = !self.sides_of.get(index).is_empty();
        }
    }

    /// These rules with what evaluates the policy's conditions. Without it every condition stays open, so that every
    /// forbid counts and no permit does.
    #[must_use]
    pub fn with_conditions(self, conditions: Arc<dyn Conditions>) -> Self {
        Self {
            conditions: Some(conditions),
            ..self
        }
    }

    /// For each condition of the policy whether it holds.
    pub(crate) fn truths(&self, facts: &ConditionFacts<'_>) -> Vec<Truth> {
        let count = self.policy.conditions.len();
        let mut truths = match &self.conditions {
            Some(conditions) if count > 0 => conditions.evaluate(facts),
            Some(_) | None => Vec::new(),
        };
        truths.resize(count, Truth::Open);
        truths
    }

    /// What the condition at that place reads and the facts do not tell.
    pub(crate) fn unknown_to(&self, place: usize, facts: &ConditionFacts<'_>) -> Vec<String> {
        let conditions = self.conditions.as_ref();
        conditions.map_or_else(Vec::new, |conditions| conditions.unknown_to(place, facts))
    }

    /// The policy as text, for explanations.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Number of catalogued entitlements.
    #[must_use]
    pub fn entitlement_count(&self) -> usize {
        self.entitlements.len()
    }

    /// The entitlement with exactly this id or alias. INVARIANT(danger-wide, permission-exact): byte-equality only.
    #[must_use]
    pub fn entitlement(&self, name: &str) -> Option<EntitlementId> {
        self.names.get(name).copied()
    }

    /// The role with exactly this name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<RoleId> {
        self.role_names.get(name).copied()
    }

    /// The system with exactly this name, when any entitlement lives in it.
    #[must_use]
    pub fn system(&self, name: &str) -> Option<SystemId> {
        self.systems.get(name).copied()
    }

    /// Catalogue entry of an entitlement.
    #[must_use]
    pub fn entry(&self, id: EntitlementId) -> Option<&Entitlement> {
        self.policy.catalogue.get(id.index())
    }

    /// Declaration of a role.
    #[must_use]
    pub fn role_entry(&self, id: RoleId) -> Option<&Role> {
        self.policy.roles.get(id.index())
    }

    /// What the hot path knows of an entitlement.
    #[inline]
    #[must_use]
    pub fn facts(&self, id: EntitlementId) -> Option<&EntitlementRules> {
        self.entitlements.get(id.index())
    }

    /// Roles (inheritance followed) for which the entitlement is standard, sorted.
    #[inline]
    #[must_use]
    pub fn standard_for(&self, id: EntitlementId) -> &[RoleId] {
        self.standard.get(id.index())
    }

    /// Roles (inheritance followed) in which the entitlement may be granted after a review, sorted.
    #[inline]
    #[must_use]
    pub fn grantable_for(&self, id: EntitlementId) -> &[RoleId] {
        match self.facts(id) {
            Some(facts) if !facts.is_grantable => &[],
            Some(_) | None => self.grantable.get(id.index()),
        }
    }

    /// Entitlements that holding this one implies: itself and lower levels of the same resource, sorted.
    #[must_use]
    pub fn implied(&self, id: EntitlementId) -> &[EntitlementId] {
        self.implied.get(id.index())
    }

    /// Sides that holding this entitlement fulfils, implied lower levels included, sorted.
    #[inline]
    #[must_use]
    pub fn sides_of(&self, id: EntitlementId) -> &[SideId] {
        match self.facts(id) {
            Some(facts) if !facts.is_in_conflict => &[],
            Some(_) | None => self.sides_of.get(id.index()),
        }
    }

    /// Rules in which a side takes part, sorted.
    #[inline]
    #[must_use]
    pub fn conflicts_of(&self, side: SideId) -> &[ConflictId] {
        self.conflicts_of.get(side.index())
    }

    /// The sides of a rule, sorted by number (not in the rule's order; that is in the policy).
    #[inline]
    #[must_use]
    pub fn sides_in(&self, conflict: ConflictId) -> &[SideId] {
        self.sides_in.get(conflict.index())
    }

    /// Severity of a rule.
    #[inline]
    #[must_use]
    pub fn severity(&self, conflict: ConflictId) -> Severity {
        self.severities
            .get(conflict.index())
            .copied()
            .unwrap_or(Severity::Critical)
    }

    /// A side.
    #[must_use]
    pub fn side(&self, id: SideId) -> Option<&Side> {
        self.sides.get(id.index())
    }

    /// The side written with exactly this text.
    #[must_use]
    pub fn side_named(&self, text: &str) -> Option<SideId> {
        self.sides
            .iter()
            .zip(0..)
            .find(|(side, _)| side.text == text)
            .map(|(_, id)| SideId(id))
    }

    /// Systems in which what fulfils the side can live, sorted.
    #[inline]
    #[must_use]
    pub fn side_systems(&self, side: SideId) -> &[SystemId] {
        self.side_systems.get(side.index())
    }

    /// Required approvals beyond those of the entitlement itself when no role lists it as standard.
    #[must_use]
    pub fn required_when_not_standard(&self) -> ApprovalSet {
        self.required_when_not_standard
    }

    /// Approvals that danger requires: those of the classes, and those of privileged access.
    #[must_use]
    pub fn required_by_danger(&self, classes: ClassSet, privileged: bool) -> ApprovalSet {
        if classes.is_empty() && !privileged {
            return ApprovalSet::EMPTY;
        }
        let approvals = &self.policy.approvals;
        let of = |kinds: &[ApprovalKind]| ApprovalSet::of(kinds.iter().copied());
        let mut required = ApprovalSet::EMPTY;
        if privileged {
            required = required.union(of(&approvals.privileged));
        }
        for (class, kinds) in &approvals.by_class {
            if classes.contains(*class) {
                required = required.union(of(kinds));
            }
        }
        required
    }

    /// Names that holding `name` gives too: the lower levels of the same resource. INVARIANT(danger-wide): a level
    /// that stands in no order counts as administration, so it gives all of them.
    #[must_use]
    pub fn lower_names(&self, name: &str) -> Vec<String> {
        super::compile::lower_names(&self.policy, name)
    }

    /// Whether the level of `name` stands in the order of levels of its resource.
    #[must_use]
    pub fn is_level_mapped(&self, name: &str) -> bool {
        super::compile::is_level_mapped(&self.policy, name)
    }

    /// Ids of the entitlements declared narrower than `name`, step by step, at most eight.
    #[must_use]
    pub fn narrower_chain(&self, name: &str) -> Vec<&str> {
        let step = |id: &EntitlementId| self.facts(*id).and_then(|facts| facts.narrower);
        std::iter::successors(self.entitlement(name).as_ref().and_then(step), step)
            .take(8)
            .filter_map(|id| Some(self.entry(id)?.id.as_str()))
            .collect()
    }

    /// Never-auto classes of anything that `subject` describes, and whether a `privileged` pattern catches it.
    #[must_use]
    pub fn danger_of(&self, subject: &super::pattern::Subject) -> (ClassSet, bool) {
        let mut classes = ClassSet::EMPTY;
        let mut privileged = false;
        for number in self.danger.matching(subject) {
            match Class::BUILT_IN.get(number as usize) {
                Some(class) => classes = classes.with(*class),
                None => privileged = true,
            }
        }
        (classes, privileged)
    }

    /// Sides that anything which `subject` describes fulfils by pattern, and by its exact `name`, sorted.
    #[must_use]
    pub fn sides_matching(&self, name: &str, subject: &super::pattern::Subject) -> Vec<SideId> {
        let mut sides: Vec<SideId> = self
            .star_sides
            .matching(subject)
            .into_iter()
            .map(SideId)
            .collect();
        sides.extend(self.literal_sides.get(name));
        sides.sort_unstable();
        sides.dedup();
        sides
    }
}
