//! What is held: its names, the sides that it fulfils, the systems for which it is known.

use crate::evidence::case::{AlreadyHeld, CaseCoverage};
use crate::evidence::record::{Coverage, Evidence, Fact, Holdings, Reserved};
use crate::rules::Rules;
use crate::rules::ids::{SideId, SystemId};
use crate::rules::pattern::Subject;

/// Something that counts as held.
pub(crate) struct Held<'a> {
    pub(crate) name: &'a str,
    /// Id of the linked identity that holds it; `None`: the beneficiary itself.
    pub(crate) linked: Option<&'a str>,
    /// From the person outward; the linked identity comes first.
    pub(crate) path: Vec<String>,
}

/// Everything that counts as held for the sides of rules: holdings, reservations and effects unknown, of the
/// beneficiary and of every linked identity.
pub(super) fn everything_held(evidence: &Evidence) -> impl Iterator<Item = Held<'_>> {
    let own = held_by(None, &[], &evidence.holdings, &evidence.reserved);
    let linked = evidence.linked.iter().flat_map(|(id, identity)| {
        let opening = [format!("linked identity {}", evidence.login_of(id))];
        held_by(Some(id), &opening, &identity.holdings, &identity.reserved)
    });
    own.into_iter().chain(linked)
}

fn held_by<'a>(
    linked: Option<&'a str>,
    opening: &[String],
    holdings: &'a Fact<Holdings>,
    reserved: &'a [Reserved],
) -> Vec<Held<'a>> {
    let items = holdings
        .value()
        .map_or(&[][..], |holdings| holdings.items.as_slice());
    let held = items.iter().map(|item| Held {
        name: &item.entitlement,
        linked,
        path: [opening, &item.path].concat(),
    });
    let reserved = reserved.iter().map(|reserved| Held {
        name: &reserved.entitlement,
        linked,
        path: [opening, &[format!("reserved for {}", reserved.request)]].concat(),
    });
    held.chain(reserved).collect()
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

/// The systems of which the holdings of the beneficiary and of every linked identity are complete.
#[derive(Debug)]
pub(super) enum Covered {
    Everything,
    /// These, sorted.
    Systems(Vec<SystemId>),
    /// Some holdings could not be read.
    Unreachable,
}

impl Covered {
    /// INVARIANT(coverage): what one identity could hold unseen was not checked, so only what all of them cover counts.
    pub(super) fn of(evidence: &Evidence, rules: &Rules) -> Self {
        let own = Self::of_one(evidence.holdings.value(), rules);
        let linked = evidence.linked_identities();
        linked
            .values()
            .map(|holdings| Self::of_one(*holdings, rules))
            .fold(own, Self::and)
    }

    fn of_one(holdings: Option<&Holdings>, rules: &Rules) -> Self {
        match holdings.map(|holdings| &holdings.coverage) {
            None => Self::Unreachable,
            Some(Coverage::Everything) => Self::Everything,
            Some(Coverage::Nothing) => Self::Systems(Vec::new()),
            Some(Coverage::Systems(names)) => {
                let mut systems: Vec<SystemId> =
                    names.iter().filter_map(|name| rules.system(name)).collect();
                systems.sort_unstable();
                systems.dedup();
                Self::Systems(systems)
            }
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unreachable, _) | (_, Self::Unreachable) => Self::Unreachable,
            (Self::Everything, both) | (both, Self::Everything) => both,
            (Self::Systems(mut both), Self::Systems(other)) => {
                both.retain(|system| other.binary_search(system).is_ok());
                Self::Systems(both)
            }
        }
    }

    pub(super) fn as_case(&self) -> CaseCoverage<'_> {
        match self {
            Self::Everything => CaseCoverage::Everything,
            Self::Systems(systems) => CaseCoverage::Systems(systems),
            Self::Unreachable => CaseCoverage::Unreachable,
        }
    }
}

/// Whether something that the beneficiary itself holds implies what is asked for.
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
