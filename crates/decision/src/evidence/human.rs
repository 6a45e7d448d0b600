//! Human beings: which identities are one, and what the beneficiary's other identities hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::record::{Evidence, Holdings, Person};

/// Which identities are one human being. INVARIANT(people-lift): one human being fills one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Humans {
    number_of: BTreeMap<String, u32>,
}

impl Humans {
    /// Follows the links between all people of the record, in both directions, to their end.
    #[must_use]
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let mut links: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for person in everybody(evidence) {
            links.entry(&person.id).or_default();
            for other in &person.linked {
                links.entry(&person.id).or_default().push(other);
                links.entry(other).or_default().push(&person.id);
            }
        }
        let mut number_of = BTreeMap::new();
        for (start, number) in links.keys().zip(0_u32..) {
            let mut open = vec![*start];
            while let Some(id) = open.pop() {
                if !number_of.contains_key(id) {
                    number_of.insert(id.to_owned(), number);
                    open.extend(links.get(id).into_iter().flatten());
                }
            }
        }
        Self { number_of }
    }

    /// The number of the human being behind an identity; `None` when the record does not know it.
    #[must_use]
    pub(crate) fn number(&self, id: &str) -> Option<u32> {
        self.number_of.get(id).copied()
    }

    /// `ids` and every other identity of the same human beings.
    pub(crate) fn close(&self, ids: &BTreeSet<String>) -> BTreeSet<String> {
        let numbers: BTreeSet<u32> = ids.iter().filter_map(|id| self.number(id)).collect();
        let same = self.number_of.iter();
        same.filter(|(_, number)| numbers.contains(number))
            .map(|(id, _)| id.clone())
            .chain(ids.iter().cloned())
            .collect()
    }
}

/// Every person of the record.
pub(crate) fn everybody(evidence: &Evidence) -> impl Iterator<Item = &Person> {
    [evidence.requester(), evidence.beneficiary()]
        .into_iter()
        .flatten()
        .chain(evidence.people.values())
}

impl Evidence {
    /// The beneficiary's other identities by immutable id: those that the links of all people in the record lead to,
    /// in both directions and to their end, and those whose holdings the record carries. Each with what it holds;
    /// `None` when that could not be read, or when the record does not know the identity and so not its links either.
    #[must_use]
    pub fn linked_identities(&self) -> BTreeMap<String, Option<&Holdings>> {
        let known: BTreeSet<&str> = everybody(self).map(|person| person.id.as_str()).collect();
        let mut ids: BTreeSet<String> = self.linked.keys().cloned().collect();
        if let Some(beneficiary) = self.beneficiary() {
            let own = Humans::of(self).close(&BTreeSet::from([beneficiary.id.clone()]));
            ids.extend(own.into_iter().filter(|id| *id != beneficiary.id));
        }
        ids.into_iter()
            .map(|id| {
                let read = known.contains(id.as_str());
                let holdings = self.linked.get(&id).and_then(|one| one.holdings.value());
                (id, holdings.filter(|_| read))
            })
            .collect()
    }

    /// The login of an identity; its id when the record does not know it.
    pub(crate) fn login_of<'a>(&'a self, id: &'a str) -> &'a str {
        let by_id = self.people.get(id).into_iter();
        let found = by_id.chain(self.requester()).find(|person| person.id == id);
        found.map_or(id, |person| &person.login)
    }
}
