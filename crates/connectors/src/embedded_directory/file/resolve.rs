//! Looking names up: what a draft refers to must be there, and what must be unique is.

use std::collections::{BTreeSet, HashMap};

use decision::evidence::record::{Coverage, Holding, Person, Target};

use super::draft::{Draft, DraftGroup, DraftPerson, DraftTarget};
use super::problem::{Sink, quoted};
use super::tree::Named;
use crate::embedded_directory::truth::{Account, Behind, Entry, Group, Part, Truth, sort};

/// Names with the position of what they name.
struct Names<'a> {
    what: &'static str,
    code: &'static str,
    otherwise: &'static str,
    positions: HashMap<&'a str, usize>,
    /// In the order of the file, so that suggestions are the same each time.
    order: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn new(
        what: &'static str,
        code: &'static str,
        otherwise: &'static str,
        names: impl Iterator<Item = &'a str>,
    ) -> Self {
        let order: Vec<&str> = names.collect();
        let positions = order.iter().copied().zip(0..).collect();
        Self {
            what,
            code,
            otherwise,
            positions,
            order,
        }
    }

    fn find(&self, sink: &mut Sink, name: &Named) -> Option<usize> {
        let found = self.positions.get(name.text.as_str()).copied();
        if found.is_none() {
            let help = sink.did_you_mean(&name.text, self.order.iter().copied(), self.otherwise);
            let message = format!("there is no {} {}", self.what, quoted(&name.text));
            sink.error(self.code, name.place, message, help);
        }
        found
    }

    fn find_all(&self, sink: &mut Sink, names: &[Named]) -> Vec<usize> {
        names
            .iter()
            .filter_map(|name| self.find(sink, name))
            .collect()
    }
}

pub(super) fn all(sink: &mut Sink, draft: Draft) -> Truth {
    let people = Names::new(
        "person",
        "person::unknown",
        "declare them under `people`; a person is named by their key",
        draft.people.iter().map(|person| person.key.text.as_str()),
    );
    let groups = Names::new(
        "group",
        "group::unknown",
        "declare it under `groups`",
        draft.groups.iter().map(|group| group.key.text.as_str()),
    );
    let ids: Vec<String> = draft
        .people
        .iter()
        .map(|person| id_of(person).text.clone())
        .collect();
    let by_id = unique_ids(sink, &draft.people);
    unique_accounts(sink, &draft.people);
    let direct = memberships(sink, &draft, &people, &groups);
    let mut truth = Truth {
        groups: nested(sink, &draft.groups, &groups),
        targets: targets(sink, &draft.targets, &groups).into_iter().collect(),
        by_id,
        requests: draft.requests,
        provides: draft.provides,
        coverage: draft.coverage.unwrap_or(Coverage::Everything),
        ..Truth::default()
    };
    for ((position, drafted), direct) in draft.people.iter().enumerate().zip(direct) {
        let person = person(sink, drafted, &people, &ids);
        truth
            .by_login
            .entry(person.login.clone())
            .or_default()
            .push(position);
        let mut entry = Entry {
            person,
            accounts: drafted
                .accounts
                .iter()
                .map(|(_, account)| account.clone())
                .collect(),
            direct: direct.into_iter().collect(),
            seeds: seeds(drafted),
        };
        let key = |at: &usize| truth.groups.get(*at).map(|group| group.name.clone());
        entry.direct.sort_by_key(key);
        let reached = truth.reached(&entry.direct);
        entry.person.groups = reached.order.iter().filter_map(key).collect();
        entry.person.groups.sort_unstable();
        truth.people.push(entry);
    }
    link_back(&mut truth);
    truth
}

/// A link that one side states holds for both: each person lists the other, sorted and once.
fn link_back(truth: &mut Truth) {
    let links = truth.people.iter().flat_map(|entry| {
        let others = entry.person.linked.iter();
        others.filter_map(|other| Some((*truth.by_id.get(other)?, entry.person.id.clone())))
    });
    let back: Vec<(usize, String)> = links.collect();
    for (other, id) in back {
        if let Some(entry) = truth.people.get_mut(other) {
            entry.person.linked.push(id);
        }
    }
    for entry in &mut truth.people {
        entry.person.linked.sort_unstable();
        entry.person.linked.dedup();
    }
}

fn id_of(person: &DraftPerson) -> &Named {
    person.id.as_ref().unwrap_or(&person.key)
}

fn unique_ids(sink: &mut Sink, people: &[DraftPerson]) -> HashMap<String, usize> {
    let mut by_id = HashMap::new();
    for (position, person) in people.iter().enumerate() {
        let id = id_of(person);
        if by_id.insert(id.text.clone(), position).is_some() {
            let message = format!("the id {} belongs to two people", quoted(&id.text));
            sink.error(
                "person::id_taken",
                id.place,
                message,
                "ids are for ever: give each person one of their own",
            );
        }
    }
    by_id
}

fn unique_accounts(sink: &mut Sink, people: &[DraftPerson]) {
    let mut owners: HashMap<&Account, &str> = HashMap::new();
    for person in people {
        for (place, account) in &person.accounts {
            if let Some(owner) = owners.insert(account, &person.key.text) {
                let message = format!(
                    "the account {} in {} is {}'s already",
                    quoted(&account.name),
                    quoted(&account.system),
                    quoted(owner)
                );
                sink.error(
                    "account::taken",
                    *place,
                    message,
                    "an account belongs to one person",
                );
            }
        }
    }
}

/// For each person the groups that list them or that they list.
fn memberships(
    sink: &mut Sink,
    draft: &Draft,
    people: &Names<'_>,
    groups: &Names<'_>,
) -> Vec<BTreeSet<usize>> {
    let mut direct: Vec<BTreeSet<usize>> = Vec::with_capacity(draft.people.len());
    for person in &draft.people {
        direct.push(groups.find_all(sink, &person.groups).into_iter().collect());
    }
    for (position, group) in draft.groups.iter().enumerate() {
        for member in people.find_all(sink, &group.members) {
            if let Some(own) = direct.get_mut(member) {
                own.insert(position);
            }
        }
    }
    direct
}

/// Groups with the groups that they are members of.
fn nested(sink: &mut Sink, drafted: &[DraftGroup], names: &Names<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = drafted
        .iter()
        .map(|group| Group {
            name: group.key.text.clone(),
            system: group.system.as_ref().map(|system| system.text.clone()),
            grants: group
                .grants
                .iter()
                .map(|grant| grant.text.clone())
                .collect(),
            parents: Vec::new(),
        })
        .collect();
    let mut children = Vec::with_capacity(drafted.len());
    for (position, group) in drafted.iter().enumerate() {
        let nested = names.find_all(sink, &group.groups);
        for child in &nested {
            if let Some(child) = groups.get_mut(*child) {
                child.parents.push(position);
            }
        }
        children.push(nested);
    }
    let key = |at: &usize| drafted.get(*at).map(|group| group.key.text.as_str());
    for group in &mut groups {
        group.parents.sort_by_key(key);
    }
    warn_of_circles(sink, drafted, &children);
    groups
}

/// Groups that contain themselves: allowed, since the closure is a set, and hardly ever meant. One warning for each
/// nesting that closes a circle.
fn warn_of_circles(sink: &mut Sink, drafted: &[DraftGroup], children: &[Vec<usize>]) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; children.len()];
    for start in 0..children.len() {
        if states.get(start) != Some(&State::New) {
            continue;
        }
        // A stack of its own, so that deep nesting cannot exhaust the thread's.
        let mut stack: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((group, next)) = stack.pop() {
            if let Some(state) = states.get_mut(group) {
                *state = State::Open;
            }
            let Some(child) = children.get(group).and_then(|own| own.get(next)).copied() else {
                if let Some(state) = states.get_mut(group) {
                    *state = State::Done;
                }
                continue;
            };
            stack.push((group, next.saturating_add(1)));
            match states.get(child) {
                Some(State::New) => stack.push((child, 0)),
                Some(State::Open) => warn_of_circle(sink, drafted, group, child),
                Some(State::Done) | None => {}
            }
        }
    }
}

fn warn_of_circle(sink: &mut Sink, drafted: &[DraftGroup], group: usize, child: usize) {
    let (Some(group), Some(child)) = (drafted.get(group), drafted.get(child)) else {
        return;
    };
    let listed = group.groups.iter().find(|name| name.text == child.key.text);
    let place = listed.map_or(group.key.place, |name| name.place);
    let message = format!(
        "group {} contains {}, which contains it in turn",
        quoted(&group.key.text),
        quoted(&child.key.text)
    );
    sink.warning(
        "group::circle",
        place,
        message,
        "all groups of the circle have the same members and grants; remove one nesting",
    );
}

fn targets(sink: &mut Sink, drafted: &[DraftTarget], groups: &Names<'_>) -> Vec<(String, Behind)> {
    let text = |name: &Named| name.text.clone();
    let mut targets = Vec::with_capacity(drafted.len());
    for draft in drafted {
        let mut parts = Vec::with_capacity(draft.grants.len());
        for grant in &draft.grants {
            parts.push(match groups.positions.get(grant.text.as_str()) {
                Some(group) => Part::Group(*group),
                None if grant.text.contains(':') => Part::Entitlement(grant.text.clone()),
                None => {
                    let help = "requests for it are escalated until its power can be told: declare the group";
                    let help = sink.did_you_mean(&grant.text, groups.order.iter().copied(), help);
                    let message = format!("there is no group {}", quoted(&grant.text));
                    sink.warning("target::unreadable", grant.place, message, help);
                    Part::Unknown(grant.text.clone())
                }
            });
        }
        let key = text(&draft.key);
        let target = Target {
            id: draft.id.as_ref().map_or_else(|| key.clone(), text),
            power: String::new(),
            name: draft.name.as_ref().map(text).unwrap_or_default(),
            path: draft.path.iter().map(text).collect(),
            tags: draft.tags.iter().map(text).collect(),
            gives: Vec::new(),
        };
        targets.push((
            key,
            Behind {
                target,
                grants: parts,
            },
        ));
    }
    targets
}

fn person(sink: &mut Sink, draft: &DraftPerson, people: &Names<'_>, ids: &[String]) -> Person {
    let id =
        |sink: &mut Sink, name: &Named| people.find(sink, name).and_then(|at| ids.get(at)).cloned();
    if let Some(manager) = draft
        .manager
        .as_ref()
        .filter(|manager| manager.text == draft.key.text)
    {
        let message = format!("{} is their own manager", quoted(&manager.text));
        sink.error(
            "person::own_manager",
            manager.place,
            message,
            "name somebody else, or leave the key out",
        );
    }
    let manager = draft.manager.as_ref().and_then(|name| id(sink, name));
    let delegates = draft
        .delegates
        .iter()
        .filter_map(|name| id(sink, name))
        .collect();
    let linked = draft
        .linked
        .iter()
        .filter_map(|name| id(sink, name))
        .collect();
    Person {
        id: id_of(draft).text.clone(),
        login: draft.login.as_ref().unwrap_or(&draft.key).text.clone(),
        status: draft.status,
        leaves_at: draft.leaves_at,
        roles: draft.roles.iter().map(|role| role.text.clone()).collect(),
        department: draft.department.as_ref().map(|name| name.text.clone()),
        manager,
        groups: Vec::new(),
        delegates,
        linked,
        attributes: draft.attributes.clone(),
        unread: Vec::new(),
    }
}

fn seeds(draft: &DraftPerson) -> Vec<Holding> {
    let mut seeds: Vec<Holding> = draft
        .holds
        .iter()
        .map(|holding| Holding {
            entitlement: holding.entitlement.text.clone(),
            path: holding
                .through
                .iter()
                .map(|step| step.text.clone())
                .collect(),
            grant: None,
        })
        .collect();
    sort(&mut seeds);
    seeds
}
