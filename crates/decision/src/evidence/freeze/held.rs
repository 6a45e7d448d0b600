//! What is held: its names, the sides that it fulfils, the systems for which it is known.

use std::collections::{BTreeMap, BTreeSet};

use super::given::ways;
use super::name::with_target;
use crate::evidence::case::{AlreadyHeld, CaseCoverage};
use crate::evidence::record::{Coverage, Evidence, Fact, Given, Holdings, Reserved, Target};
use crate::rules::Rules;
use crate::rules::compile;
use crate::rules::ids::{SideId, SystemId};
use crate::rules::pattern::Subject;

/// One way in which something that counts as held fulfils sides.
#[derive(Debug)]
pub(crate) struct Held {
    /// What fulfils them: what is held, or what its target gives.
    pub(crate) name: String,
    /// Id of the linked identity that holds it; `None`: the beneficiary itself.
    pub(crate) linked: Option<String>,
    /// From the person outward; the linked identity comes first.
    pub(crate) path: Vec<String>,
    /// The sides, in no order.
    pub(crate) sides: Vec<SideId>,
}

/// Everything that counts as held for the sides of rules: holdings, reservations and effects unknown, of the
/// beneficiary and of every linked identity, and what their targets give.
pub(super) fn everything_held(evidence: &Evidence, rules: &Rules) -> Vec<Held> {
    let mut held = Vec::new();
    for each in named(evidence) {
        let sides = sides_of_name(rules, each.name);
        let facts = behind(evidence, rules, each.name).into_iter();
        let targets = facts.filter_map(|(_, fact)| fact.and_then(Fact::value));
        let targets: Vec<&Target> = targets.filter(|target| !target.is_plain()).collect();
        if targets.is_empty() {
            held.push(each.through(None, sides));
            continue;
        }
        let entry = rules.entitlement(each.name).and_then(|id| rules.entry(id));
        let subject = entry.map_or_else(Subject::new, compile::subject_of);
        let subject = subject.with_access(each.name);
        for target in targets {
            let own = with_target(subject.clone(), Some(target));
            let ways = ways(rules, each.name, own, sides.clone(), Some(target));
            held.extend(
                ways.into_iter()
                    .map(|way| each.through(way.given, way.sides)),
            );
        }
    }
    held
}

/// Something that is held, by the name that its system or our grant gives it.
struct Named<'a> {
    name: &'a str,
    linked: Option<&'a str>,
    path: Vec<String>,
}

impl Named<'_> {
    fn through(&self, given: Option<&Given>, sides: Vec<SideId>) -> Held {
        let linked = self.linked.map(ToOwned::to_owned);
        match given {
            None => Held {
                name: self.name.to_owned(),
                linked,
                path: self.path.clone(),
                sides,
            },
            Some(given) => Held {
                name: given.name.clone(),
                linked,
                path: [&self.path[..], &[self.name.to_owned()], &given.way()].concat(),
                sides,
            },
        }
    }
}

fn named(evidence: &Evidence) -> impl Iterator<Item = Named<'_>> {
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
) -> Vec<Named<'a>> {
    let items = holdings
        .value()
        .map_or(&[][..], |holdings| holdings.items.as_slice());
    let held = items.iter().map(|item| Named {
        name: &item.entitlement,
        linked,
        path: [opening, &item.path].concat(),
    });
    let reserved = reserved.iter().map(|reserved| Named {
        name: &reserved.entitlement,
        linked,
        path: [opening, &[format!("reserved for {}", reserved.request)]].concat(),
    });
    held.chain(reserved).collect()
}

/// The names under which a target of `name` may stand: its own, and the catalogue id that it is an alias of.
fn keys<'a>(rules: &'a Rules, name: &'a str) -> impl Iterator<Item = &'a str> {
    let id = rules.entitlement(name).and_then(|id| rules.entry(id));
    let id = id.map(|entry| entry.id.as_str()).filter(|id| *id != name);
    [name].into_iter().chain(id)
}

/// What the record tells of what stands behind something that is held: under each name the fact, `None` when it was not
/// looked for. Nothing in a record of format 1.
fn behind<'a>(
    evidence: &'a Evidence,
    rules: &'a Rules,
    name: &'a str,
) -> Vec<(&'a str, Option<&'a Fact<Target>>)> {
    if evidence.tells_what_is_behind_held() {
        keys(rules, name)
            .map(|key| (key, evidence.targets.get(key)))
            .collect()
    } else {
        Vec::new()
    }
}

impl Evidence {
    /// Whether the record looked for what stands behind everything that counts as held. In one of format 1 it counts by
    /// its name alone, as it did when that was written.
    #[must_use]
    pub fn tells_what_is_behind_held(&self) -> bool {
        self.format >= 2
    }

    /// The names whose targets the record has to carry because something that counts as held stands under them.
    #[must_use]
    pub fn names_held(&self, rules: &Rules) -> BTreeSet<String> {
        named(self)
            .flat_map(|held| {
                keys(rules, held.name)
                    .map(ToOwned::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Those of [`Self::names_held`] of which nobody can tell what stands behind them, each with why.
    pub(crate) fn unread_behind_held(&self, rules: &Rules) -> BTreeMap<String, String> {
        let mut unread = BTreeMap::new();
        for held in named(self) {
            for (key, fact) in behind(self, rules, held.name) {
                let why = match fact {
                    Some(Fact::Present { .. } | Fact::Absent { .. }) => continue,
                    Some(fact) => fact.provenance(),
                    None => "not asked for".to_owned(),
                };
                unread.insert(key.to_owned(), why);
            }
        }
        unread
    }
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
        // What stands behind something that is held is held as well.
        if !evidence.unread_behind_held(rules).is_empty() {
            return Self::Unreachable;
        }
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
