//! A second opinion on danger and conflicts: plain text comparison that shares no code with the rules, so that "never
//! granted by itself" is not judged by what granted it.
//!
//! It reads the policy as a person would: a pattern is text with stars, letters of either case, the whole name. It is
//! asked only about what would be granted, and it is narrower than the gate on purpose: it knows no look-alike letters,
//! tokens or targets. What it finds is a fault of the gate or of the policy; what it does not find is no proof.

use std::collections::{HashMap, HashSet};

use decision::request::Access;
use decision::rules::class::Class;
use decision::rules::policy::{Entitlement, Environment, Policy, Sensitivity};

/// A side of a rule: position of the rule, then of the side in it.
pub(crate) type PlainSide = (u32, u32);

/// The policy as text.
#[derive(Debug)]
pub(crate) struct Plain<'p> {
    /// Number of sides of each rule.
    rules: Vec<u32>,
    entries: HashMap<&'p str, &'p Entitlement>,
    /// Patterns of danger: whole resources, whole levels, and those with other stars.
    resources: HashSet<String>,
    levels: HashSet<String>,
    danger: Vec<String>,
    /// Levels in small letters, lowest first, by resource in small letters; the default is under no text.
    orders: HashMap<String, Vec<String>>,
    literal: HashMap<String, Vec<PlainSide>>,
    starred: Vec<(String, PlainSide)>,
}

impl<'p> Plain<'p> {
    pub(crate) fn new(policy: &'p Policy) -> Self {
        let built_in = Class::BUILT_IN
            .into_iter()
            .flat_map(|class| class.built_in_patterns());
        let added = policy.never_auto.iter().flat_map(|added| &added.patterns);
        let written = policy
            .privileged
            .iter()
            .chain(added)
            .map(|pattern| &*pattern.text);
        let mut plain = Self {
            rules: Vec::new(),
            entries: HashMap::new(),
            resources: HashSet::new(),
            levels: HashSet::new(),
            danger: Vec::new(),
            orders: HashMap::new(),
            literal: HashMap::new(),
            starred: Vec::new(),
        };
        for pattern in built_in.copied().chain(written).map(whole) {
            let is_whole = |text: &str| !text.contains(['*', ':']);
            if let Some(resource) = pattern.strip_suffix(":*").filter(|text| is_whole(text)) {
                plain.resources.insert(resource.to_owned());
            } else if let Some(level) = pattern.strip_prefix("*:").filter(|text| is_whole(text)) {
                plain.levels.insert(level.to_owned());
            } else {
                plain.danger.push(pattern);
            }
        }
        for order in &policy.levels {
            let levels = order.levels.iter().map(|level| level.to_lowercase());
            let own = plain.orders.entry(order.resource.to_lowercase());
            own.or_insert_with(|| levels.collect());
        }
        for entry in &policy.catalogue {
            plain.entries.insert(&entry.id, entry);
            for alias in &entry.aliases {
                plain.entries.insert(alias, entry);
            }
        }
        for (rule, number) in policy.conflicts.iter().zip(0..) {
            plain.rules.push(rule.sides.iter().map(|_| 1).sum());
            for (side, position) in rule.sides.iter().zip(0..) {
                if side.text.contains('*') {
                    plain.starred.push((whole(&side.text), (number, position)));
                } else {
                    let entry = plain.entries.get(side.text.as_str());
                    let id = entry.map_or(side.text.as_str(), |entry| entry.id.as_str());
                    let found = plain.literal.entry(id.to_lowercase()).or_default();
                    found.push((number, position));
                }
            }
        }
        plain
    }

    /// Whether a person who reads the policy would call it privileged, production, sensitive or security tooling.
    pub(crate) fn is_dangerous(&self, name: &str) -> bool {
        let declared = self
            .entries
            .get(Access::new(name).canonical())
            .is_some_and(|entry| {
                entry.environment == Environment::Production
                    || entry.sensitivity == Sensitivity::Restricted
            });
        declared || self.names(name).iter().any(|name| self.is_named(name))
    }

    /// Whether a pattern of danger is the whole of `name`, in small letters.
    fn is_named(&self, name: &str) -> bool {
        let colons = name.match_indices(':');
        let mut resources = colons.filter_map(|(colon, _)| name.get(..colon));
        let level = name.rsplit_once(':').map(|(_, level)| level);
        resources.any(|resource| self.resources.contains(resource))
            || level.is_some_and(|level| self.levels.contains(level))
            || self
                .danger
                .iter()
                .any(|pattern| catches(pattern.as_bytes(), name.as_bytes()))
    }

    /// The sides that holding `name` fulfils, lower levels of the same resource included, sorted.
    pub(crate) fn sides(&self, name: &str) -> Vec<PlainSide> {
        let mut sides = Vec::new();
        for name in self.names(name) {
            for held in self.lower(&name).into_iter().chain([name]) {
                sides.extend(self.literal.get(&held).into_iter().flatten());
                let starred = self.starred.iter();
                let caught = starred.filter(|(text, _)| catches(text.as_bytes(), held.as_bytes()));
                sides.extend(caught.map(|(_, side)| *side));
            }
        }
        sides.sort_unstable();
        sides.dedup();
        sides
    }

    /// Whether `asked` completes a rule together with `held`, or by itself. `held` is sorted.
    pub(crate) fn is_conflict(&self, asked: &[PlainSide], held: &[PlainSide]) -> bool {
        asked.iter().any(|(rule, _)| {
            let sides = self.rules.get(*rule as usize).copied().unwrap_or(0);
            sides > 0
                && (0..sides).all(|position| {
                    let side = (*rule, position);
                    asked.contains(&side) || held.binary_search(&side).is_ok()
                })
        })
    }

    /// The name as asked, the catalogue id and every alias, in small letters.
    fn names(&self, name: &str) -> Vec<String> {
        let access = Access::new(name);
        let mut names = vec![access.canonical().to_lowercase()];
        if let Some(entry) = self.entries.get(access.canonical()) {
            let others = entry.aliases.iter().chain([&entry.id]);
            names.extend(others.map(|other| other.to_lowercase()));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of lower levels of the same resource; a level in no order gives all of them.
    fn lower(&self, name: &str) -> Vec<String> {
        let Some((resource, level)) = name.rsplit_once(':') else {
            return Vec::new();
        };
        let order = self.orders.get(resource).or_else(|| self.orders.get(""));
        let levels = order.map_or(&[][..], Vec::as_slice);
        let place = levels.iter().position(|one| one == level);
        let below = levels.iter().take(place.unwrap_or(levels.len()));
        below.map(|level| format!("{resource}:{level}")).collect()
    }
}

/// A pattern in small letters; one that names no level means every level.
fn whole(pattern: &str) -> String {
    let pattern = pattern.to_lowercase();
    if pattern.contains(':') {
        pattern
    } else {
        pattern + ":*"
    }
}

/// Whether `pattern`, in which a star is any text, is the whole of `name`.
fn catches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    // Where to go on when the last star has to take one more letter.
    let mut again: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, name) {
            ([b'*', rest @ ..], _) => {
                again = Some((rest, name));
                pattern = rest;
            }
            ([wanted, rest @ ..], [letter, after @ ..]) if wanted == letter => {
                (pattern, name) = (rest, after);
            }
            ([], []) => return true,
            _ => match again {
                Some((rest, [_, after @ ..])) => {
                    again = Some((rest, after));
                    (pattern, name) = (rest, after);
                }
                Some((_, [])) | None => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decision::rules::policy::{ConflictRule, LevelOrder, Pattern};

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name, expected) in [
            ("*:admin", "db:admin", true),
            ("*:admin", "db:administrator", false),
            ("prod*:*", "prod-db:read", true),
            ("a*b*c", "axxbxbxc", true),
            ("a*b*c", "axxbxbx", false),
            ("*", "", true),
            ("", "a", false),
        ] {
            let caught = catches(pattern.as_bytes(), name.as_bytes());
            assert_eq!(caught, expected, "{pattern} {name}");
        }
        assert_eq!(whole("Prod"), "prod:*");
    }

    #[test]
    fn sides_and_conflicts() {
        let pattern = |text: &str| Pattern {
            text: text.into(),
            ..Pattern::default()
        };
        let policy = Policy {
            levels: vec![LevelOrder {
                levels: ["read", "create", "approve"].map(String::from).to_vec(),
                ..LevelOrder::default()
            }],
            conflicts: vec![ConflictRule {
                id: "sod-1".into(),
                sides: vec![pattern("vendor:create"), pattern("Pay*:approve")],
                ..ConflictRule::default()
            }],
            ..Policy::default()
        };
        let plain = Plain::new(&policy);
        assert_eq!(plain.sides("vendor:approve"), [(0, 0)]);
        assert_eq!(plain.sides("payment:approve"), [(0, 1)]);
        assert!(plain.is_conflict(&[(0, 0)], &[(0, 1)]));
        assert!(!plain.is_conflict(&[(0, 0)], &[]));
        for (name, expected) in [
            ("DB:Admin", true),
            ("db:read", false),
            ("prod:db:read", true),
            ("Prod", false),
            ("production:x", true),
        ] {
            assert_eq!(plain.is_dangerous(name), expected, "{name}");
        }
    }
}
