//! Checks across sections: what one section says of another.

use std::collections::{HashMap, HashSet};

use decision::rules::policy::LevelOrder;
use decision::time::Minutes;

use super::catalogue::plain_entry;
use super::draft::Draft;
use super::inheritance;
use crate::bounds::ENTITLEMENTS_MAX;
use crate::code::Code;
use crate::problem::{Problem, Sink, Spot};

/// Runs every check and completes the draft: what only roles list joins the catalogue, and levels get their default.
pub(super) fn all(sink: &mut Sink, draft: &mut Draft) {
    unique_names(sink, draft);
    add_listed(sink, draft);
    add_default_levels(draft);
    let draft = &*draft;
    let ids = ids_by_name(draft);
    both_lists(sink, draft, &ids);
    narrower(sink, draft, &ids);
    conflicts(sink, draft, &ids);
    inheritance::check(sink, draft);
    durations(sink, draft);
}

/// INVARIANT(permission-exact): every id and alias means one entitlement.
fn unique_names(sink: &mut Sink, draft: &Draft) {
    let catalogue = &draft.policy.catalogue;
    let mut taken: HashMap<&str, (&str, Spot)> = HashMap::with_capacity(catalogue.len());
    for (entry, spots) in catalogue.iter().zip(&draft.entries) {
        taken.insert(&entry.id, (&entry.id, spots.id));
    }
    for (entry, spots) in catalogue.iter().zip(&draft.entries) {
        for (alias, spot) in entry.aliases.iter().zip(&spots.aliases) {
            match taken.get(alias.as_str()) {
                None => {
                    taken.insert(alias, (&entry.id, *spot));
                }
                Some((owner, first)) => {
                    let message = format!(
                        "the alias `{alias}` of `{}` is already a name of `{owner}`",
                        entry.id
                    );
                    sink.push(
                        Problem::new(Code::AliasClash, *spot, message)
                            .label(format!("also on line {}", first.line))
                            .help("one name, one entitlement: remove the alias here or there"),
                    );
                }
            }
        }
    }
}

/// Adds a plain entry for everything that a role lists and the catalogue lacks, in the file's order.
fn add_listed(sink: &mut Sink, draft: &mut Draft) {
    let policy = &mut draft.policy;
    let mut known: HashSet<&str> = HashSet::new();
    for entry in &policy.catalogue {
        known.insert(&entry.id);
        known.extend(entry.aliases.iter().map(String::as_str));
    }
    let mut added = Vec::new();
    for listed in policy
        .roles
        .iter()
        .flat_map(|role| role.standard.iter().chain(&role.grantable))
    {
        if known.insert(&listed.entitlement) {
            added.push(plain_entry(&listed.entitlement));
        }
    }
    policy.catalogue.extend(added);
    if policy.catalogue.len() > ENTITLEMENTS_MAX {
        let message = format!(
            "{} entitlements with those of the roles, more than {ENTITLEMENTS_MAX}",
            policy.catalogue.len()
        );
        sink.push(Problem::new(
            Code::ValueTooMany,
            Spot::new(1, 1, 1),
            message,
        ));
    }
}

fn add_default_levels(draft: &mut Draft) {
    let levels = &mut draft.policy.levels;
    if !levels.iter().any(|order| order.resource.is_empty()) {
        levels.push(LevelOrder {
            levels: ["read", "write", "admin"].map(str::to_owned).to_vec(),
            ..LevelOrder::default()
        });
    }
}

/// The catalogue id behind every name.
type Ids<'a> = HashMap<&'a str, &'a str>;

fn ids_by_name(draft: &Draft) -> Ids<'_> {
    let mut ids = HashMap::with_capacity(draft.policy.catalogue.len());
    for entry in &draft.policy.catalogue {
        for alias in &entry.aliases {
            ids.insert(alias.as_str(), entry.id.as_str());
        }
    }
    // Ids last: an alias that clashes with one is refused already and must not hide it.
    for entry in &draft.policy.catalogue {
        ids.insert(&entry.id, &entry.id);
    }
    ids
}

fn id_of<'a>(ids: &Ids<'a>, name: &'a str) -> &'a str {
    ids.get(name).copied().unwrap_or(name)
}

/// Within one role an entitlement is either standard or grantable; twice in one list is a warning.
fn both_lists<'a>(sink: &mut Sink, draft: &'a Draft, ids: &Ids<'a>) {
    for role in &draft.policy.roles {
        let mut standard: HashMap<&str, u32> = HashMap::new();
        let mut grantable: HashSet<&str> = HashSet::new();
        for listed in &role.standard {
            let id = id_of(ids, &listed.entitlement);
            if standard.insert(id, listed.place.line).is_some() {
                sink.push(twice(
                    &role.name,
                    &listed.entitlement,
                    "standard",
                    Spot::of(listed.place, &listed.entitlement),
                ));
            }
        }
        for listed in &role.grantable {
            let id = id_of(ids, &listed.entitlement);
            let spot = Spot::of(listed.place, &listed.entitlement);
            if let Some(line) = standard.get(id) {
                let message = format!(
                    "`{}` is both standard and grantable in the role `{}`",
                    listed.entitlement, role.name
                );
                sink.push(
                    Problem::new(Code::RoleBoth, spot, message)
                        .label(format!("standard on line {line}"))
                        .help("keep it in `grantable` if a person should look at each request, else in `standard`"),
                );
            } else if !grantable.insert(id) {
                sink.push(twice(&role.name, &listed.entitlement, "grantable", spot));
            }
        }
    }
}

fn twice(role: &str, entitlement: &str, list: &str, spot: Spot) -> Problem {
    let message = format!("the role `{role}` lists `{entitlement}` twice in `{list}`");
    Problem::new(Code::ValueRepeated, spot, message).warning()
}

/// `narrower` names a catalogue id, and following it comes to an end.
fn narrower(sink: &mut Sink, draft: &Draft, ids: &Ids<'_>) {
    let mut next: HashMap<&str, (&str, Spot)> = HashMap::new();
    for (entry, spots) in draft.policy.catalogue.iter().zip(&draft.entries) {
        let Some(target) = &entry.narrower else {
            continue;
        };
        match ids.get(target.as_str()) {
            Some(id) if *id == target => {
                next.insert(&entry.id, (target, spots.narrower));
            }
            Some(id) => sink.push(
                Problem::new(
                    Code::NarrowerUnknown,
                    spots.narrower,
                    format!("`{target}` is an alias"),
                )
                .label("an alias")
                .help(format!("write the id, `{id}`")),
            ),
            None => {
                let known = draft.policy.catalogue.iter().map(|entry| entry.id.as_str());
                let hint = sink.did_you_mean(target, known);
                let message = format!(
                    "`{target}`, narrower than `{}`, is not in the catalogue",
                    entry.id
                );
                sink.push(
                    Problem::new(Code::NarrowerUnknown, spots.narrower, message)
                        .label("unknown entitlement")
                        .help("catalogue it, or list it in a role")
                        .help_if(hint),
                );
            }
        }
    }
    narrower_circles(sink, draft, &next);
}

/// Follows each `narrower` to its end; every entitlement is walked once.
fn narrower_circles(sink: &mut Sink, draft: &Draft, next: &HashMap<&str, (&str, Spot)>) {
    let mut settled: HashSet<&str> = HashSet::new();
    for entry in &draft.policy.catalogue {
        let mut path: Vec<&str> = Vec::new();
        let mut on_path: HashSet<&str> = HashSet::new();
        let mut at = entry.id.as_str();
        let mut closed_by = None;
        while !settled.contains(at) {
            if !on_path.insert(at) {
                closed_by = path
                    .last()
                    .and_then(|last| next.get(last))
                    .map(|(_, spot)| *spot);
                break;
            }
            path.push(at);
            let Some((following, _)) = next.get(at) else {
                break;
            };
            at = following;
        }
        if let Some(spot) = closed_by {
            let message = format!(
                "narrower entitlements go in a circle: {}",
                inheritance::circle(&path, at)
            );
            sink.push(
                Problem::new(Code::NarrowerCycle, spot, message)
                    .label("closes the circle")
                    .help("`narrower` goes one step down, and ends"),
            );
        }
        settled.extend(path);
    }
}

/// Each rule has an id of its own and at least two different sides, aliases counted as what they name.
fn conflicts<'a>(sink: &mut Sink, draft: &'a Draft, ids: &Ids<'a>) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (rule, sides) in draft.policy.conflicts.iter().zip(&draft.conflicts) {
        let line = Spot::of(rule.place, "").line;
        if let Some(first) = seen.insert(&rule.id, line) {
            let here = Spot::of(rule.place, &rule.id);
            let message = format!("two separation-of-duties rules have the id `{}`", rule.id);
            sink.push(
                Problem::new(Code::SodDuplicateId, here, message)
                    .label(format!("first on line {first}"))
                    .help("a rule without an id is `sod-` and its number in the list, from 1"),
            );
        }
        let distinct: HashSet<&str> = rule
            .sides
            .iter()
            .map(|side| id_of(ids, &side.text))
            .collect();
        if sides.all_read && distinct.len() < 2 {
            let message = format!("the rule `{}` has fewer than two different sides", rule.id);
            sink.push(
                Problem::new(Code::SodSides, sides.spot, message)
                    .label("fewer than two different sides")
                    .help("a conflict is between different entitlements; an alias is the same as what it names"),
            );
        } else if distinct.len() < rule.sides.len() {
            let message = format!("the rule `{}` names a side twice", rule.id);
            sink.push(Problem::new(Code::ValueRepeated, sides.spot, message).warning());
        }
    }
}

/// default <= maximum <= window, and no entitlement's own maximum above the policy's.
fn durations(sink: &mut Sink, draft: &Draft) {
    let rules = &draft.policy.duration;
    let spots = &draft.duration;
    if rules.default > rules.maximum {
        let spot = spots.default.or(spots.maximum).unwrap_or_default();
        let message = format!(
            "the default duration, {}, is above the maximum, {}",
            rules.default, rules.maximum
        );
        sink.push(
            Problem::new(Code::DurationAboveMaximum, spot, message)
                .label(above(rules.maximum))
                .help("lower `duration.default`, or raise `duration.maximum` on purpose"),
        );
    }
    if rules.window < rules.maximum {
        let spot = spots.window.or(spots.maximum).unwrap_or_default();
        let message = format!(
            "the window, {}, is shorter than the maximum, {}, which then bounds nothing",
            rules.window, rules.maximum
        );
        sink.push(
            Problem::new(Code::DurationWindow, spot, message)
                .label("the window must hold the maximum")
                .help("`duration.window` is the time over which durations add up: make it at least the maximum"),
        );
    }
    for (entry, spots) in draft.policy.catalogue.iter().zip(&draft.entries) {
        let Some(maximum) = entry.maximum.filter(|maximum| *maximum > rules.maximum) else {
            continue;
        };
        let message = format!(
            "the maximum of `{}`, {maximum}, is above the policy's, {}",
            entry.id, rules.maximum
        );
        sink.push(
            Problem::new(Code::DurationAboveMaximum, spots.maximum, message)
                .label(above(rules.maximum))
                .help(
                    "an entry may only shorten; lower it, or raise `duration.maximum` on purpose",
                ),
        );
    }
}

fn above(maximum: Minutes) -> String {
    format!("above {maximum}")
}
