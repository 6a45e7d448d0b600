//! What the directory file says, looked up: people, the closure of their groups, and what stands behind a name.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use decision::evidence::record::{Coverage, Holding, Lookup, Person, Target};
use decision::request::digest_of;
use decision::rules::policy::Attribute;

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

    /// What stands behind a name; `None` when it does not exist here. The power is a digest of everything that it
    /// grants in the end.
    ///
    /// # Errors
    /// The name of a group that is not declared, so that nobody can tell what is granted.
    pub fn target(&self, entitlement: &str) -> Result<Option<Target>, String> {
        if !self.provides(entitlement) {
            return Ok(None);
        }
        let power = self.power(entitlement)?;
        let target = self.targets.get(entitlement).map_or_else(
            || Target {
                id: entitlement.to_owned(),
                ..Target::default()
            },
            |behind| behind.target.clone(),
        );
        Ok(Some(Target { power, ..target }))
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

    /// Digest of the sorted closure of what an entitlement grants: itself, what its target grants, and what those do.
    fn power(&self, entitlement: &str) -> Result<String, String> {
        let mut closure: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = vec![entitlement];
        while let Some(next) = open.pop() {
            if !closure.insert(next) {
                continue;
            }
            for part in self
                .targets
                .get(next)
                .map_or(&[][..], |behind| &behind.grants)
            {
                match part {
                    Part::Entitlement(nested) => open.push(nested),
                    Part::Group(group) => {
                        let reached = self.reached(&[*group]);
                        let groups = reached.order.iter().filter_map(|at| self.groups.get(*at));
                        open.extend(
                            groups.flat_map(|group| group.grants.iter().map(String::as_str)),
                        );
                    }
                    Part::Unknown(name) => return Err(name.clone()),
                }
            }
        }
        // Names hold no line feed, so the text tells any two closures apart.
        let text: String = closure.into_iter().flat_map(|name| [name, "\n"]).collect();
        Ok(digest_of(text.as_bytes()))
    }
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
