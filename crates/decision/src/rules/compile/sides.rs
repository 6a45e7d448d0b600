//! The sides of the segregation-of-duties rules, numbered.

use std::collections::HashMap;

use super::CompileError;
use super::levels::lower_names;
use crate::rules::ids::{ConflictId, EntitlementId, Lists, SideId};
use crate::rules::pattern::{DangerPattern, PatternSet, Subject};
use crate::rules::policy::Policy;

/// The sides of all rules, each text once.
pub(super) struct Sides {
    pub(super) texts: Vec<String>,
    pub(super) stars: PatternSet,
    pub(super) literals: HashMap<String, SideId>,
    pub(super) by_conflict: Vec<Vec<SideId>>,
}

impl Sides {
    pub(super) fn collect(
        policy: &Policy,
        names: &HashMap<String, EntitlementId>,
    ) -> Result<Self, CompileError> {
        let mut sides = Self {
            texts: Vec::new(),
            stars: PatternSet::default(),
            literals: HashMap::new(),
            by_conflict: Vec::new(),
        };
        let mut numbers: HashMap<String, SideId> = HashMap::new();
        for conflict in &policy.conflicts {
            let mut own = Vec::new();
            for pattern in &conflict.sides {
                // An alias and its id are the same side.
                let entry = names
                    .get(&pattern.text)
                    .and_then(|id| policy.catalogue.get(id.index()));
                let text = entry.map_or(&pattern.text, |entry| &entry.id);
                let next = u32::try_from(sides.texts.len()).map_err(|_| CompileError::TooLarge)?;
                let side = *numbers.entry(text.clone()).or_insert(SideId(next));
                if side.0 == next {
                    sides.texts.push(text.clone());
                    if text.contains('*') {
                        sides.stars.add(DangerPattern::parse(text), next);
                    } else {
                        sides.literals.insert(text.clone(), side);
                    }
                }
                own.push(side);
            }
            sides.by_conflict.push(own);
        }
        Ok(sides)
    }

    /// What the lower levels of `id` fulfil.
    pub(super) fn of_lower(
        &self,
        policy: &Policy,
        names: &HashMap<String, EntitlementId>,
        own_sides: &[Vec<SideId>],
        id: &str,
    ) -> Vec<SideId> {
        if self.texts.is_empty() {
            return Vec::new();
        }
        let lower = lower_names(policy, id).into_iter();
        lower
            .flat_map(|name| match names.get(&name) {
                Some(id) => own_sides.get(id.index()).cloned().unwrap_or_default(),
                None => self.matching(&name, &Subject::new().with_access(&name)),
            })
            .collect()
    }

    pub(super) fn matching(&self, id: &str, subject: &Subject) -> Vec<SideId> {
        let mut found: Vec<SideId> = self
            .stars
            .matching(subject)
            .into_iter()
            .map(SideId)
            .collect();
        found.extend(self.literals.get(id));
        found
    }
}

pub(super) fn conflicts_of(
    by_conflict: &[Vec<SideId>],
    sides: usize,
) -> Result<Lists<ConflictId>, CompileError> {
    let mut conflicts = vec![Vec::new(); sides];
    for (own, number) in by_conflict.iter().zip(0..) {
        for side in own {
            if let Some(list) = conflicts.get_mut(side.index()) {
                list.push(ConflictId(number));
            }
        }
    }
    Lists::new(conflicts).ok_or(CompileError::TooLarge)
}
