//! From a policy to compiled rules: names become numbers, patterns are expanded over the catalogue.

use std::collections::{HashMap, HashSet};

use super::class::Class;
use super::compiled::{ApprovalSet, EntitlementRules, Rules, Side};
use super::ids::{ConflictId, EntitlementId, Lists, RoleId, SideId, SystemId};
use super::pattern::{DangerPattern, PatternSet, Subject, divide};
use super::policy::{Entitlement, Environment, Policy, Sensitivity};
use crate::findings::risk::RiskPoints;

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
            required_when_not_standard: ApprovalSet::EMPTY,
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

fn system_of(entry: &Entitlement) -> &str {
    entry
        .system
        .as_deref()
        .unwrap_or_else(|| divide(&entry.id).0)
}

fn system_names(policy: &Policy) -> HashMap<String, SystemId> {
    let mut systems = HashMap::new();
    for entry in &policy.catalogue {
        let next = SystemId(u32::try_from(systems.len()).unwrap_or(u32::MAX));
        systems.entry(system_of(entry).to_owned()).or_insert(next);
    }
    systems
}

/// For every entitlement the roles that have it as standard and as grantable, inheritance followed.
fn role_lists(
    policy: &Policy,
    names: &HashMap<String, EntitlementId>,
    roles: &HashMap<String, RoleId>,
) -> Result<(Lists<RoleId>, Lists<RoleId>), CompileError> {
    let mut standard = vec![Vec::new(); policy.catalogue.len()];
    let mut grantable = vec![Vec::new(); policy.catalogue.len()];
    for (start, number) in policy.roles.iter().zip(0..) {
        let role = RoleId(number);
        // Depth first; `open` tells a circle from a role reached twice.
        let mut seen = HashSet::new();
        visit_ancestors(policy, roles, start, &mut seen, &mut Vec::new())?;
        for ancestor in seen
            .iter()
            .filter_map(|index: &usize| policy.roles.get(*index))
        {
            for (listed, lists) in [
                (&ancestor.standard, &mut standard),
                (&ancestor.grantable, &mut grantable),
            ] {
                for item in listed {
                    let unknown = || CompileError::Unknown(item.entitlement.clone());
                    let id = names.get(&item.entitlement).ok_or_else(unknown)?;
                    lists.get_mut(id.index()).ok_or_else(unknown)?.push(role);
                }
            }
        }
    }
    let whole = |lists| Lists::new(lists).ok_or(CompileError::TooLarge);
    Ok((whole(standard)?, whole(grantable)?))
}

fn visit_ancestors(
    policy: &Policy,
    roles: &HashMap<String, RoleId>,
    role: &super::policy::Role,
    seen: &mut HashSet<usize>,
    open: &mut Vec<String>,
) -> Result<(), CompileError> {
    if open.contains(&role.name) {
        return Err(CompileError::Cycle(role.name.clone()));
    }
    let own = roles
        .get(&role.name)
        .ok_or_else(|| CompileError::Unknown(role.name.clone()))?;
    if !seen.insert(own.index()) {
        return Ok(());
    }
    open.push(role.name.clone());
    for name in &role.inherits {
        let unknown = || CompileError::Unknown(name.clone());
        let id = roles.get(name).ok_or_else(unknown)?;
        let parent = policy.roles.get(id.index()).ok_or_else(unknown)?;
        visit_ancestors(policy, roles, parent, seen, open)?;
    }
    open.pop();
    Ok(())
}

/// The order of levels that applies to a resource.
fn levels_of<'a>(policy: &'a Policy, resource: &str) -> &'a [String] {
    let order = |wanted: &str| policy.levels.iter().find(|order| order.resource == wanted);
    order(resource)
        .or_else(|| order(""))
        .map_or(&[], |order| order.levels.as_slice())
}

/// The lower levels of the same resource, as names, whether they are catalogued or not. All levels when the name's own
/// stands in no order; none for a name without a level.
pub(super) fn lower_names(policy: &Policy, name: &str) -> Vec<String> {
    let Some((resource, level)) = name.rsplit_once(':') else {
        return Vec::new();
    };
    let levels = levels_of(policy, resource);
    let below = levels.iter().position(|known| known == level);
    let lower = levels.iter().take(below.unwrap_or(levels.len()));
    lower.map(|level| format!("{resource}:{level}")).collect()
}

fn implied_levels(
    policy: &Policy,
    names: &HashMap<String, EntitlementId>,
) -> Result<Lists<EntitlementId>, CompileError> {
    Lists::new(policy.catalogue.iter().zip(0..).map(|(entry, number)| {
        let (resource, level) = divide(&entry.id);
        let levels = levels_of(policy, resource);
        let below = levels.iter().position(|name| name == level).unwrap_or(0);
        let lower = levels.iter().take(below);
        lower
            .filter_map(|name| names.get(&format!("{resource}:{name}")).copied())
            .chain([EntitlementId(number)])
            .collect()
    }))
    .ok_or(CompileError::TooLarge)
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

/// Everything by which a catalogue entry can be recognised.
#[must_use]
pub fn subject_of(entry: &Entitlement) -> Subject {
    let mut subject = Subject::new().with_access(&entry.id);
    for alias in &entry.aliases {
        subject = subject.with_access(alias);
    }
    for tag in &entry.tags {
        subject = subject.with_label(tag);
    }
    if let Some(system) = &entry.system {
        subject = subject.with_label(system);
    }
    match entry.environment {
        Environment::Production => subject.with_label("production prod"),
        Environment::Unstated
        | Environment::Development
        | Environment::Test
        | Environment::Staging => subject,
    }
}

fn entitlement_rules(
    policy: &Policy,
    rules: &Rules,
    entry: &Entitlement,
    subject: &Subject,
    system: SystemId,
) -> EntitlementRules {
    let (mut classes, privileged) = rules.danger_of(subject);
    let (resource, level) = divide(&entry.id);
    let level_mapped = levels_of(policy, resource).iter().any(|name| name == level);
    if !level_mapped {
        classes = classes.with(Class::Admin);
    }
    if entry.environment == Environment::Production {
        classes = classes.with(Class::Production);
    }
    if entry.sensitivity == Sensitivity::Restricted {
        classes = classes.with(Class::SensitiveData);
    }
    let approvals = &policy.approvals;
    let mut required = ApprovalSet::of(approvals.every.iter().copied());
    if privileged {
        required = required.union(ApprovalSet::of(approvals.privileged.iter().copied()));
    }
    for (class, kinds) in &approvals.by_class {
        if classes.contains(*class) {
            required = required.union(ApprovalSet::of(kinds.iter().copied()));
        }
    }
    EntitlementRules {
        is_grantable: false,
        is_in_conflict: false,
        classes,
        privileged,
        level_mapped,
        standing: entry.standing.is_some(),
        owned: entry.owner.is_some(),
        required,
        points: RiskPoints::of_entitlement(
            classes,
            privileged,
            entry.sensitivity,
            entry.blast_radius,
        ),
        maximum: entry.maximum.map_or(policy.duration.maximum, |own| {
            if own < policy.duration.maximum {
                own
            } else {
                policy.duration.maximum
            }
        }),
        narrower: entry
            .narrower
            .as_deref()
            .and_then(|name| rules.entitlement(name)),
        system,
    }
}

/// The sides of all rules, each text once.
struct Sides {
    texts: Vec<String>,
    stars: PatternSet,
    literals: HashMap<String, SideId>,
    by_conflict: Vec<Vec<SideId>>,
}

impl Sides {
    fn collect(
        policy: &Policy,
        names: &HashMap<String, EntitlementId>,
    ) -> Result<Self, CompileError> {
        let mut sides = Self {
            texts: Vec::new(),
            stars: PatternSet::default(),
            literals: HashMap::new(),
            by_conflict: Vec::new(),
        };
        let mut numbers: HashMap<String, SideId> = HashMap::new();
        for conflict in &policy.conflicts {
            let mut own = Vec::new();
            for pattern in &conflict.sides {
                // An alias and its id are the same side.
                let entry = names
                    .get(&pattern.text)
                    .and_then(|id| policy.catalogue.get(id.index()));
                let text = entry.map_or(&pattern.text, |entry| &entry.id);
                let next = u32::try_from(sides.texts.len()).map_err(|_| CompileError::TooLarge)?;
                let side = *numbers.entry(text.clone()).or_insert(SideId(next));
                if side.0 == next {
                    sides.texts.push(text.clone());
                    if text.contains('*') {
                        sides.stars.add(DangerPattern::parse(text), next);
                    } else {
                        sides.literals.insert(text.clone(), side);
                    }
                }
                own.push(side);
            }
            sides.by_conflict.push(own);
        }
        Ok(sides)
    }

    /// What the lower levels of `id` fulfil.
    fn of_lower(
        &self,
        policy: &Policy,
        names: &HashMap<String, EntitlementId>,
        own_sides: &[Vec<SideId>],
        id: &str,
    ) -> Vec<SideId> {
        if self.texts.is_empty() {
            return Vec::new();
        }
        let lower = lower_names(policy, id).into_iter();
        lower
            .flat_map(|name| match names.get(&name) {
                Some(id) => own_sides.get(id.index()).cloned().unwrap_or_default(),
                None => self.matching(&name, &Subject::new().with_access(&name)),
            })
            .collect()
    }

    fn matching(&self, id: &str, subject: &Subject) -> Vec<SideId> {
        let mut found: Vec<SideId> = self
            .stars
            .matching(subject)
            .into_iter()
            .map(SideId)
            .collect();
        found.extend(self.literals.get(id));
        found
    }
}

fn conflicts_of(
    by_conflict: &[Vec<SideId>],
    sides: usize,
) -> Result<Lists<ConflictId>, CompileError> {
    let mut conflicts = vec![Vec::new(); sides];
    for (own, number) in by_conflict.iter().zip(0..) {
        for side in own {
            if let Some(list) = conflicts.get_mut(side.index()) {
                list.push(ConflictId(number));
            }
        }
    }
    Lists::new(conflicts).ok_or(CompileError::TooLarge)
}
