//! From the frozen record to what Cedar looks at: entities, a request, and the paths that are not known.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr as _;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
};
use decision::evidence::LEAVING_NOTICE;
use decision::evidence::record::{Fact, Lookup, Person, PersonStatus};
use decision::rules::class::Class;
use decision::rules::conditions::ConditionFacts;
use decision::rules::policy::{
    ApprovalKind, Attribute, Entitlement, Environment, Policy, Sensitivity,
};
use decision::time::Timestamp;

use super::declared::{Declaration, Declared};

/// Roles by name, each with those that it inherits directly.
pub(super) type Inherited = BTreeMap<String, Vec<String>>;

/// What Cedar looks at.
pub(super) struct Facts {
    pub(super) entities: Entities,
    pub(super) request: Request,
    pub(super) unknown: Unknown,
}

/// Paths that are not known. A whole variable covers every path below it.
#[derive(Debug, Default)]
pub(super) struct Unknown(BTreeSet<String>);

impl Unknown {
    fn note(&mut self, path: impl Into<String>) {
        self.0.insert(path.into());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything on this path is unknown. `*` reads whatever there is.
    pub(super) fn covers(&self, path: &str) -> bool {
        if path == "*" {
            return !self.is_empty();
        }
        // `context.requester in` and `context.requester.login` both hang on `context.requester`.
        let mut prefix = path.trim_end_matches(" in");
        if self.0.contains(path) || self.0.contains(prefix) {
            return true;
        }
        while let Some((shorter, _)) = prefix.rsplit_once('.') {
            if self.0.contains(shorter) {
                return true;
            }
            prefix = shorter;
        }
        false
    }
}

type Attributes = HashMap<String, RestrictedExpression>;

/// Why the record cannot be put before Cedar: then every condition stays open.
#[derive(Debug)]
pub(super) struct Unfit;

impl Facts {
    pub(super) fn of(
        facts: &ConditionFacts<'_>,
        declared: &Declared,
        inherited: &Inherited,
    ) -> Result<Self, Unfit> {
        let mut unknown = Unknown::default();
        let mut entities: HashMap<EntityUid, Entity> = HashMap::new();
        let mut roles = BTreeSet::new();
        let now = facts.now;
        let mut person = |path: &str, fact: &Fact<Lookup>, unknown: &mut Unknown| {
            let Some(Lookup::One(person)) = fact.value() else {
                unknown.note(path);
                return uid("Person", path);
            };
            let (uid, entity) = person_entity(path, person, declared, now, unknown)?;
            roles.extend(person.roles.iter().cloned());
            entities.insert(uid.clone(), entity);
            Ok(uid)
        };
        let requester = person("context.requester", &facts.evidence.requester, &mut unknown)?;
        let principal = person("principal", &facts.evidence.beneficiary, &mut unknown)?;
        for (uid, entity) in role_entities(&roles, inherited)? {
            entities.insert(uid, entity);
        }
        let (resource, entity) = resource_entity(facts, declared, &mut unknown)?;
        entities.insert(resource.clone(), entity);
        let context = context(facts, declared, requester, &mut unknown)?;
        let action = uid("Action", "request")?;
        Ok(Self {
            entities: Entities::from_entities(entities.into_values(), None).map_err(|_| Unfit)?,
            request: Request::new(principal, action, resource, context, None).map_err(|_| Unfit)?,
            unknown,
        })
    }
}

pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, Unfit> {
    let kind = EntityTypeName::from_str(kind).map_err(|_| Unfit)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn person_entity(
    path: &str,
    person: &Person,
    declared: &Declared,
    now: Timestamp,
    unknown: &mut Unknown,
) -> Result<(EntityUid, Entity), Unfit> {
    let own = uid("Person", &person.id)?;
    let leaving = person
        .leaves_at
        .is_some_and(|day| day <= now.plus(LEAVING_NOTICE));
    let status = match person.status {
        PersonStatus::Active => "active",
        PersonStatus::Inactive => "inactive",
        PersonStatus::Agent => "agent",
    };
    let mut attributes: Attributes = HashMap::from([
        ("id".to_owned(), text(&person.id)),
        ("login".to_owned(), text(&person.login)),
        ("status".to_owned(), text(status)),
        (
            "leaving".to_owned(),
            RestrictedExpression::new_bool(leaving),
        ),
    ]);
    if let Some(department) = &person.department {
        attributes.insert("department".to_owned(), text(department));
    }
    if let Some(manager) = &person.manager {
        let manager = uid("Person", manager)?;
        attributes.insert(
            "manager".to_owned(),
            RestrictedExpression::new_entity_uid(manager),
        );
    }
    let lookup = |name: &str| {
        if person.unread.iter().any(|unread| unread == name) {
            None
        } else {
            Some(person.attributes.get(name))
        }
    };
    add_declared(&mut attributes, path, &declared.person, lookup, unknown);
    let mut parents = HashSet::new();
    for role in &person.roles {
        parents.insert(uid("Role", role)?);
    }
    for group in &person.groups {
        parents.insert(uid("Group", group)?);
    }
    let entity = Entity::new(own.clone(), attributes, parents).map_err(|_| Unfit)?;
    Ok((own, entity))
}

/// The roles that people have, with everything that these inherit: somebody in a role is in those too.
fn role_entities(
    names: &BTreeSet<String>,
    inherited: &Inherited,
) -> Result<Vec<(EntityUid, Entity)>, Unfit> {
    let mut entities = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = names.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if !seen.insert(name) {
            continue;
        }
        let parents = inherited.get(name).map_or(&[][..], Vec::as_slice);
        open.extend(parents.iter().map(String::as_str));
        let own = uid("Role", name)?;
        let above: Result<HashSet<_>, _> = parents.iter().map(|name| uid("Role", name)).collect();
        let entity = Entity::new(own.clone(), HashMap::new(), above?).map_err(|_| Unfit)?;
        entities.push((own, entity));
    }
    Ok(entities)
}

fn resource_entity(
    facts: &ConditionFacts<'_>,
    declared: &Declared,
    unknown: &mut Unknown,
) -> Result<(EntityUid, Entity), Unfit> {
    let asked = facts.evidence.request.access.canonical();
    let name = facts.entitlement.map_or(asked, |entry| entry.id.as_str());
    let (resource, level) = name.rsplit_once(':').unwrap_or((name, ""));
    let mut classes: Vec<RestrictedExpression> = (Class::BUILT_IN.into_iter())
        .filter(|class| facts.classes.contains(*class))
        .map(|class| text(class.name()))
        .collect();
    if facts.privileged {
        classes.push(text("privileged"));
    }
    let mut attributes: Attributes = HashMap::from([
        ("name".to_owned(), text(name)),
        ("resource".to_owned(), text(resource)),
        ("level".to_owned(), text(level)),
        ("classes".to_owned(), RestrictedExpression::new_set(classes)),
    ]);
    let mut parents = HashSet::new();
    match facts.entitlement {
        Some(entry) => catalogued(entry, &mut attributes, &mut parents, unknown)?,
        // What nobody catalogued has a name and its dangers, and nothing else is known of it.
        None => {
            for attribute in ["system", "environment", "sensitivity", "owner", "tags"] {
                unknown.note(format!("resource.{attribute}"));
            }
            unknown.note("resource in");
        }
    }
    let lookup = |name: &str| facts.entitlement.map(|entry| entry.attributes.get(name));
    add_declared(
        &mut attributes,
        "resource",
        &declared.resource,
        lookup,
        unknown,
    );
    let own = uid("Entitlement", name)?;
    let entity = Entity::new(own.clone(), attributes, parents).map_err(|_| Unfit)?;
    Ok((own, entity))
}

fn catalogued(
    entry: &Entitlement,
    attributes: &mut Attributes,
    parents: &mut HashSet<EntityUid>,
    unknown: &mut Unknown,
) -> Result<(), Unfit> {
    let system = entry.system.as_deref().unwrap_or_default();
    parents.insert(uid("System", system)?);
    attributes.insert("system".to_owned(), text(system));
    if let Some(owner) = &entry.owner {
        let owner = uid("Group", owner)?;
        attributes.insert(
            "owner".to_owned(),
            RestrictedExpression::new_entity_uid(owner),
        );
    }
    let tags = entry.tags.iter().map(|tag| text(tag));
    attributes.insert("tags".to_owned(), RestrictedExpression::new_set(tags));
    // What the catalogue leaves unstated is not known: it is not "no".
    match environment_name(entry.environment) {
        Some(name) => _ = attributes.insert("environment".to_owned(), text(name)),
        None => unknown.note("resource.environment"),
    }
    match sensitivity_name(entry.sensitivity) {
        Some(name) => _ = attributes.insert("sensitivity".to_owned(), text(name)),
        None => unknown.note("resource.sensitivity"),
    }
    Ok(())
}

fn environment_name(environment: Environment) -> Option<&'static str> {
    match environment {
        Environment::Unstated => None,
        Environment::Development => Some("development"),
        Environment::Test => Some("test"),
        Environment::Staging => Some("staging"),
        Environment::Production => Some("production"),
    }
}

fn sensitivity_name(sensitivity: Sensitivity) -> Option<&'static str> {
    match sensitivity {
        Sensitivity::Unstated => None,
        Sensitivity::Public => Some("public"),
        Sensitivity::Internal => Some("internal"),
        Sensitivity::Confidential => Some("confidential"),
        Sensitivity::Restricted => Some("restricted"),
    }
}

/// Minutes that stand for "without an end", so that a ceiling on `minutes` catches what has none.
const STANDING_MINUTES: i64 = 100 * 366 * 24 * 60;

fn context(
    facts: &ConditionFacts<'_>,
    declared: &Declared,
    requester: EntityUid,
    unknown: &mut Unknown,
) -> Result<Context, Unfit> {
    let yes = RestrictedExpression::new_bool;
    let number = RestrictedExpression::new_long;
    let has = |kind| yes(facts.approvals.contains(kind));
    let approvals = RestrictedExpression::new_record([
        ("count".to_owned(), number(i64::from(facts.approval_count))),
        ("manager".to_owned(), has(ApprovalKind::Manager)),
        (
            "resource_owner".to_owned(),
            has(ApprovalKind::ResourceOwner),
        ),
        ("security".to_owned(), has(ApprovalKind::Security)),
    ])
    .map_err(|_| Unfit)?;
    let now = facts.now.seconds();
    let for_other = facts.evidence.request.on_behalf_of.is_some();
    let mut attributes: Attributes = HashMap::from([
        (
            "requester".to_owned(),
            RestrictedExpression::new_entity_uid(requester),
        ),
        ("for_somebody_else".to_owned(), yes(for_other)),
        (
            "minutes".to_owned(),
            number(facts.minutes.map_or(STANDING_MINUTES, i64::from)),
        ),
        ("standing".to_owned(), yes(facts.minutes.is_none())),
        ("approvals".to_owned(), approvals),
        (
            "now".to_owned(),
            RestrictedExpression::new_datetime(facts.now.to_string()),
        ),
        ("hour".to_owned(), number(now.rem_euclid(86_400) / 3_600)),
        ("weekday".to_owned(), text(weekday(now))),
    ]);
    let stated = match &facts.evidence.facts {
        Fact::Present { value, .. } => Some(value),
        Fact::Absent { .. } | Fact::Unreachable { .. } | Fact::NotInProfile => None,
    };
    let lookup = |name: &str| stated.map(|stated| stated.get(name));
    add_declared(
        &mut attributes,
        "context",
        &declared.request,
        lookup,
        unknown,
    );
    Context::from_pairs(attributes).map_err(|_| Unfit)
}

/// The day of the week in UTC. 1970-01-01 was a Thursday.
fn weekday(seconds: i64) -> &'static str {
    match seconds.div_euclid(86_400).rem_euclid(7) {
        0 => "thursday",
        1 => "friday",
        2 => "saturday",
        3 => "sunday",
        4 => "monday",
        5 => "tuesday",
        _ => "wednesday",
    }
}

/// Adds what is stated. `lookup` answers `None` when nobody could be asked, and `Some(None)` when nothing is stated:
/// that is a fact for an optional attribute, and unknown for every other. A value of another kind is unknown too.
fn add_declared<'a>(
    attributes: &mut Attributes,
    path: &str,
    declared: &BTreeMap<String, Declaration>,
    lookup: impl Fn(&str) -> Option<Option<&'a Attribute>>,
    unknown: &mut Unknown,
) {
    for (name, declaration) in declared {
        match lookup(name) {
            Some(Some(value)) if declaration.kind.fits(value) => {
                attributes.insert(name.clone(), expression(value));
            }
            Some(None) if declaration.optional => {}
            Some(_) | None => unknown.note(format!("{path}.{name}")),
        }
    }
}

fn expression(value: &Attribute) -> RestrictedExpression {
    match value {
        Attribute::YesNo(value) => RestrictedExpression::new_bool(*value),
        Attribute::Number(value) => RestrictedExpression::new_long(*value),
        Attribute::Text(value) => text(value),
        Attribute::List(values) => {
            RestrictedExpression::new_set(values.iter().map(|value| text(value)))
        }
    }
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

/// The roles of a policy with what each inherits directly.
pub(super) fn inherited(policy: &Policy) -> Inherited {
    (policy.roles.iter())
        .map(|role| (role.name.clone(), role.inherits.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_covers_its_parts() {
        let mut unknown = Unknown::default();
        assert!(!unknown.covers("*"));
        unknown.note("principal.device");
        unknown.note("context.requester");
        for path in [
            "principal.device",
            "context.requester",
            "context.requester in",
            "context.requester.login",
            "*",
        ] {
            assert!(unknown.covers(path), "{path}");
        }
        for path in [
            "principal",
            "principal in",
            "principal.dev",
            "context.requester2",
            "context.hour",
        ] {
            assert!(!unknown.covers(path), "{path}");
        }
    }

    #[test]
    fn days_of_the_week() {
        assert_eq!(weekday(0), "thursday");
        assert_eq!(weekday(-1), "wednesday");
        // 2026-11-22 was a Sunday.
        let sunday = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        assert_eq!(weekday(sunday.seconds()), "sunday");
    }
}
