//! The people of the record: who gave a review, and everybody through whom they could be one of those who never review.

use std::collections::{BTreeMap, BTreeSet};

use decision::evidence::record::Person;
use ports::Directory;

/// At most this many are read. Whom that leaves out counts as one who cannot be read.
const READ_MAX: usize = 256;

/// Everybody who gave an approval or a lift, as they are now, with every identity that links lead to from `own` (the
/// requester and the beneficiary), from their delegates and from the givers. INVARIANT(people-lift): a giver is left out,
/// and so does not count, when somebody on these ways cannot be read: behind them could be anybody.
pub(super) fn gather(
    directory: &dyn Directory,
    own: &[&Person],
    givers: &BTreeSet<String>,
) -> BTreeMap<String, Person> {
    let mut reading = Reading {
        directory,
        asked: BTreeMap::new(),
    };
    let own: BTreeSet<String> = own.iter().map(|person| person.id.clone()).collect();
    let is_whole = reading.with_delegates(&own).is_some();
    let barred: BTreeSet<&String> = givers
        .iter()
        .filter(|giver| !is_whole || reading.linked([(*giver).clone()].into()).is_none())
        .collect();
    reading
        .asked
        .into_iter()
        .filter(|(id, _)| !barred.contains(id) && (givers.contains(id) || !own.contains(id)))
        .filter_map(|(id, person)| Some((id, person?)))
        .collect()
}

struct Reading<'a> {
    directory: &'a dyn Directory,
    /// Everybody who was asked for; `None` when there is nobody of that id.
    asked: BTreeMap<String, Option<Person>>,
}

impl Reading<'_> {
    /// Everybody in `ids`, all that links lead to from there, their delegates, and all that links lead to from those.
    fn with_delegates(&mut self, ids: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        let own = self.linked(ids.iter().cloned().collect())?;
        let known = own.iter().filter_map(|id| self.asked.get(id)?.as_ref());
        let delegates = known.flat_map(|person| person.delegates.clone());
        self.linked(delegates.collect())
    }

    /// Everybody in `open` and all that links lead to from there; `None` when one of them cannot be read.
    fn linked(&mut self, mut open: Vec<String>) -> Option<BTreeSet<String>> {
        let mut reached = BTreeSet::new();
        while let Some(id) = open.pop() {
            if let Some(person) = self.read(&id)? {
                open.extend(
                    person
                        .linked
                        .iter()
                        .filter(|id| !reached.contains(*id))
                        .cloned(),
                );
            }
            reached.insert(id);
        }
        Some(reached)
    }

    /// The outer `None`: that cannot be told.
    fn read(&mut self, id: &str) -> Option<Option<&Person>> {
        if !self.asked.contains_key(id) {
            if self.asked.len() == READ_MAX {
                return None;
            }
            let person = self.directory.person(id).ok()?;
            self.asked.insert(id.to_owned(), person);
        }
        self.asked.get(id).map(Option::as_ref)
    }
}
