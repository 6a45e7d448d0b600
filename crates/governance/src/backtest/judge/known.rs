//! What all threads know: rules, names of the catalogue and of the table of holdings, and what people held. Each is
//! looked at once, by whichever thread comes to it first.

use std::sync::{Arc, OnceLock};

use decision::rules::Rules;
use decision::rules::ids::{EntitlementId, Lists};
use decision::time::Timestamp;

use super::Setting;
use super::held::HeldSet;
use super::name::{Name, look_up};
use super::plain::{Plain, PlainSide};

/// What all threads know.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) rules: &'a Rules,
    pub(super) setting: Setting<'a>,
    pub(super) plain: Plain<'a>,
    /// For each entitlement those that imply it, itself included.
    higher: Lists<EntitlementId>,
    /// By catalogue entry, of its id as written.
    catalogue: Vec<OnceLock<Name>>,
    /// By the numbers of the table of holdings.
    table: Vec<OnceLock<Name>>,
    /// What people of the table held when they were first asked about, by their number.
    people: Vec<OnceLock<Arc<HeldSet>>>,
    /// What somebody held whom the table does not name.
    nothing: Arc<HeldSet>,
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
        let names = setting.holdings.map_or(0, |table| table.names().len());
        let people = setting.holdings.map_or(0, |table| table.people());
        Self {
            rules,
            setting,
            plain: Plain::new(rules.policy()),
            // As many as the compiled rules have, which fit.
            higher: Lists::new(higher).unwrap_or_default(),
            catalogue: cells(rules.entitlement_count()),
            table: cells(names),
            people: cells(people),
            nothing: Arc::new(HeldSet::new(rules, Vec::new(), Vec::new(), always())),
        }
    }

    /// Whether something that is held implies what is asked for.
    pub(super) fn has(&self, held: &HeldSet, asked: EntitlementId) -> bool {
        held.may_imply(asked) && held.has_any(self.higher.get(asked.index()))
    }

    /// What there is to know of a name.
    pub(super) fn name(&self, text: &str) -> Name {
        let look = || look_up(self.rules, self.setting.as_of, text);
        let id = self.rules.entitlement(text);
        let entry = id.and_then(|id| self.rules.entry(id));
        match id.and_then(|id| self.catalogue.get(id.index())) {
            Some(cell) if entry.is_some_and(|entry| entry.id == text) => {
                cell.get_or_init(look).clone()
            }
            Some(_) | None => look(),
        }
    }

    fn text_of_table(&self, name: u32) -> &str {
        self.setting.holdings.map_or("", |table| table.name(name))
    }

    /// A name of the table of holdings.
    fn name_of_table(&self, name: u32) -> Option<&Name> {
        let cell = self.table.get(name as usize)?;
        Some(cell.get_or_init(|| self.name(self.text_of_table(name))))
    }

    /// What a person of the table of holdings held then.
    pub(super) fn held_by(&self, login: &str, at: Timestamp) -> Arc<HeldSet> {
        let person = self.setting.holdings.and_then(|table| table.person(login));
        let Some(cell) = person.and_then(|person| self.people.get(person as usize)) else {
            return Arc::clone(&self.nothing);
        };
        let set = cell.get_or_init(|| Arc::new(self.held_at(person, at)));
        let (from, until) = set.span();
        if from <= at && at <= until {
            Arc::clone(set)
        } else {
            Arc::new(self.held_at(person, at))
        }
    }

    fn held_at(&self, person: Option<u32>, at: Timestamp) -> HeldSet {
        let Some(table) = self.setting.holdings else {
            return HeldSet::new(self.rules, Vec::new(), Vec::new(), always());
        };
        let (held, span) = table.held_at(person, at);
        let mut entitlements = Vec::with_capacity(held.len());
        let mut sides = Vec::new();
        for name in held.iter().filter_map(|name| self.name_of_table(*name)) {
            match name.rest.held_as {
                Some(id) => entitlements.push(id),
                None => sides.extend_from_slice(&name.rest.held_sides),
            }
        }
        HeldSet::new(self.rules, entitlements, sides, span)
    }

    /// The sides that a plain reading of the policy finds in what a person of the table of holdings held then.
    pub(super) fn plain_sides_by(&self, login: &str, at: Timestamp) -> Vec<PlainSide> {
        let Some(table) = self.setting.holdings else {
            return Vec::new();
        };
        let mut sides = Vec::new();
        for number in table.held_at(table.person(login), at).0 {
            if let Some(name) = self.name_of_table(number) {
                let view = name.rest.plain(&self.plain, self.text_of_table(number));
                sides.extend_from_slice(&view.sides);
            }
        }
        sides
    }
}

fn cells<T>(count: usize) -> Vec<OnceLock<T>> {
    std::iter::repeat_with(OnceLock::new).take(count).collect()
}

/// The span of what never changes.
pub(super) fn always() -> (Timestamp, Timestamp) {
    (Timestamp::default(), Timestamp::from_seconds(i64::MAX))
}
