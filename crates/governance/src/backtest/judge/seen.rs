//! What rules said of names, roles and holdings: each is looked at once.

use std::sync::Arc;

use decision::rules::ids::RoleId;
use decision::time::Timestamp;

use super::held::{HeldSet, sorted};
use super::known::{Known, always};
use super::name::{Name, Plainly};
use super::plain::PlainSide;
use crate::backtest::interner::Interner;
use crate::backtest::row::{self, Row};

/// Where a held set stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    Inline(u32),
    OfPerson(u32),
}

/// What a thread looked at. Places are the numbers of its interner.
#[derive(Debug, Default)]
pub(super) struct Seen {
    names: Vec<Option<Name>>,
    roles: Vec<Option<Box<[RoleId]>>>,
    inline: Vec<Option<Box<HeldSet>>>,
    people: Vec<Option<OfPerson>>,
}

/// What a person held, with its span beside it: the set itself is farther away.
#[derive(Debug)]
struct OfPerson {
    from: Timestamp,
    until: Timestamp,
    set: Arc<HeldSet>,
}

impl Seen {
    pub(super) fn name(&self, number: u32) -> Option<&Name> {
        self.names.get(number as usize)?.as_ref()
    }

    pub(super) fn roles(&self, number: u32) -> &[RoleId] {
        let roles = self.roles.get(number as usize).and_then(Option::as_deref);
        roles.unwrap_or_default()
    }

    pub(super) fn held(&self, held: Held) -> Option<&HeldSet> {
        match held {
            Held::Inline(number) => self.inline.get(number as usize)?.as_deref(),
            Held::OfPerson(number) => Some(&self.people.get(number as usize)?.as_ref()?.set),
        }
    }

    pub(super) fn look_at_name(&mut self, known: &Known<'_>, number: u32, interner: &Interner) {
        let place = slot(&mut self.names, number);
        if place.is_none() {
            *place = Some(known.name(interner.names.text(number)));
        }
    }

    pub(super) fn look_at_roles(&mut self, known: &Known<'_>, number: u32, interner: &Interner) {
        let place = slot(&mut self.roles, number);
        if place.is_none() {
            let names = row::split(interner.roles.text(number));
            *place = Some(sorted(
                names.filter_map(|name| known.rules.role(name)).collect(),
            ));
        }
    }

    /// Looks at what the beneficiary held then.
    pub(super) fn look_at_held(
        &mut self,
        known: &Known<'_>,
        row: &Row<'_>,
        at: Timestamp,
        interner: &mut Interner,
    ) -> Option<Held> {
        let held = match row.holdings {
            Some(number) => Held::Inline(number),
            None => Held::OfPerson(known.setting.holdings.map(|_| row.beneficiary)?),
        };
        match held {
            Held::Inline(number) => {
                if self.held(held).is_none() {
                    let set = self.inline_set(known, number, interner);
                    *slot(&mut self.inline, number) = Some(Box::new(set));
                }
            }
            Held::OfPerson(number) => {
                let place = slot(&mut self.people, number);
                let is_known = place
                    .as_ref()
                    .is_some_and(|of| of.from <= at && at <= of.until);
                if !is_known {
                    let set = known.held_by(interner.people.text(number), at);
                    let (from, until) = set.span();
                    *place = Some(OfPerson { from, until, set });
                }
            }
        }
        Some(held)
    }

    /// What a list in a row says.
    fn inline_set(&mut self, known: &Known<'_>, list: u32, interner: &mut Interner) -> HeldSet {
        let mut entitlements = Vec::new();
        let mut sides = Vec::new();
        for number in names_in(list, interner) {
            self.look_at_name(known, number, interner);
            let Some(name) = self.name(number) else {
                continue;
            };
            match name.rest.held_as {
                Some(id) => entitlements.push(id),
                None => sides.extend_from_slice(&name.rest.held_sides),
            }
        }
        HeldSet::new(known.rules, entitlements, sides, always())
    }

    /// Numbers of the names that were held then.
    pub(super) fn names_held(
        &self,
        known: &Known<'_>,
        held: Held,
        at: Timestamp,
        interner: &mut Interner,
    ) -> Vec<u32> {
        match (held, known.setting.holdings) {
            (Held::OfPerson(person), Some(table)) => {
                let person = table.person(interner.people.text(person));
                let held = table.held_at(person, at).0.into_iter();
                held.map(|name| interner.names.number(table.name(name)))
                    .collect()
            }
            (Held::OfPerson(_), None) => Vec::new(),
            (Held::Inline(list), _) => names_in(list, interner),
        }
    }

    /// Whether a plain reading of the policy calls it dangerous.
    pub(super) fn is_dangerous(
        &mut self,
        known: &Known<'_>,
        row: &Row<'_>,
        interner: &Interner,
    ) -> bool {
        self.look_plainly(known, row.access, interner)
            .is_some_and(|name| {
                let text = interner.names.text(row.access);
                name.rest.plain(&known.plain, text).is_dangerous
            })
    }

    /// Whether a plain reading of the policy forbids holding both.
    pub(super) fn is_conflict(
        &mut self,
        known: &Known<'_>,
        row: &Row<'_>,
        at: Timestamp,
        held: Option<Held>,
        interner: &mut Interner,
    ) -> bool {
        let Some(rest) = self.look_plainly(known, row.access, interner) else {
            return false;
        };
        let rest = Arc::clone(&rest.rest);
        let asked = rest.plain(&known.plain, interner.names.text(row.access));
        let Some(held) = held.filter(|_| !asked.sides.is_empty()) else {
            return false;
        };
        if self.held(held).is_some_and(|set| set.plain.get().is_none()) {
            let sides = sorted(self.plain_sides(known, held, at, interner));
            if let Some(set) = self.held(held) {
                // Another thread may have been first, with the same.
                let _ = set.plain.set(sides);
            }
        }
        let sides = self.held(held).and_then(|set| set.plain.get());
        sides.is_some_and(|sides| known.plain.is_conflict(&asked.sides, sides))
    }

    fn plain_sides(
        &mut self,
        known: &Known<'_>,
        held: Held,
        at: Timestamp,
        interner: &mut Interner,
    ) -> Vec<PlainSide> {
        let list = match held {
            Held::OfPerson(person) => {
                return known.plain_sides_by(interner.people.text(person), at);
            }
            Held::Inline(list) => list,
        };
        let mut sides = Vec::new();
        for number in names_in(list, interner) {
            self.look_at_name(known, number, interner);
            if let Some(name) = self.look_plainly(known, number, interner) {
                let view = name.rest.plain(&known.plain, interner.names.text(number));
                sides.extend_from_slice(&view.sides);
            }
        }
        sides
    }

    /// A name in which a person who reads the policy sees anything; `None` when there is nothing to see.
    fn look_plainly(
        &mut self,
        known: &Known<'_>,
        number: u32,
        interner: &Interner,
    ) -> Option<&Name> {
        let name = slot(&mut self.names, number).as_mut()?;
        if name.plainly == Plainly::NotLooked {
            let view = name.rest.plain(&known.plain, interner.names.text(number));
            name.plainly = if view.is_dangerous || !view.sides.is_empty() {
                Plainly::Something
            } else {
                Plainly::Nothing
            };
        }
        (name.plainly == Plainly::Something).then_some(&*name)
    }
}

/// Numbers of the names in a list as written in a row.
fn names_in(list: u32, interner: &mut Interner) -> Vec<u32> {
    let Interner {
        names, holdings, ..
    } = interner;
    let list = row::holdings(holdings.text(list)).unwrap_or_default();
    list.iter().map(|name| names.number(name)).collect()
}

/// The place of a number, which is made when it is not there.
fn slot<T>(places: &mut Vec<Option<T>>, number: u32) -> &mut Option<T> {
    let place = number as usize;
    if places.len() <= place {
        places.resize_with(place + 1, || None);
    }
    #[expect(clippy::indexing_slicing, reason = "it was made above")]
    &mut places[place]
}
