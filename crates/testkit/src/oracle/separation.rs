//! Segregation of duties in the oracle: every rule, every side, everything held, every system.

use std::collections::{BTreeMap, BTreeSet};

use decision::evidence::record::{Coverage, Fact, Holdings, Target};
use decision::findings::Kind;
use decision::rules::policy::{ConflictRule, Policy};

use super::View;
use super::checks::{asked, held, target};
use super::names::Known;
use super::{names, people};

/// The systems in which what fulfils a side lives; `None` when nothing catalogued does.
fn systems_of(policy: &Policy, side: &str) -> Option<BTreeSet<String>> {
    let there = policy
        .catalogue
        .iter()
        .filter(|entry| names::fulfils(policy, side, &[&entry.id], None));
    let systems: BTreeSet<String> = there
        .map(|entry| {
            entry
                .system
                .clone()
                .unwrap_or_else(|| names::halves(&entry.id).0.to_owned())
        })
        .collect();
    (!systems.is_empty()).then_some(systems)
}

/// Each identity of the human being has to be covered.
fn is_covered(view: &View<'_>, side: &str) -> bool {
    let by_one = |holdings: Option<&Holdings>| match holdings.map(|holdings| &holdings.coverage) {
        Some(Coverage::Everything) => true,
        Some(Coverage::Systems(covered)) => systems_of(view.policy, side)
            .is_some_and(|systems| systems.iter().all(|system| covered.contains(system))),
        Some(Coverage::Nothing) | None => false,
    };
    let linked = people::linked(view.evidence);
    !is_something_unread(view)
        && by_one(view.evidence.holdings.value())
        && linked.iter().all(|id| by_one(read(view, id)))
}

/// What stands behind a name that is held, under it and under the catalogue id that it means; `None` for each that was
/// not read. Records of format 1 tell nothing of it.
fn behind<'a>(view: &View<'a>, name: &str) -> Vec<Option<&'a Target>> {
    if view.evidence.format == 1 {
        return Vec::new();
    }
    let id = names::entry_of(view.policy, name).map_or(name, |entry| entry.id.as_str());
    let mut targets = Vec::new();
    for key in BTreeSet::from([name, id]) {
        match view.evidence.targets.get(key) {
            Some(Fact::Absent { .. }) => {}
            Some(fact) => targets.push(fact.value()),
            None => targets.push(None),
        }
    }
    targets
}

/// Whether nobody can tell what stands behind something that is held.
pub(super) fn is_something_unread(view: &View<'_>) -> bool {
    let held = held_by_anyone(view);
    held.iter().any(|name| behind(view, name).contains(&None))
}

/// Whether having `name` fulfils a side, by itself or by what stands behind it.
fn fulfils_when_held(view: &View<'_>, side: &str, name: &str) -> bool {
    let targets = behind(view, name).into_iter().flatten();
    names::fulfils(view.policy, side, &[name], None)
        || targets.into_iter().any(|target| {
            let mut known = Known::default();
            known.access(name);
            if let Some(entry) = names::entry_of(view.policy, name) {
                known.entry(entry);
            }
            known.target(target);
            side.contains('*') && known.caught_by(side)
                || names::gives_side(view.policy, side, target)
        })
}

/// What a linked identity holds, when that was read and the record tells who it is.
pub(super) fn read<'a>(view: &View<'a>, id: &str) -> Option<&'a Holdings> {
    let told = people::everybody(view.evidence);
    if told.iter().any(|person| person.id == id) {
        view.evidence.linked.get(id)?.holdings.value()
    } else {
        None
    }
}

/// The names of everything that any identity holds or has reserved.
fn held_by_anyone(view: &View<'_>) -> Vec<String> {
    let mut names: Vec<String> = held(view).into_iter().map(|(name, _)| name).collect();
    for identity in view.evidence.linked.values() {
        if let Some(holdings) = identity.holdings.value() {
            names.extend(holdings.items.iter().map(|item| item.entitlement.clone()));
        }
        names.extend(identity.reserved.iter().map(|it| it.entitlement.clone()));
    }
    names
}

/// The rules that conflict and those that cannot be verified, by finding.
pub(super) fn check(view: &View<'_>) -> BTreeMap<Kind, BTreeSet<String>> {
    let known = asked(view);
    let access = &view.evidence.request.access;
    let own = |side: &str| {
        names::fulfils(view.policy, side, &[access.canonical()], Some(&known))
            || target(view).is_some_and(|target| names::gives_side(view.policy, side, target))
    };
    let held = held_by_anyone(view);
    let is_held = |side: &str| held.iter().any(|name| fulfils_when_held(view, side, name));
    let mut named: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for rule in &view.policy.conflicts {
        if let Some(kind) = stands(view, rule, &own, &is_held) {
            named.entry(kind).or_default().insert(rule.id.clone());
        }
    }
    named
}

fn stands(
    view: &View<'_>,
    rule: &ConflictRule,
    own: &dyn Fn(&str) -> bool,
    is_held: &dyn Fn(&str) -> bool,
) -> Option<Kind> {
    let sides = || rule.sides.iter().map(|side| side.text.as_str());
    if !sides().any(own) {
        return None;
    }
    let missing: Vec<&str> = sides()
        .filter(|side| !own(side) && !is_held(side))
        .collect();
    if missing.is_empty() {
        Some(Kind::Conflict)
    } else if missing.iter().any(|side| is_covered(view, side)) {
        None
    } else {
        Some(Kind::Unverifiable)
    }
}
