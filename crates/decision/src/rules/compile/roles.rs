//! Which roles have an entitlement, inheritance followed.

use std::collections::{HashMap, HashSet};

use super::CompileError;
use crate::rules::ids::{EntitlementId, Lists, RoleId};
use crate::rules::policy::{Policy, Role};

/// For every entitlement the roles that have it as standard and as grantable, inheritance followed.
pub(super) fn role_lists(
    policy: &Policy,
    names: &HashMap<String, EntitlementId>,
    roles: &HashMap<String, RoleId>,
) -> Result<(Lists<RoleId>, Lists<RoleId>), CompileError> {
    let mut standard = vec![Vec::new(); policy.catalogue.len()];
    let mut grantable = vec![Vec::new(); policy.catalogue.len()];
    for (start, number) in policy.roles.iter().zip(0..) {
        let role = RoleId(number);
        // Depth first; `open` tells a circle from a role reached twice.
        let mut seen = HashSet::new();
        visit_ancestors(policy, roles, start, &mut seen, &mut Vec::new())?;
        for ancestor in seen
            .iter()
            .filter_map(|index: &usize| policy.roles.get(*index))
        {
            for (listed, lists) in [
                (&ancestor.standard, &mut standard),
                (&ancestor.grantable, &mut grantable),
            ] {
                for item in listed {
                    let unknown = || CompileError::Unknown(item.entitlement.clone());
                    let id = names.get(&item.entitlement).ok_or_else(unknown)?;
                    lists.get_mut(id.index()).ok_or_else(unknown)?.push(role);
                }
            }
        }
    }
    let whole = |lists| Lists::new(lists).ok_or(CompileError::TooLarge);
    Ok((whole(standard)?, whole(grantable)?))
}

fn visit_ancestors(
    policy: &Policy,
    roles: &HashMap<String, RoleId>,
    role: &Role,
    seen: &mut HashSet<usize>,
    open: &mut Vec<String>,
) -> Result<(), CompileError> {
    if open.contains(&role.name) {
        return Err(CompileError::Cycle(role.name.clone()));
    }
    let own = roles
        .get(&role.name)
        .ok_or_else(|| CompileError::Unknown(role.name.clone()))?;
    if !seen.insert(own.index()) {
        return Ok(());
    }
    open.push(role.name.clone());
    for name in &role.inherits {
        let unknown = || CompileError::Unknown(name.clone());
        let id = roles.get(name).ok_or_else(unknown)?;
        let parent = policy.roles.get(id.index()).ok_or_else(unknown)?;
        visit_ancestors(policy, roles, parent, seen, open)?;
    }
    open.pop();
    Ok(())
}
