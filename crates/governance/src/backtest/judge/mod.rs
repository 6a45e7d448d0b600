//! Judging rows under one set of rules: straight from columns to a case of numbers, then [`rule`].

mod plain;
mod slow;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use decision::evidence::case::{
    AlreadyHeld, BrakeState, Case, CaseCoverage, Lack, LackSet, NameState, PersonState,
    PolicyState, Relation, TargetState,
};
use decision::evidence::record::{Advice, LogState, Mode};
use decision::findings::over_asking::standard_instead;
use decision::findings::risk::RiskLevel;
use decision::findings::{FindingSet, Kind, approvals};
use decision::request::Access;
use decision::rules::class::ClassSet;
use decision::rules::ids::{EntitlementId, RoleId, SideId};
use decision::rules::policy::ApprovalKind;
use decision::rules::{ApprovalSet, Rules};
use decision::time::{Minutes, Timestamp};
use decision::verdict::{Answer, Ruling, rule};

use self::plain::{Plain, PlainSide};
use self::slow::Story;
use super::holdings::HoldingsTable;
use super::interner::Interner;
use super::row::{self, Row};

/// What is the same for every row and all rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    /// Rows without a time are judged as of this moment.
    pub(crate) as_of: Timestamp,
    /// Holdings by person, when they do not stand in the rows.
    pub(crate) holdings: Option<&'a HoldingsTable>,
    /// Attributes of people that the policy declares.
    pub(crate) declared: &'a [String],
    /// Whether every row takes the slow path, for tests.
    pub(crate) slowly: bool,
}

/// How what is proposed stands to the least that was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Exact,
    /// More than was needed, or something else.
    Over,
    /// Less than was needed.
    Under,
}

/// What a row came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    pub(crate) ruling: Ruling,
    pub(crate) answer: Answer,
    /// Of what is granted or offered instead; `None` when nothing is, or when the row does not say what was needed.
    pub(crate) scope: Option<Scope>,
    /// Whether holdings are known, without which no conflict can be told.
    pub(crate) has_holdings: bool,
    /// Granted by itself although the policy, read plainly, calls it dangerous.
    pub(crate) is_dangerous_grant: bool,
    /// Granted by itself although the policy, read plainly, forbids holding both.
    pub(crate) is_conflicting_grant: bool,
}

/// A name that was asked for or is held, looked at once.
#[derive(Debug)]
struct Name {
    /// As it is asked for, white space apart.
    entitlement: Option<EntitlementId>,
    /// As it is held, byte for byte.
    held_as: Option<EntitlementId>,
    /// Whether the catalogue names an owner.
    is_owned: bool,
    state: NameState,
    classes: ClassSet,
    privileged: bool,
    /// That asking for it fulfils, beyond those of the catalogue entry.
    asked_sides: Box<[SideId]>,
    /// That holding it fulfils, when no catalogue has it.
    held_sides: Box<[SideId]>,
    plain: PlainView,
}

/// What a person who reads the policy sees in a name.
#[derive(Debug)]
enum PlainView {
    NotLooked,
    /// Neither danger nor a side of a rule.
    Nothing,
    /// Whether it is dangerous, and the sides that it fulfils.
    Something(Box<(bool, Box<[PlainSide]>)>),
}

impl PlainView {
    fn is_dangerous(&self) -> bool {
        matches!(self, Self::Something(seen) if seen.0)
    }

    fn sides(&self) -> &[PlainSide] {
        match self {
            Self::Something(seen) => &seen.1,
            Self::NotLooked | Self::Nothing => &[],
        }
    }
}

/// What somebody holds during a span of time, looked at once.
#[derive(Debug)]
struct HeldSet {
    from: Timestamp,
    until: Timestamp,
    sides: Box<[SideId]>,
    /// With the lower levels that it implies, sorted.
    entitlements: Box<[EntitlementId]>,
    /// A bit for each of them, which mostly spares the search.
    hints: [u64; HINTS],
    plain: Option<Box<[PlainSide]>>,
}

/// Words of the hints of a held set.
const HINTS: usize = 32;

impl HeldSet {
    fn has(&self, asked: EntitlementId) -> bool {
        let (word, bit) = hint(asked);
        self.hints.get(word).is_some_and(|hints| hints & bit != 0)
            && self.entitlements.binary_search(&asked).is_ok()
    }
}

/// The word and bit of an entitlement among the hints.
fn hint(id: EntitlementId) -> (usize, u64) {
    (id.index() / 64 % HINTS, 1 << (id.index() % 64))
}

/// Rules with what they said of names, roles and holdings so far. One for each thread.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    rules: &'a Rules,
    plain: Arc<Plain<'a>>,
    setting: Setting<'a>,
    names: Vec<Option<Name>>,
    roles: Vec<Option<Box<[RoleId]>>>,
    inline: Vec<Option<HeldSet>>,
    people: Vec<Option<HeldSet>>,
    /// For each name of the table of holdings its number in the interner.
    table: Vec<Option<u32>>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(rules: &'a Rules, setting: Setting<'a>) -> Self {
        Self {
            rules,
            plain: Arc::new(Plain::new(rules.policy())),
            setting,
            names: Vec::new(),
            roles: Vec::new(),
            inline: Vec::new(),
            people: Vec::new(),
            table: Vec::new(),
        }
    }

    /// The same rules for another thread.
    pub(crate) fn again(&self) -> Self {
        Self {
            plain: Arc::clone(&self.plain),
            names: Vec::new(),
            roles: Vec::new(),
            inline: Vec::new(),
            people: Vec::new(),
            table: Vec::new(),
            ..*self
        }
    }

    /// Whether rows become whole records of evidence.
    pub(crate) fn is_slow(&self) -> bool {
        self.setting.slowly || !self.rules.policy().conditions.is_empty()
    }

    /// Forgets what belongs to the numbers of an interner that forgets.
    pub(crate) fn forget(&mut self) {
        self.names.clear();
        self.roles.clear();
        self.inline.clear();
        self.people.clear();
        self.table.clear();
    }

    /// Judges a row. `interner` is the one that made its numbers.
    pub(crate) fn judge(&mut self, row: &Row<'_>, interner: &mut Interner) -> Judged {
        let at = row.at.unwrap_or(self.setting.as_of);
        let held = self.look_at_held(row, at, interner);
        for number in [Some(row.access), row.minimal_access].into_iter().flatten() {
            self.look_at_name(number, interner);
        }
        if let Some(roles) = row.roles {
            look_at(&mut self.roles, roles, || {
                role_ids(self.rules, interner.roles.text(roles))
            });
        }
        let ruling = if self.is_slow() {
            let numbers = held.map(|held| self.names_held(held, at, interner).0);
            let story = self.story(row, at, numbers, interner);
            let frozen = slow::freeze(&story, self.rules, self.setting.declared);
            rule(&frozen.case(), self.rules, at)
        } else {
            rule(&self.case(row, at, held), self.rules, at)
        };
        let answer = ruling.answer();
        let is_granted = answer == Answer::AutoProvision;
        Judged {
            ruling,
            answer,
            scope: self.scope(row, at, held, &ruling),
            has_holdings: held.is_some(),
            is_dangerous_grant: is_granted && self.is_dangerous(row, interner),
            is_conflicting_grant: is_granted && self.is_conflict(row, at, held, interner),
        }
    }

    /// The case, as freezing the row's record would make it.
    fn case(&self, row: &Row<'_>, at: Timestamp, held: Option<Held>) -> Case<'_> {
        let asked = self.names.get(row.access as usize).and_then(Option::as_ref);
        let roles = row
            .roles
            .and_then(|roles| self.roles.get(roles as usize)?.as_deref());
        let held = held.and_then(|held| self.held(held));
        let entitlement = asked.and_then(|asked| asked.entitlement);
        let owned = asked.is_some_and(|asked| asked.is_owned);
        let already = match (entitlement, held) {
            (Some(asked), Some(held)) if held.has(asked) => AlreadyHeld::Otherwise,
            _ => AlreadyHeld::No,
        };
        let mut case = Case {
            evidence: [0; 32],
            mode: Mode::Guarded,
            log: LogState::Verified,
            policy: PolicyState::Current,
            requester: PersonState::Active,
            beneficiary: PersonState::Active,
            relation: Relation::Same,
            entitlement,
            name: asked.map_or(NameState::Suspicious, |asked| asked.state),
            classes: asked.map_or(ClassSet::EMPTY, |asked| asked.classes),
            privileged: asked.is_some_and(|asked| asked.privileged),
            forbidden: FindingSet::EMPTY,
            permitted: None,
            target: TargetState::Bound,
            roles: roles.unwrap_or(&[]),
            asked_sides: asked.map_or(&[], |asked| &asked.asked_sides),
            held: held.map_or(&[], |held| &held.sides),
            coverage: match held {
                Some(_) => CaseCoverage::Everything,
                None => CaseCoverage::Unreachable,
            },
            already,
            // Without an owner in the catalogue nobody can have approved as one.
            approvals: if owned {
                row.approvals
            } else {
                row.approvals
                    .without(ApprovalSet::EMPTY.with(ApprovalKind::ResourceOwner))
            },
            justification: row.justification,
            duration: row.duration.or(row.until.map(|until| until.since(at))),
            until: row.until,
            booked: Minutes(0),
            activity: 1,
            lacks: LackSet::EMPTY,
            advice: Advice::Nothing,
            brake: BrakeState::Free,
            lifts: &[],
        };
        if !owned {
            let required = approvals::required(&case, self.rules);
            let lacks = required.contains(ApprovalKind::ResourceOwner);
            case.lacks = LackSet::EMPTY.with_if(lacks, Lack::OwnerUnknown);
        }
        case
    }

    fn look_at_name(&mut self, number: u32, interner: &Interner) {
        let (rules, as_of) = (self.rules, self.setting.as_of);
        look_at(&mut self.names, number, || {
            look_up(rules, as_of, interner.names.text(number))
        });
    }

    /// Looks at what the beneficiary held then, unless it was looked at before.
    fn look_at_held(
        &mut self,
        row: &Row<'_>,
        at: Timestamp,
        interner: &mut Interner,
    ) -> Option<Held> {
        let held = match row.holdings {
            Some(number) => Held::Inline(number),
            None => Held::OfPerson(self.setting.holdings.map(|_| row.beneficiary)?),
        };
        // The last moment that there is belongs to the last span.
        if !self
            .held(held)
            .is_some_and(|set| set.from <= at && at <= set.until)
        {
            let (numbers, span) = self.names_held(held, at, interner);
            let set = self.held_set(&numbers, span, interner);
            let (sets, place) = match held {
                Held::Inline(number) => (&mut self.inline, number as usize),
                Held::OfPerson(number) => (&mut self.people, number as usize),
            };
            if sets.len() <= place {
                sets.resize_with(place + 1, || None);
            }
            if let Some(slot) = sets.get_mut(place) {
                *slot = Some(set);
            }
        }
        Some(held)
    }

    /// Numbers of the names that were held then, and the span during which that list does not change.
    fn names_held(
        &mut self,
        held: Held,
        at: Timestamp,
        interner: &mut Interner,
    ) -> (Vec<u32>, (Timestamp, Timestamp)) {
        let always = (Timestamp::default(), Timestamp::from_seconds(i64::MAX));
        match (held, self.setting.holdings) {
            (Held::Inline(number), _) => {
                let Interner {
                    names, holdings, ..
                } = interner;
                let list = row::holdings(holdings.text(number)).unwrap_or_default();
                (list.iter().map(|name| names.number(name)).collect(), always)
            }
            (Held::OfPerson(_), None) => (Vec::new(), always),
            (Held::OfPerson(person), Some(table)) => {
                let (held, span) = table.held_at(interner.people.text(person), at);
                let number = |held: u32| {
                    let place = held as usize;
                    if self.table.len() <= place {
                        self.table.resize(place + 1, None);
                    }
                    let slot = self.table.get_mut(place);
                    slot.map_or(0, |slot| {
                        *slot.get_or_insert_with(|| interner.names.number(table.name(held)))
                    })
                };
                (held.into_iter().map(number).collect(), span)
            }
        }
    }

    fn held_set(
        &mut self,
        numbers: &[u32],
        span: (Timestamp, Timestamp),
        interner: &Interner,
    ) -> HeldSet {
        let mut sides: Vec<SideId> = Vec::new();
        let mut entitlements: Vec<EntitlementId> = Vec::new();
        for number in numbers {
            self.look_at_name(*number, interner);
            let Some(name) = self.names.get(*number as usize).and_then(Option::as_ref) else {
                continue;
            };
            sides.extend(&name.held_sides);
            if let Some(id) = name.held_as {
                sides.extend(self.rules.sides_of(id));
                entitlements.extend(self.rules.implied(id));
            }
        }
        let mut hints = [0; HINTS];
        for id in &entitlements {
            let (word, bit) = hint(*id);
            if let Some(hints) = hints.get_mut(word) {
                *hints |= bit;
            }
        }
        HeldSet {
            from: span.0,
            until: span.1,
            sides: sorted(sides),
            entitlements: sorted(entitlements),
            hints,
            plain: None,
        }
    }

    fn held(&self, held: Held) -> Option<&HeldSet> {
        match held {
            Held::Inline(number) => self.inline.get(number as usize)?.as_ref(),
            Held::OfPerson(number) => self.people.get(number as usize)?.as_ref(),
        }
    }

    /// How what is granted, or offered instead, stands to the least that was needed.
    fn scope(
        &self,
        row: &Row<'_>,
        at: Timestamp,
        held: Option<Held>,
        ruling: &Ruling,
    ) -> Option<Scope> {
        let minimal = self
            .names
            .get(row.minimal_access? as usize)?
            .as_ref()?
            .entitlement;
        let proposed = if ruling.answer() == Answer::AutoProvision {
            self.names.get(row.access as usize)?.as_ref()?.entitlement?
        } else if ruling.findings.contains(Kind::OverAsking) {
            standard_instead(&self.case(row, at, held), self.rules)?
        } else {
            return None;
        };
        Some(match minimal {
            Some(minimal) if minimal == proposed => Scope::Exact,
            Some(minimal) if self.rules.implied(minimal).binary_search(&proposed).is_ok() => {
                Scope::Under
            }
            Some(_) | None => Scope::Over,
        })
    }

    fn is_dangerous(&mut self, row: &Row<'_>, interner: &Interner) -> bool {
        self.plain_view(row.access, interner)
            .is_some_and(PlainView::is_dangerous)
    }

    fn is_conflict(
        &mut self,
        row: &Row<'_>,
        at: Timestamp,
        held: Option<Held>,
        interner: &mut Interner,
    ) -> bool {
        let is_side = self
            .plain_view(row.access, interner)
            .is_some_and(|view| !view.sides().is_empty());
        let Some(held) = held.filter(|_| is_side) else {
            return false;
        };
        if self.held(held).is_some_and(|held| held.plain.is_none()) {
            let mut sides: Vec<PlainSide> = Vec::new();
            for number in self.names_held(held, at, interner).0 {
                let view = self.plain_view(number, interner);
                sides.extend(view.map_or(&[][..], PlainView::sides));
            }
            let set = match held {
                Held::Inline(number) => self.inline.get_mut(number as usize),
                Held::OfPerson(number) => self.people.get_mut(number as usize),
            };
            if let Some(Some(set)) = set {
                set.plain = Some(sorted(sides));
            }
        }
        let asked = self.names.get(row.access as usize).and_then(Option::as_ref);
        let held = self.held(held).and_then(|held| held.plain.as_deref());
        asked
            .zip(held)
            .is_some_and(|(asked, held)| self.plain.is_conflict(asked.plain.sides(), held))
    }

    fn plain_view(&mut self, number: u32, interner: &Interner) -> Option<&PlainView> {
        let view = &mut self.names.get_mut(number as usize)?.as_mut()?.plain;
        if matches!(view, PlainView::NotLooked) {
            let text = interner.names.text(number);
            let seen = (
                self.plain.is_dangerous(text),
                self.plain.sides(text).into_boxed_slice(),
            );
            *view = if seen.0 || !seen.1.is_empty() {
                PlainView::Something(Box::new(seen))
            } else {
                PlainView::Nothing
            };
        }
        Some(view)
    }

    fn story<'s>(
        &self,
        row: &Row<'s>,
        at: Timestamp,
        held: Option<Vec<u32>>,
        interner: &'s Interner,
    ) -> Story<'s> {
        let text = |number: u32| interner.names.text(number).to_owned();
        Story {
            request_id: row.texts.request_id,
            requester: row.texts.requester,
            beneficiary: interner.people.text(row.beneficiary),
            roles: row.roles.map_or_else(Vec::new, |roles| {
                row::split(interner.roles.text(roles))
                    .map(str::to_owned)
                    .collect()
            }),
            department: row.texts.department,
            attributes: row.texts.attributes,
            facts: row.texts.facts,
            access: interner.names.text(row.access),
            held: held.map(|numbers| numbers.into_iter().map(text).collect()),
            at,
            duration: row.duration,
            until: row.until,
            justification: row.justification,
            approvals: row.approvals,
        }
    }
}

/// Where a held set stands.
#[derive(Clone, Copy, Debug)]
enum Held {
    Inline(u32),
    OfPerson(u32),
}

/// Fills the place of `number` when nothing stands there.
fn look_at<T>(seen: &mut Vec<Option<T>>, number: u32, look: impl FnOnce() -> T) {
    let place = number as usize;
    if seen.len() <= place {
        seen.resize_with(place + 1, || None);
    }
    if let Some(slot @ None) = seen.get_mut(place) {
        *slot = Some(look());
    }
}

fn role_ids(rules: &Rules, text: &str) -> Box<[RoleId]> {
    let mut roles: Vec<RoleId> = row::split(text)
        .filter_map(|name| rules.role(name))
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles.into()
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Box<[T]> {
    list.sort_unstable();
    list.dedup();
    list.into()
}

/// What there is to know of a name. A catalogue id as it is written shows nothing beyond its entry; any other name is
/// frozen, as asked for and as held, like in a live decision.
fn look_up(rules: &Rules, as_of: Timestamp, text: &str) -> Name {
    let access = Access::new(text);
    let entitlement = rules.entitlement(access.canonical());
    let is_owned = entitlement
        .and_then(|id| rules.facts(id))
        .is_some_and(|facts| facts.owned);
    let entry = entitlement.and_then(|id| rules.entry(id));
    if entry.is_some_and(|entry| entry.id == text) && access.doubt().is_none() {
        return Name {
            entitlement,
            held_as: entitlement,
            is_owned,
            state: NameState::Clean,
            classes: ClassSet::EMPTY,
            privileged: false,
            asked_sides: Box::default(),
            held_sides: Box::default(),
            plain: PlainView::NotLooked,
        };
    }
    let asked = slow::freeze(&nothing_but(text, Vec::new(), as_of), rules, &[]);
    let held = slow::freeze(&nothing_but("", vec![text.to_owned()], as_of), rules, &[]);
    let case = asked.case();
    Name {
        entitlement: case.entitlement,
        held_as: rules.entitlement(text),
        is_owned,
        state: case.name,
        classes: case.classes,
        privileged: case.privileged,
        asked_sides: case.asked_sides.into(),
        held_sides: held.case().held.into(),
        plain: PlainView::NotLooked,
    }
}

fn nothing_but(access: &str, held: Vec<String>, at: Timestamp) -> Story<'_> {
    Story {
        request_id: "",
        requester: "",
        beneficiary: "",
        roles: Vec::new(),
        department: "",
        attributes: "",
        facts: "",
        access,
        held: Some(held),
        at,
        duration: None,
        until: None,
        justification: decision::evidence::case::JustificationState::Missing,
        approvals: ApprovalSet::EMPTY,
    }
}

/// The one finding that keeps a request from being granted by itself; `None` when nothing or more than one thing does.
/// The level of risk is no thing of its own when that finding alone explains it.
pub(crate) fn only_blocker(ruling: &Ruling) -> Option<Kind> {
    let risk = FindingSet::of([Kind::RiskModerate, Kind::RiskHigh, Kind::RiskCritical]);
    let mut causes = ruling.findings.without(risk).iter();
    let Some(cause) = causes.next() else {
        // Points of the catalogue alone.
        return ruling.findings.iter().next();
    };
    let left = ruling
        .points
        .unexplained_by(ruling.findings, FindingSet::of([cause]));
    let is_explained = RiskLevel::of_points(left.sum()) == RiskLevel::Low
        && (cause == Kind::Conflict || RiskLevel::of_points(ruling.points.sum()) == ruling.risk);
    (causes.next().is_none() && (is_explained || ruling.findings.intersection(risk).is_empty()))
        .then_some(cause)
}
