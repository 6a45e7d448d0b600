//! Segregation of duties in words: each rule with what fulfils its sides.

use std::collections::BTreeMap;

use crate::evidence::Frozen;
use crate::evidence::freeze::asked_ways;
use crate::evidence::record::Given;
use crate::findings::separation::{RuleStanding, for_each_rule};
use crate::rules::Rules;
use crate::rules::ids::{ConflictId, SideId};
use crate::rules::policy::ConflictRule;

/// The rules that stand like that towards the request, by id, with the path of each half.
#[must_use]
pub fn conflicts(frozen: &Frozen, rules: &Rules, wanted: RuleStanding) -> Vec<ConflictFacts> {
    let case = frozen.case();
    let mut found: BTreeMap<&str, (ConflictId, &ConflictRule)> = BTreeMap::new();
    for_each_rule(&case, rules, |conflict, standing| {
        if standing == wanted
            && let Some(rule) = rules.policy().conflicts.get(conflict.index())
        {
            found.insert(&rule.id, (conflict, rule));
        }
    });
    let own = case.entitlement.map_or(&[][..], |id| rules.sides_of(id));
    let ways = asked_ways(frozen.evidence(), rules);
    let requested = |side: SideId| {
        if own.contains(&side) {
            return Some(HeldBy::Requested(Vec::new()));
        }
        // By itself first, so that what its target gives is named only where that makes the half.
        let fulfilling = ways.iter().filter(|way| way.sides.contains(&side));
        let shortest =
            fulfilling.min_by_key(|way| way.given.map(|given| (given.path.len(), given)));
        shortest.map(|way| HeldBy::Requested(way.given.map(Given::way).unwrap_or_default()))
    };
    let facts = found.into_values().map(|(_, rule)| ConflictFacts {
        asked: frozen.evidence().request.access.asked().to_owned(),
        rule: rule.clone(),
        sides: rule
            .sides
            .iter()
            .map(|pattern| {
                let side = side_of(rules, &pattern.text);
                let held = side.and_then(|side| holder(frozen, side));
                let by = held.or_else(|| side.and_then(requested));
                (pattern.text.clone(), by)
            })
            .collect(),
    });
    facts.collect()
}

/// A segregation-of-duties rule with how each side is fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictFacts {
    /// What is asked for, as it was asked.
    pub asked: String,
    /// The rule.
    pub rule: ConflictRule,
    /// Each side in the rule's order: its text, and by what it is fulfilled (`None`: not, as far as is known).
    pub sides: Vec<(String, Option<HeldBy>)>,
}

/// By what a side is fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// By this request: the way from what is asked for to what its target gives, empty when it fulfils the side itself.
    Requested(Vec<String>),
    /// By something that is held, or that stands behind it: its name, and the path from the person outward, beginning
    /// with the linked identity when another than the beneficiary holds it.
    Held(String, Vec<String>),
}

/// The side of that text; an alias and its id are the same side.
pub(super) fn side_of(rules: &Rules, text: &str) -> Option<SideId> {
    let entry = rules.entitlement(text).and_then(|id| rules.entry(id));
    rules.side_named(entry.map_or(text, |entry| &entry.id))
}

/// What is held that fulfils `side`, first by name.
fn holder(frozen: &Frozen, side: SideId) -> Option<HeldBy> {
    let fulfilling = frozen
        .held()
        .iter()
        .filter(|held| held.sides.contains(&side));
    fulfilling
        .map(|held| (&held.name, &held.path))
        .min()
        .map(|(name, path)| HeldBy::Held(name.clone(), path.clone()))
}

pub(super) fn sentences(conflicts: &[ConflictFacts]) -> String {
    conflicts
        .iter()
        .map(conflict_sentence)
        .collect::<Vec<_>>()
        .join("; ")
}

fn conflict_sentence(facts: &ConflictFacts) -> String {
    let mut held = Vec::new();
    let mut requested = Vec::new();
    for (text, by) in &facts.sides {
        match by {
            Some(HeldBy::Held(name, path)) => {
                let path = if path.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", path.join(" → "))
                };
                let through = if name == text {
                    String::new()
                } else {
                    format!(" through '{name}'")
                };
                held.push(format!("'{text}'{through}{path}"));
            }
            Some(HeldBy::Requested(way)) if way.is_empty() => requested.push(format!("'{text}'")),
            Some(HeldBy::Requested(way)) => requested.push(format!(
                "'{text}' (which '{}' gives: {})",
                facts.asked,
                way.join(" → ")
            )),
            None => (),
        }
    }
    let reason = facts
        .rule
        .reason
        .as_deref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let exceptions = facts.rule.exceptions.iter();
    let accepted: Vec<String> = exceptions
        .map(|exception| {
            format!(
                "; accepted for {} until {}: {}",
                exception.person, exception.until, exception.control
            )
        })
        .collect();
    let opening = if held.is_empty() {
        format!("{} alone", requested.join(" and "))
    } else if requested.is_empty() {
        format!("the person already holds {}, which", held.join(" and "))
    } else {
        format!(
            "the person already holds {}; combining with {}",
            held.join(" and "),
            requested.join(" and ")
        )
    };
    format!(
        "{opening} violates segregation of duties rule {}{reason}{}",
        facts.rule.id,
        accepted.concat()
    )
}

pub(super) fn unverified(frozen: &Frozen, rules: &Rules) -> String {
    let missing: Vec<String> = conflicts(frozen, rules, RuleStanding::Unverified)
        .iter()
        .map(|facts| {
            let open: Vec<String> = facts
                .sides
                .iter()
                .filter(|(_, by)| by.is_none())
                .map(|(text, _)| format!("'{text}'"))
                .collect();
            format!("{} of rule {}", open.join(" and "), facts.rule.id)
        })
        .collect();
    let evidence = frozen.evidence();
    let linked = evidence.linked_identities();
    let logins: Vec<&str> = linked.keys().map(|id| evidence.login_of(id)).collect();
    let whose = if logins.is_empty() {
        String::new()
    } else {
        format!(", linked identities included ({}),", logins.join(", "))
    };
    format!(
        "the holdings{whose} do not cover every system in which the other half can live: {}",
        missing.join("; ")
    )
}
