//! Orders of levels: what lies below a name.

use std::collections::HashMap;

use super::CompileError;
use crate::rules::ids::{EntitlementId, Lists};
use crate::rules::pattern::divide;
use crate::rules::policy::Policy;

/// The lower levels of the same resource, as names, whether they are catalogued or not. All levels when the name's own
/// stands in no order; none for a name without a level.
pub(in crate::rules) fn lower_names(policy: &Policy, name: &str) -> Vec<String> {
    let Some((resource, level)) = name.rsplit_once(':') else {
        return Vec::new();
    };
    let levels = levels_of(policy, resource);
    let below = levels.iter().position(|known| known == level);
    let lower = levels.iter().take(below.unwrap_or(levels.len()));
    lower.map(|level| format!("{resource}:{level}")).collect()
}

/// Whether the level of a name stands in the order of its resource.
pub(in crate::rules) fn is_level_mapped(policy: &Policy, name: &str) -> bool {
    let (resource, level) = divide(name);
    levels_of(policy, resource)
        .iter()
        .any(|known| known == level)
}

pub(super) fn implied_levels(
    policy: &Policy,
    names: &HashMap<String, EntitlementId>,
) -> Result<Lists<EntitlementId>, CompileError> {
    Lists::new(policy.catalogue.iter().zip(0..).map(|(entry, number)| {
        let (resource, level) = divide(&entry.id);
        let levels = levels_of(policy, resource);
        let below = levels.iter().position(|name| name == level).unwrap_or(0);
        let lower = levels.iter().take(below);
        lower
            .filter_map(|name| names.get(&format!("{resource}:{name}")).copied())
            .chain([EntitlementId(number)])
            .collect()
    }))
    .ok_or(CompileError::TooLarge)
}

/// The order of levels that applies to a resource.
pub(super) fn levels_of<'a>(policy: &'a Policy, resource: &str) -> &'a [String] {
    let order = |wanted: &str| policy.levels.iter().find(|order| order.resource == wanted);
    order(resource)
        .or_else(|| order(""))
        .map_or(&[], |order| order.levels.as_slice())
}
