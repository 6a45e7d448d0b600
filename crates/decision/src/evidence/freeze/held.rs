//! What is held: its names, the sides that it fulfils, the systems that it is known for.

use crate::evidence::case::AlreadyHeld;
use crate::evidence::record::{Coverage, Evidence};
use crate::rules::Rules;
use crate::rules::ids::{SideId, SystemId};
use crate::rules::pattern::Subject;

/// Names of everything that counts as held: holdings, reservations and effects unknown.
pub(super) fn held_names(evidence: &Evidence) -> impl Iterator<Item = (&str, Vec<String>)> {
    let holdings = evidence
        .holdings
        .value()
        .map_or(&[][..], |holdings| holdings.items.as_slice());
    let held = holdings
        .iter()
        .map(|item| (item.entitlement.as_str(), item.path.clone()));
    let reserved = evidence.reserved.iter().map(|reserved| {
        (
            reserved.entitlement.as_str(),
            vec![format!("reserved for {}", reserved.request)],
        )
    });
    held.chain(reserved)
}

/// The sides that holding `name` fulfils.
pub(super) fn sides_of_name(rules: &Rules, name: &str) -> Vec<SideId> {
    match rules.entitlement(name) {
        Some(id) => rules.sides_of(id).to_vec(),
        None => {
            let mut sides = rules.sides_matching(name, &Subject::new().with_access(name));
            for lower in rules.lower_names(name) {
                match rules.entitlement(&lower) {
                    Some(id) => sides.extend(rules.sides_of(id)),
                    None => sides
                        .extend(rules.sides_matching(&lower, &Subject::new().with_access(&lower))),
                }
            }
            sides
        }
    }
}

pub(super) fn systems_of(evidence: &Evidence, rules: &Rules) -> Option<Vec<SystemId>> {
    match &evidence.holdings.value()?.coverage {
        Coverage::Everything => None,
        Coverage::Nothing => Some(Vec::new()),
        Coverage::Systems(names) => {
            let mut systems: Vec<SystemId> =
                names.iter().filter_map(|name| rules.system(name)).collect();
            systems.sort_unstable();
            systems.dedup();
            Some(systems)
        }
    }
}

/// Whether something that is held implies what is asked for.
pub(super) fn already_held(evidence: &Evidence, rules: &Rules) -> AlreadyHeld {
    let Some(asked) = rules.entitlement(evidence.request.access.canonical()) else {
        return AlreadyHeld::No;
    };
    let holdings = evidence
        .holdings
        .value()
        .map_or(&[][..], |holdings| holdings.items.as_slice());
    let mut already = AlreadyHeld::No;
    for item in holdings {
        let implies = rules
            .entitlement(&item.entitlement)
            .is_some_and(|held| rules.implied(held).binary_search(&asked).is_ok());
        if implies && item.grant.is_none() {
            return AlreadyHeld::Otherwise;
        }
        if implies {
            already = AlreadyHeld::ByGrant;
        }
    }
    already
}
