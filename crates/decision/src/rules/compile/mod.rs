//! From a policy to compiled rules: names become numbers, patterns are expanded over the catalogue.

mod entry;
mod levels;
mod roles;
mod sides;

use std::collections::HashMap;

use self::entry::{entitlement_rules, system_of};
use self::levels::implied_levels;
use self::roles::role_lists;
use self::sides::{Sides, conflicts_of};
use super::class::Class;
use super::compiled::{Rules, Side};
use super::ids::{EntitlementId, Lists, RoleId, SideId, SystemId};
use super::pattern::{DangerPattern, PatternSet, Subject};
use super::policy::Policy;

pub(super) use levels::{is_level_mapped, lower_names};

pub use entry::subject_of;

impl Rules {
    /// Compiles `policy`. What roles list must be in the catalogue (the parser adds it).
    ///
    /// # Errors
    /// When a name is declared twice, is missing, or roles inherit in a circle.
    pub fn compile(policy: Policy) -> Result<Self, CompileError> {
        let names = entitlement_names(&policy)?;
        let role_names = number_names(policy.roles.iter().map(|role| role.name.as_str()))?;
        let role_names: HashMap<String, RoleId> = role_names
            .into_iter()
            .map(|(name, id)| (name, RoleId(id)))
            .collect();
        let systems = system_names(&policy);
        let (standard, grantable) = role_lists(&policy, &names, &role_names)?;
        let implied = implied_levels(&policy, &names)?;
        let danger = danger_patterns(&policy);
        let sides = Sides::collect(&policy, &names)?;
        let subjects: Vec<Subject> = policy.catalogue.iter().map(subject_of).collect();
        let own_sides: Vec<Vec<SideId>> = (policy.catalogue.iter().zip(&subjects))
            .map(|(entry, subject)| sides.matching(&entry.id, subject))
            .collect();
        let sides_of = Lists::new((0..policy.catalogue.len()).map(|index| {
            let own = own_sides.get(index).cloned().unwrap_or_default();
            let lower = policy.catalogue.get(index).into_iter();
            lower
                .flat_map(|entry| sides.of_lower(&policy, &names, &own_sides, &entry.id))
                .chain(own)
                .collect()
        }))
        .ok_or(CompileError::TooLarge)?;
        let mut side_systems = vec![Vec::new(); sides.texts.len()];
        let mut rules = Self {
            entitlements: Vec::with_capacity(policy.catalogue.len()),
            standard,
            grantable,
            implied,
            sides_of,
            conflicts_of: Lists::default(),
            sides: Vec::new(),
            sides_in: Lists::default(),
            side_systems: Lists::default(),
            severities: policy
                .conflicts
                .iter()
                .map(|conflict| conflict.severity)
                .collect(),
            star_sides: sides.stars,
            literal_sides: sides.literals,
            danger,
            required_when_not_standard: super::ApprovalSet::EMPTY,
            conditions: None,
            names,
            role_names,
            systems,
            policy: Policy::default(),
        };
        for (index, (entry, subject)) in policy.catalogue.iter().zip(&subjects).enumerate() {
            let system = rules
                .systems
                .get(system_of(entry))
                .copied()
                .unwrap_or_default();
            for side in rules.sides_of.get(index) {
                if let Some(systems) = side_systems.get_mut(side.index()) {
                    systems.push(system);
                }
            }
            rules
                .entitlements
                .push(entitlement_rules(&policy, &rules, entry, subject, system));
        }
        rules.sides = (sides.texts.into_iter().zip(&side_systems))
            .map(|(text, systems)| Side {
                text,
                anywhere: systems.is_empty(),
            })
            .collect();
        rules.conflicts_of = conflicts_of(&sides.by_conflict, rules.sides.len())?;
        rules.sides_in = Lists::new(sides.by_conflict).ok_or(CompileError::TooLarge)?;
        rules.side_systems = Lists::new(side_systems).ok_or(CompileError::TooLarge)?;
        rules.policy = policy;
        rules.note_shortcuts();
        Ok(rules)
    }
}

/// Why a policy cannot be compiled. The policy crate reports each of these with its place before; here they only
/// make sure that nothing ambiguous is ever compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// A name (id, alias, role or rule) is declared twice.
    Duplicate(String),
    /// A role inherits, or an entry or a role names, what does not exist.
    Unknown(String),
    /// Roles inherit in a circle through this one.
    Cycle(String),
    /// More names than fit in 32 bits.
    TooLarge,
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Duplicate(name) => write!(formatter, "`{name}` is declared twice"),
            Self::Unknown(name) => write!(formatter, "`{name}` is not declared"),
            Self::Cycle(name) => write!(formatter, "role `{name}` inherits from itself"),
            Self::TooLarge => formatter.write_str("the policy has too many names"),
        }
    }
}

impl std::error::Error for CompileError {}

fn number_names<'a>(
    names: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, u32>, CompileError> {
    let mut numbers = HashMap::new();
    for (number, name) in names.enumerate() {
        let number = u32::try_from(number).map_err(|_| CompileError::TooLarge)?;
        if numbers.insert(name.to_owned(), number).is_some() {
            return Err(CompileError::Duplicate(name.to_owned()));
        }
    }
    Ok(numbers)
}

fn entitlement_names(policy: &Policy) -> Result<HashMap<String, EntitlementId>, CompileError> {
    let ids = number_names(policy.catalogue.iter().map(|entry| entry.id.as_str()))?;
    let mut names: HashMap<String, EntitlementId> = ids
        .into_iter()
        .map(|(name, id)| (name, EntitlementId(id)))
        .collect();
    for (entry, number) in policy.catalogue.iter().zip(0..) {
        for alias in &entry.aliases {
            if names.insert(alias.clone(), EntitlementId(number)).is_some() {
                return Err(CompileError::Duplicate(alias.clone()));
            }
        }
    }
    Ok(names)
}

fn system_names(policy: &Policy) -> HashMap<String, SystemId> {
    let mut systems = HashMap::new();
    for entry in &policy.catalogue {
        let next = SystemId(u32::try_from(systems.len()).unwrap_or(u32::MAX));
        systems.entry(system_of(entry).to_owned()).or_insert(next);
    }
    systems
}

/// Numbers below four are the never-auto classes in their order; above them, positions of `privileged` patterns.
fn danger_patterns(policy: &Policy) -> PatternSet {
    let mut set = PatternSet::default();
    for (class, number) in Class::BUILT_IN.into_iter().zip(0..) {
        for text in class.built_in_patterns() {
            set.add(DangerPattern::parse(text), number);
        }
        for added in policy
            .never_auto
            .iter()
            .filter(|added| added.class == class)
        {
            for pattern in &added.patterns {
                set.add(DangerPattern::parse(&pattern.text), number);
            }
        }
    }
    for (pattern, number) in policy.privileged.iter().zip(4..) {
        set.add(DangerPattern::parse(&pattern.text), number);
    }
    set
}
