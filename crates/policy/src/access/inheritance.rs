//! Inheritance among roles: names that exist, no circle, bounded depth.

use std::collections::{HashMap, HashSet};

use super::draft::Draft;
use crate::bounds::INHERITANCE_DEPTH_MAX;
use crate::code::Code;
use crate::problem::{Problem, Sink, Spot};

/// Inherited roles exist, and inheritance neither goes in a circle nor deeper than `INHERITANCE_DEPTH_MAX`.
pub(super) fn check(sink: &mut Sink, draft: &Draft) {
    let roles = &draft.policy.roles;
    let index: HashMap<&str, usize> = roles
        .iter()
        .enumerate()
        .map(|(at, role)| (role.name.as_str(), at))
        .collect();
    let mut parents: Vec<Vec<(usize, Spot)>> = Vec::with_capacity(roles.len());
    for (role, spots) in roles.iter().zip(&draft.inherited) {
        let mut known = Vec::new();
        for (name, spot) in role.inherits.iter().zip(spots) {
            if let Some(at) = index.get(name.as_str()) {
                known.push((*at, *spot));
                continue;
            }
            let hint = sink.did_you_mean(name, roles.iter().map(|role| role.name.as_str()));
            let message = format!(
                "the role `{}` inherits `{name}`, which is not a role",
                role.name
            );
            sink.push(
                Problem::new(Code::RoleUnknown, *spot, message)
                    .label("unknown role")
                    .help("declare it under `roles`")
                    .help_if(hint),
            );
        }
        parents.push(known);
    }
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    walk_inheritance(sink, &names, &parents);
}

/// A role on the way from a start to its ancestors: which one, and how many of its parents were followed.
struct Step {
    role: usize,
    followed: usize,
}

/// Depth first, without recursion: a chain may be as long as there are roles.
fn walk_inheritance(sink: &mut Sink, names: &[&str], parents: &[Vec<(usize, Spot)>]) {
    // Longest chain from each finished role; `None` while it is unknown.
    let mut depth: Vec<Option<usize>> = vec![None; names.len()];
    let mut on_path: HashSet<usize> = HashSet::new();
    for start in 0..names.len() {
        let mut path: Vec<Step> = Vec::new();
        if depth.get(start).copied().flatten().is_none() {
            path.push(Step {
                role: start,
                followed: 0,
            });
            on_path.insert(start);
        }
        while let Some(step) = path.last_mut() {
            let role = step.role;
            let above = parents.get(role).map_or(&[] as &[_], Vec::as_slice);
            if let Some((parent, spot)) = above.get(step.followed) {
                step.followed = step.followed.saturating_add(1);
                if on_path.contains(parent) {
                    let way: Vec<usize> = path.iter().map(|step| step.role).collect();
                    sink.push(role_cycle(names, &way, *parent, *spot));
                } else if depth.get(*parent).copied().flatten().is_none() {
                    on_path.insert(*parent);
                    path.push(Step {
                        role: *parent,
                        followed: 0,
                    });
                }
                continue;
            }
            let longest = above
                .iter()
                .filter_map(|(parent, _)| depth.get(*parent).copied().flatten())
                .max();
            let own = longest.unwrap_or(0).saturating_add(1);
            // Only the first role beyond the bound is told; those above it follow from it.
            if let (true, Some((_, spot))) = (
                own == INHERITANCE_DEPTH_MAX.saturating_add(1),
                above.first(),
            ) {
                let name = names.get(role).copied().unwrap_or_default();
                let message = format!(
                    "the role `{name}` inherits through more than {INHERITANCE_DEPTH_MAX} roles"
                );
                sink.push(Problem::new(Code::RoleDepth, *spot, message).label("too deep"));
            }
            if let Some(cell) = depth.get_mut(role) {
                *cell = Some(own);
            }
            on_path.remove(&role);
            path.pop();
        }
    }
}

fn role_cycle(names: &[&str], way: &[usize], back_to: usize, spot: Spot) -> Problem {
    let name = |at: usize| names.get(at).copied().unwrap_or_default();
    let path: Vec<&str> = way.iter().map(|at| name(*at)).collect();
    let message = format!(
        "roles inherit each other in a circle: {}",
        circle(&path, name(back_to))
    );
    Problem::new(Code::RoleCycle, spot, message)
        .label("closes the circle")
        .help("move what they share into a role that both inherit")
}

/// `a -> b -> a` for the part of `path` from `at` on.
pub(super) fn circle(path: &[&str], at: &str) -> String {
    let shown = path.iter().skip_while(|name| **name != at).chain([&at]);
    shown
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" -> ")
}
