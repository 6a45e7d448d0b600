//! What rules said of names, roles and holdings: each is looked at once.

use decision::rules::Rules;
use decision::rules::ids::{EntitlementId, Lists, RoleId, SideId};
use decision::time::Timestamp;

use super::Setting;
use super::name::{Name, PlainView, look_up};
use super::plain::{Plain, PlainSide};
use crate::backtest::interner::Interner;
use crate::backtest::row::{self, Row};

/// What all threads know from the beginning.
#[derive(Debug)]
pub(super) struct Known<'a> {
    rules: &'a Rules,
    setting: Setting<'a>,
    plain: Plain<'a>,
    /// For each entitlement those that imply it, itself included.
    higher: Lists<EntitlementId>,
    /// For each name of the table of holdings what the catalogue has by it.
    table: Vec<Option<EntitlementId>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(rules: &'a Rules, setting: Setting<'a>) -> Self {
        let mut higher = vec![Vec::new(); rules.entitlement_count()];
        for id in (0_u32..).take(rules.entitlement_count()).map(EntitlementId) {
            for lower in rules.implied(id) {
                if let Some(list) = higher.get_mut(lower.index()) {
                    list.push(id);
                }
            }
        }
        let names = setting.holdings.map_or(&[][..], |table| table.names());
        Self {
            rules,
            setting,
            plain: Plain::new(rules.policy()),
            // As many as the compiled rules have, which fit.
            higher: Lists::new(higher).unwrap_or_default(),
            table: names.iter().map(|name| rules.entitlement(name)).collect(),
        }
    }

    /// Whether something that is held implies what is asked for.
    pub(super) fn has(&self, held: &HeldSet, asked: EntitlementId) -> bool {
        if !held.may_imply(asked) {
            return false;
        }
        let higher = self.higher.get(asked.index());
        higher.iter().any(|id| held.entitlements.contains(id))
    }
}

/// What somebody holds during a span of time. Sides are looked for when somebody asks for the other half.
#[derive(Debug)]
pub(super) struct HeldSet {
    from: Timestamp,
    until: Timestamp,
    entitlements: Box<[EntitlementId]>,
    /// A bit for each entitlement that is held or implied, which spares most look-ups in cold memory.
    hints: [u64; HINTS],
    /// Numbers of names that no catalogue has.
    others: Box<[u32]>,
    pub(super) sides: Option<Box<[SideId]>>,
    plain: Option<Box<[PlainSide]>>,
}

/// Words of the hints of a held set.
const HINTS: usize = 32;

impl HeldSet {
    /// False only when nothing that is held implies it.
    fn may_imply(&self, asked: EntitlementId) -> bool {
        let (word, bit) = hint(asked);
        self.hints.get(word).is_some_and(|hints| hints & bit != 0)
    }
}

/// The word and the bit of an entitlement among the hints.
fn hint(id: EntitlementId) -> (usize, u64) {
    (id.index() / 64 % HINTS, 1 << (id.index() % 64))
}

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
    inline: Vec<Option<HeldSet>>,
    people: Vec<Option<HeldSet>>,
    /// For each name of the table of holdings its number in the interner.
    table: Vec<Option<u32>>,
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
            Held::Inline(number) => self.inline.get(number as usize)?.as_ref(),
            Held::OfPerson(number) => self.people.get(number as usize)?.as_ref(),
        }
    }

    fn held_slot(&mut self, held: Held) -> &mut Option<HeldSet> {
        match held {
            Held::Inline(number) => slot(&mut self.inline, number),
            Held::OfPerson(number) => slot(&mut self.people, number),
        }
    }

    pub(super) fn look_at_name(&mut self, known: &Known<'_>, number: u32, interner: &Interner) {
        let place = slot(&mut self.names, number);
        if place.is_none() {
            *place = Some(look_up(
                known.rules,
                known.setting.as_of,
                interner.names.text(number),
            ));
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

    /// Looks at what the beneficiary held then, and at its sides when what is asked for is a half of a rule. The name
    /// that is asked for was looked at.
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
        // The last moment that there is belongs to the last span.
        if !self
            .held(held)
            .is_some_and(|set| set.from <= at && at <= set.until)
        {
            let set = self.held_set(known, held, at, interner);
            *self.held_slot(held) = Some(set);
        }
        let is_half = self.name(row.access).is_some_and(|name| {
            let own = name
                .entitlement
                .map_or(&[][..], |id| known.rules.sides_of(id));
            !own.is_empty() || !name.asked_sides.is_empty()
        });
        if is_half && self.held(held).is_some_and(|set| set.sides.is_none()) {
            let sides = self.held(held).map(|set| self.sides(known, set));
            if let Some(set) = self.held_slot(held) {
                set.sides = sides;
            }
        }
        Some(held)
    }

    fn sides(&self, known: &Known<'_>, set: &HeldSet) -> Box<[SideId]> {
        let catalogued = set
            .entitlements
            .iter()
            .flat_map(|id| known.rules.sides_of(*id));
        let others = set.others.iter().filter_map(|number| self.name(*number));
        let others = others.flat_map(|name| &name.held_sides);
        sorted(catalogued.chain(others).copied().collect())
    }

    fn held_set(
        &mut self,
        known: &Known<'_>,
        held: Held,
        at: Timestamp,
        interner: &mut Interner,
    ) -> HeldSet {
        let mut entitlements = Vec::new();
        let mut others = Vec::new();
        let span = match (held, known.setting.holdings) {
            (Held::OfPerson(person), Some(table)) => {
                let (held, span) = table.held_at(interner.people.text(person), at);
                for name in held {
                    match known.table.get(name as usize) {
                        Some(Some(id)) => entitlements.push(*id),
                        Some(None) | None => {
                            let number = self.table_name(known, name, interner);
                            self.look_at_name(known, number, interner);
                            others.push(number);
                        }
                    }
                }
                span
            }
            (Held::OfPerson(_) | Held::Inline(_), _) => {
                let (numbers, span) = self.names_held(known, held, at, interner);
                for number in numbers {
                    self.look_at_name(known, number, interner);
                    match self.name(number).and_then(|name| name.held_as) {
                        Some(id) => entitlements.push(id),
                        None => others.push(number),
                    }
                }
                span
            }
        };
        let mut hints = [0; HINTS];
        for id in entitlements.iter().flat_map(|id| known.rules.implied(*id)) {
            let (word, bit) = hint(*id);
            if let Some(hints) = hints.get_mut(word) {
                *hints |= bit;
            }
        }
        HeldSet {
            from: span.0,
            until: span.1,
            entitlements: entitlements.into(),
            hints,
            others: others.into(),
            sides: None,
            plain: None,
        }
    }

    /// Numbers of the names that were held then, and the span during which that list does not change.
    pub(super) fn names_held(
        &mut self,
        known: &Known<'_>,
        held: Held,
        at: Timestamp,
        interner: &mut Interner,
    ) -> (Vec<u32>, (Timestamp, Timestamp)) {
        match (held, known.setting.holdings) {
            (Held::OfPerson(person), Some(table)) => {
                let (held, span) = table.held_at(interner.people.text(person), at);
                let numbers = held
                    .into_iter()
                    .map(|name| self.table_name(known, name, interner));
                (numbers.collect(), span)
            }
            (Held::OfPerson(_), None) => (Vec::new(), always()),
            (Held::Inline(number), _) => {
                let Interner {
                    names, holdings, ..
                } = interner;
                let list = row::holdings(holdings.text(number)).unwrap_or_default();
                (
                    list.iter().map(|name| names.number(name)).collect(),
                    always(),
                )
            }
        }
    }

    /// The interner's number of a name of the table of holdings.
    fn table_name(&mut self, known: &Known<'_>, name: u32, interner: &mut Interner) -> u32 {
        *slot(&mut self.table, name).get_or_insert_with(|| {
            let text = known.setting.holdings.map_or("", |table| table.name(name));
            interner.names.number(text)
        })
    }

    /// Whether a plain reading of the policy calls it dangerous.
    pub(super) fn is_dangerous(
        &mut self,
        known: &Known<'_>,
        row: &Row<'_>,
        interner: &Interner,
    ) -> bool {
        self.plain_view(known, row.access, interner)
            .is_some_and(PlainView::is_dangerous)
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
        let view = self.plain_view(known, row.access, interner);
        let is_side = view.is_some_and(|view| !view.sides().is_empty());
        let Some(held) = held.filter(|_| is_side) else {
            return false;
        };
        if self.held(held).is_some_and(|set| set.plain.is_none()) {
            let mut sides: Vec<PlainSide> = Vec::new();
            for number in self.names_held(known, held, at, interner).0 {
                self.look_at_name(known, number, interner);
                let view = self.plain_view(known, number, interner);
                sides.extend(view.map_or(&[][..], PlainView::sides));
            }
            if let Some(set) = self.held_slot(held) {
                set.plain = Some(sorted(sides));
            }
        }
        let asked = self.name(row.access);
        let held = self.held(held).and_then(|set| set.plain.as_deref());
        asked
            .zip(held)
            .is_some_and(|(asked, held)| known.plain.is_conflict(asked.plain.sides(), held))
    }

    fn plain_view(
        &mut self,
        known: &Known<'_>,
        number: u32,
        interner: &Interner,
    ) -> Option<&PlainView> {
        let view = &mut slot(&mut self.names, number).as_mut()?.plain;
        if matches!(view, PlainView::NotLooked) {
            let text = interner.names.text(number);
            let seen = (
                known.plain.is_dangerous(text),
                known.plain.sides(text).into_boxed_slice(),
            );
            *view = if seen.0 || !seen.1.is_empty() {
                PlainView::Something(Box::new(seen))
            } else {
                PlainView::Nothing
            };
        }
        Some(view)
    }
}

/// The span of what never changes.
fn always() -> (Timestamp, Timestamp) {
    (Timestamp::default(), Timestamp::from_seconds(i64::MAX))
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

fn sorted<T: Ord>(mut list: Vec<T>) -> Box<[T]> {
    list.sort_unstable();
    list.dedup();
    list.into()
}
