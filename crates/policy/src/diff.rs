//! The difference between two policies: who could newly get what, automatically or after a review.

use std::collections::BTreeSet;

use decision::findings::{Kind, Lifting};
use decision::rules::Rules;
use decision::rules::policy::Policy;
use decision::time::Timestamp;
use decision::verdict::{Standing, rule};
use serde::Serialize;

use crate::conditions::CedarConditions;
use crate::enumerate::Ways;

/// Most differences that are kept; the rest is counted.
pub const KEPT_MAX: usize = 1_000;

/// How far somebody in a role gets with an entitlement, when everything else is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Not at all.
    Never,
    /// After a review.
    Reviewed,
    /// Without one.
    Automatic,
}

impl Reach {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Reviewed => "after a review",
            Self::Automatic => "automatically",
        }
    }
}

/// One pair of role and entitlement that another policy treats otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The role.
    pub role: String,
    /// The entitlement.
    pub entitlement: String,
    /// Under the old policy.
    pub before: Reach,
    /// Under the new policy.
    pub after: Reach,
}

/// The difference. What loosens comes first everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Digest of the old policy.
    pub old: String,
    /// Digest of the new policy.
    pub new: String,
    /// Pairs that get further, at most [`KEPT_MAX`].
    pub gained: Vec<Change>,
    /// How many there are.
    pub gained_count: u64,
    /// Pairs that get less far, at most [`KEPT_MAX`].
    pub lost: Vec<Change>,
    /// How many there are.
    pub lost_count: u64,
    /// Rules and settings that went or became wider, a sentence each.
    pub loosened: Vec<String>,
    /// Rules and settings that came or became narrower, a sentence each.
    pub tightened: Vec<String>,
}

impl Difference {
    /// Whether nothing differs that anybody could notice.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gained_count == 0
            && self.lost_count == 0
            && self.loosened.is_empty()
            && self.tightened.is_empty()
    }
}

/// A policy with what evaluates its conditions.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The compiled policy.
    pub rules: &'a Rules,
    /// Its conditions, when it has any.
    pub conditions: Option<&'a CedarConditions>,
}

/// Goes through every role and entitlement of both policies, a permit taken at its best, and through their rules.
#[must_use]
pub fn diff(old: Side<'_>, new: Side<'_>) -> Difference {
    let mut found = Difference {
        old: old.rules.policy().digest.clone(),
        new: new.rules.policy().digest.clone(),
        ..Difference::default()
    };
    let roles: BTreeSet<&str> = both(old, new, |policy| {
        policy.roles.iter().map(|role| role.name.as_str()).collect()
    });
    let entitlements: BTreeSet<&str> = both(old, new, |policy| {
        policy
            .catalogue
            .iter()
            .map(|entry| entry.id.as_str())
            .collect()
    });
    let (old_ways, new_ways) = (Ways::of(old.rules), Ways::of(new.rules));
    for role in &roles {
        for entitlement in &entitlements {
            let before = reach(old.rules, &old_ways, role, entitlement);
            let after = reach(new.rules, &new_ways, role, entitlement);
            let (list, count) = match after.cmp(&before) {
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Greater => (&mut found.gained, &mut found.gained_count),
                std::cmp::Ordering::Less => (&mut found.lost, &mut found.lost_count),
            };
            *count = count.saturating_add(1);
            if list.len() < KEPT_MAX {
                list.push(Change {
                    role: (*role).to_owned(),
                    entitlement: (*entitlement).to_owned(),
                    before,
                    after,
                });
            }
        }
    }
    // The most dangerous first: what became automatic.
    found
        .gained
        .sort_by(|a, b| b.after.cmp(&a.after).then_with(|| a.cmp(b)));
    rules_of(&mut found, old, new);
    found
}

fn both<'a>(
    old: Side<'a>,
    new: Side<'a>,
    names: impl Fn(&'a Policy) -> Vec<&'a str>,
) -> BTreeSet<&'a str> {
    let mut all: BTreeSet<&str> = names(old.rules.policy()).into_iter().collect();
    all.extend(names(new.rules.policy()));
    all
}

fn reach(rules: &Rules, ways: &Ways, role: &str, entitlement: &str) -> Reach {
    // A name that is an alias today is not the id that it may be tomorrow.
    let id = rules.entitlement(entitlement);
    let entry = id.and_then(|id| rules.entry(id));
    let (Some(role), Some(id), true) = (
        rules.role(role),
        id,
        entry.is_some_and(|entry| entry.id == entitlement),
    ) else {
        return Reach::Never;
    };
    let own = [role];
    let ruling = rule(&ways.case(rules, &own, id), rules, Timestamp::default());
    let blocked = |kind: Kind| kind.row().lifting == Lifting::Nobody;
    match ruling.standing() {
        Standing::Automatic => Reach::Automatic,
        Standing::Reviewed | Standing::Withheld if ruling.findings.iter().any(blocked) => {
            Reach::Never
        }
        Standing::Reviewed | Standing::Withheld => Reach::Reviewed,
    }
}

/// Segregation of duties, patterns, approvals, durations, conditions: what went and what came.
fn rules_of(found: &mut Difference, old: Side<'_>, new: Side<'_>) {
    let separation = |policy: &Policy| -> BTreeSet<String> {
        let rules = policy.conflicts.iter();
        rules
            .map(|rule| {
                let mut sides: Vec<&str> =
                    rule.sides.iter().map(|side| side.text.as_str()).collect();
                sides.sort_unstable();
                format!("segregation-of-duties rule {}", sides.join(" + "))
            })
            .collect()
    };
    let patterns = |policy: &Policy| -> BTreeSet<String> {
        let privileged = policy
            .privileged
            .iter()
            .map(|it| format!("privileged pattern {}", it.text));
        let added = policy.never_auto.iter().flat_map(|added| {
            let texts = added.patterns.iter();
            texts.map(|it| format!("never-auto pattern {} ({})", it.text, added.class))
        });
        privileged.chain(added).collect()
    };
    for names in [separation, patterns] {
        let (before, after) = (names(old.rules.policy()), names(new.rules.policy()));
        found.loosened.extend(
            before
                .difference(&after)
                .map(|name| format!("{name}: gone")),
        );
        found
            .tightened
            .extend(after.difference(&before).map(|name| format!("{name}: new")));
    }
    conditions(found, old, new);
    durations(found, old, new);
    approvals(found, old, new);
}

fn conditions(found: &mut Difference, old: Side<'_>, new: Side<'_>) {
    let outlined = |side: Side<'_>| -> Vec<(String, bool, String)> {
        let bodies = side
            .conditions
            .map(|own| own.outlines().map(|outline| outline.text.clone()));
        (side.rules.policy().conditions.iter())
            .zip(bodies.into_iter().flatten())
            .map(|(condition, body)| {
                let permit = crate::conditions::is_permit(&condition.effect);
                let text = format!("{:?} {body}", condition.effect);
                (condition.id.clone(), permit, text)
            })
            .collect()
    };
    let (before, after) = (outlined(old), outlined(new));
    for (id, permit, text) in &before {
        match after.iter().find(|(other, ..)| other == id) {
            Some((_, _, now)) if now == text => {}
            // What a changed condition loosens cannot be told from its text: it is looked at.
            Some(_) => found.loosened.push(format!("condition `{id}`: changed")),
            None if *permit => found.tightened.push(format!("permit `{id}`: gone")),
            None => found.loosened.push(format!("forbid `{id}`: gone")),
        }
    }
    for (id, permit, _) in &after {
        if before.iter().any(|(other, ..)| other == id) {
            continue;
        }
        if *permit {
            found.loosened.push(format!("permit `{id}`: new"));
        } else {
            found.tightened.push(format!("forbid `{id}`: new"));
        }
    }
}

fn durations(found: &mut Difference, old: Side<'_>, new: Side<'_>) {
    let (before, after) = (old.rules.policy(), new.rules.policy());
    let mut compare = |name: String, before: u32, after: u32| {
        let words = |minutes| decision::time::Minutes(minutes).to_string();
        let text = format!("{name}: {} → {}", words(before), words(after));
        match after.cmp(&before) {
            std::cmp::Ordering::Greater => found.loosened.push(text),
            std::cmp::Ordering::Less => found.tightened.push(text),
            std::cmp::Ordering::Equal => {}
        }
    };
    compare(
        "default duration".to_owned(),
        before.duration.default.0,
        after.duration.default.0,
    );
    compare(
        "longest duration".to_owned(),
        before.duration.maximum.0,
        after.duration.maximum.0,
    );
    // A longer window makes the same ceiling narrower.
    compare(
        "rolling window".to_owned(),
        after.duration.window.0,
        before.duration.window.0,
    );
    for entry in &after.catalogue {
        let maximum = |rules: &Rules| {
            let id = rules.entitlement(&entry.id)?;
            Some(rules.facts(id)?.maximum.0)
        };
        if let (Some(before), Some(after)) = (maximum(old.rules), maximum(new.rules)) {
            compare(format!("longest duration of {}", entry.id), before, after);
        }
    }
}

fn approvals(found: &mut Difference, old: Side<'_>, new: Side<'_>) {
    for entry in &new.rules.policy().catalogue {
        let required = |rules: &Rules| {
            let id = rules.entitlement(&entry.id)?;
            Some(rules.facts(id)?.required)
        };
        let (Some(before), Some(after)) = (required(old.rules), required(new.rules)) else {
            continue;
        };
        for kind in before.without(after).iter() {
            let text = format!("{}: {} approval no longer required", entry.id, kind.title());
            found.loosened.push(text);
        }
        for kind in after.without(before).iter() {
            found.tightened.push(format!(
                "{}: {} approval now required",
                entry.id,
                kind.title()
            ));
        }
    }
}
