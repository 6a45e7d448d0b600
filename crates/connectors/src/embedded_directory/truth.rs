//! What the directory file says, looked up: people, the closure of their groups, and what stands behind a name.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use decision::evidence::record::{Coverage, Given, GivenKind, Holding, Lookup, Person, Target};
use decision::request::digest_of;
use decision::rules::policy::Attribute;
use thiserror::Error;

use super::bounds;

/// The checked content of a directory file: read-only, and complete in itself.
#[derive(Debug, Default)]
pub struct Truth {
    pub(super) people: Vec<Entry>,
    pub(super) by_id: HashMap<String, usize>,
    pub(super) by_login: HashMap<String, Vec<usize>>,
    pub(super) groups: Vec<Group>,
    pub(super) targets: BTreeMap<String, Behind>,
    pub(super) requests: BTreeMap<String, BTreeMap<String, Attribute>>,
    pub(super) provides: Provides,
    pub(super) coverage: Coverage,
}

/// A person with what the evidence does not carry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) person: Person,
    pub(super) accounts: Vec<Account>,
    /// Groups that list the person, or that the person lists.
    pub(super) direct: Vec<usize>,
    pub(super) seeds: Vec<Holding>,
}

/// An account of a person in a system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Account {
    pub(super) system: String,
    pub(super) name: String,
}

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) system: Option<String>,
    pub(super) grants: Vec<String>,
    /// Groups that this one is a member of, sorted by name.
    pub(super) parents: Vec<usize>,
}

/// What stands behind a name.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) target: Target,
    pub(super) grants: Vec<Part>,
}

/// One part of what a target grants.
#[derive(Debug)]
pub(super) enum Part {
    Entitlement(String),
    Group(usize),
    /// Neither: what it gives cannot be told.
    Unknown(String),
}

/// What exists here.
#[derive(Debug, Default)]
pub(super) enum Provides {
    #[default]
    Everything,
    /// These resources and entitlements.
    Only(BTreeSet<String>),
}

impl Truth {
    /// People by login, in the order of the file.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().map(|entry| &entry.person)
    }

    /// Who answers to a login.
    #[must_use]
    pub fn find(&self, login: &str) -> Option<Lookup> {
        match self.by_login.get(login)?.as_slice() {
            [] => None,
            [one] => Some(Lookup::One(Box::new(self.people.get(*one)?.person.clone()))),
            several => Some(Lookup::Several(
                u32::try_from(several.len()).unwrap_or(u32::MAX),
            )),
        }
    }

    /// The person with this id.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.entry(id).map(|entry| &entry.person)
    }

    /// What the file says that a person holds, by themselves and through groups, sorted; `None` for nobody.
    #[must_use]
    pub fn held(&self, id: &str) -> Option<Vec<Holding>> {
        let entry = self.entry(id)?;
        let mut held = entry.seeds.clone();
        let reached = self.reached(&entry.direct);
        for last in &reached.order {
            let Some(group) = self
                .groups
                .get(*last)
                .filter(|group| !group.grants.is_empty())
            else {
                continue;
            };
            let path = reached.path(*last);
            for entitlement in &group.grants {
                let resource = entitlement
                    .rsplit_once(':')
                    .map_or("", |(resource, _)| resource);
                let system = group.system.as_deref().unwrap_or(resource);
                let account = entry
                    .accounts
                    .iter()
                    .find(|account| account.system == system);
                let account =
                    account.map(|Account { system, name }| format!("account {name}@{system}"));
                let names = path.iter().filter_map(|index| self.groups.get(*index));
                held.push(Holding {
                    entitlement: entitlement.clone(),
                    path: account
                        .into_iter()
                        .chain(names.map(|group| format!("group {}", group.name)))
                        .collect(),
                    grant: None,
                });
            }
        }
        sort(&mut held);
        Some(held)
    }

    /// What stands behind a name, with everything that it gives; `None` when it does not exist here. The power is a
    /// digest of all of that.
    ///
    /// # Errors
    /// Why nobody can tell what it gives.
    pub fn target(&self, entitlement: &str) -> Result<Option<Target>, Untold> {
        if !self.provides(entitlement) {
            return Ok(None);
        }
        let gives = self.gives(entitlement)?;
        let target = self.targets.get(entitlement).map_or_else(
            || Target {
                id: entitlement.to_owned(),
                ..Target::default()
            },
            |behind| behind.target.clone(),
        );
        Ok(Some(Target {
            power: power(entitlement, &gives),
            gives,
            ..target
        }))
    }

    /// What the file vouches for about a request.
    #[must_use]
    pub fn facts(&self, request: &str) -> BTreeMap<String, Attribute> {
        self.requests.get(request).cloned().unwrap_or_default()
    }

    /// The systems of which the holdings are complete.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        self.people.get(*self.by_id.get(id)?)
    }

    fn provides(&self, entitlement: &str) -> bool {
        match &self.provides {
            Provides::Everything => true,
            Provides::Only(names) => {
                let resource = entitlement
                    .rsplit_once(':')
                    .map_or(entitlement, |(resource, _)| resource);
                names.contains(entitlement)
                    || names.contains(resource)
                    || self.targets.contains_key(entitlement)
            }
        }
    }

    /// Every group that membership in `direct` leads to, each with the group before it on a shortest way there, the
    /// first by name among equals. In the order in which they are reached.
    pub(super) fn reached(&self, direct: &[usize]) -> Reached {
        let mut reached = Reached::default();
        for group in direct {
            reached.add(*group, None);
        }
        let mut next = 0;
        while let Some(group) = reached.order.get(next).copied() {
            for parent in self
                .groups
                .get(group)
                .map_or(&[][..], |group| &group.parents)
            {
                reached.add(*parent, Some(group));
            }
            next = next.saturating_add(1);
        }
        reached
    }

    /// The closure of what an entitlement grants besides itself, sorted: what its target grants, what those do, and the
    /// groups that it makes a member of, each on a shortest way there, the first by name among equals.
    fn gives(&self, entitlement: &str) -> Result<Vec<Given>, Untold> {
        let start = Node::Entitlement(entitlement);
        let mut before: HashMap<Node<'_>, Option<Node<'_>>> = HashMap::from([(start, None)]);
        let mut order = vec![start];
        let mut next = 0;
        while let Some(node) = order.get(next).copied() {
            next = next.saturating_add(1);
            let mut given = self.given_by(node)?;
            given.sort_by_key(|node| self.name_of(*node));
            for child in given {
                if let Slot::Vacant(slot) = before.entry(child) {
                    slot.insert(Some(node));
                    order.push(child);
                }
            }
        }
        let mut steps = 0_usize;
        let mut gives = Vec::with_capacity(order.len().saturating_sub(1));
        for node in order.into_iter().skip(1) {
            let mut path = Vec::new();
            let mut step = before.get(&node).copied().flatten();
            while let Some(between) = step.filter(|between| *between != start) {
                let (kind, name) = self.name_of(between);
                path.push(match kind {
                    GivenKind::Entitlement => name.to_owned(),
                    GivenKind::Group => format!("group {name}"),
                });
                step = before.get(&between).copied().flatten();
            }
            path.reverse();
            steps = steps.saturating_add(path.len()).saturating_add(1);
            if steps > bounds::GIVEN_STEPS_MAX {
                return Err(Untold::TooMuch);
            }
            let (kind, name) = self.name_of(node);
            gives.push(Given {
                kind,
                name: name.to_owned(),
                path,
            });
        }
        gives.sort_unstable();
        Ok(gives)
    }

    /// What having a node gives at once.
    fn given_by<'t>(&'t self, node: Node<'t>) -> Result<Vec<Node<'t>>, Untold> {
        match node {
            Node::Entitlement(name) => {
                let parts = self.targets.get(name);
                let parts = parts.map_or(&[][..], |behind| &behind.grants).iter();
                parts
                    .map(|part| match part {
                        Part::Entitlement(nested) => Ok(Node::Entitlement(nested)),
                        Part::Group(group) => Ok(Node::Group(*group)),
                        Part::Unknown(name) => Err(Untold::NoGroup(name.clone())),
                    })
                    .collect()
            }
            Node::Group(at) => Ok(self.groups.get(at).map_or_else(Vec::new, |group| {
                let grants = group.grants.iter().map(|name| Node::Entitlement(name));
                let around = group.parents.iter().map(|parent| Node::Group(*parent));
                grants.chain(around).collect()
            })),
        }
    }

    fn name_of<'t>(&'t self, node: Node<'t>) -> (GivenKind, &'t str) {
        match node {
            Node::Entitlement(name) => (GivenKind::Entitlement, name),
            Node::Group(at) => {
                let name = self.groups.get(at).map_or("", |group| &group.name);
                (GivenKind::Group, name)
            }
        }
    }
}

/// Digest of what an entitlement gives, itself included: the entitlements sorted, then the groups.
fn power(entitlement: &str, gives: &[Given]) -> String {
    let of = |kind| move |given: &&Given| given.kind == kind;
    let names = |kind| {
        gives
            .iter()
            .filter(of(kind))
            .map(|given| given.name.as_str())
    };
    let entitlements: BTreeSet<&str> = names(GivenKind::Entitlement).chain([entitlement]).collect();
    let groups: BTreeSet<&str> = names(GivenKind::Group).collect();
    // Names hold no line feed and are not empty, so the text tells any two closures apart.
    let lines = |names: BTreeSet<&str>| -> String {
        names.into_iter().flat_map(|name| [name, "\n"]).collect()
    };
    let mut text = lines(entitlements);
    if !groups.is_empty() {
        text.push('\n');
        text.push_str(&lines(groups));
    }
    digest_of(text.as_bytes())
}

/// Something in the closure of what a target gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Node<'a> {
    Entitlement(&'a str),
    Group(usize),
}

/// Why nobody can tell what a target gives.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Untold {
    /// It grants a group that is not declared.
    #[error("no group `{0}`")]
    NoGroup(String),
    /// It gives more than [`bounds::GIVEN_STEPS_MAX`] things and steps between them.
    #[error("it is more than can be told")]
    TooMuch,
}

/// Groups with the way to each.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub(super) order: Vec<usize>,
    before: HashMap<usize, Option<usize>>,
}

impl Reached {
    fn add(&mut self, group: usize, before: Option<usize>) {
        if let Slot::Vacant(slot) = self.before.entry(group) {
            slot.insert(before);
            self.order.push(group);
        }
    }

    /// The groups on the way, `last` included. Every step leads to one that was reached earlier, so this ends.
    fn path(&self, last: usize) -> Vec<usize> {
        let mut path = vec![last];
        let mut step = last;
        while let Some(Some(before)) = self.before.get(&step) {
            path.push(*before);
            step = *before;
        }
        path.reverse();
        path
    }
}

/// The order in which holdings are told; each once.
pub(super) fn sort(held: &mut Vec<Holding>) {
    held.sort_by(|a, b| {
        (&a.entitlement, &a.path, &a.grant).cmp(&(&b.entitlement, &b.path, &b.grant))
    });
    held.dedup();
}
