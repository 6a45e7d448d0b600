//! Judging rows under one set of rules: straight from columns to a case of numbers, then [`rule`].

mod blocker;
mod held;
mod known;
mod name;
mod plain;
mod seen;
mod slow;
#[cfg(test)]
mod tests;

use std::hint::black_box;
use std::sync::Arc;

use decision::evidence::analysis::Advised;
use decision::evidence::case::{
    AlreadyHeld, BrakeState, Case, CaseCoverage, Lack, LackSet, NameState, PersonState,
    PolicyState, Relation, TargetState,
};
use decision::evidence::record::{LogState, Mode};
use decision::findings::over_asking::standard_instead;
use decision::findings::{FindingSet, Kind, approvals};
use decision::rules::class::ClassSet;
use decision::rules::policy::ApprovalKind;
use decision::rules::{ApprovalSet, Rules};
use decision::time::{Minutes, Timestamp};
use decision::verdict::{Answer, Ruling, rule};

use self::known::Known;
use self::seen::{Held, Seen};
use self::slow::Story;
use super::holdings::HoldingsTable;
use super::interner::Interner;
use super::read::TOGETHER;
use super::row::{self, Row};

pub(crate) use blocker::only_blocker;

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

/// Rules with what they said of names, roles and holdings so far. One for each thread.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    rules: &'a Rules,
    setting: Setting<'a>,
    known: Arc<Known<'a>>,
    seen: Seen,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(rules: &'a Rules, setting: Setting<'a>) -> Self {
        Self {
            rules,
            setting,
            known: Arc::new(Known::new(rules, setting)),
            seen: Seen::default(),
        }
    }

    /// The same rules for another thread.
    pub(crate) fn again(&self) -> Self {
        Self {
            known: Arc::clone(&self.known),
            seen: Seen::default(),
            ..*self
        }
    }

    /// Whether rows become whole records of evidence.
    pub(crate) fn is_slow(&self) -> bool {
        self.setting.slowly || !self.rules.policy().conditions.is_empty()
    }

    /// Forgets what belongs to the numbers of an interner that forgets.
    pub(crate) fn forget(&mut self) {
        self.seen = Seen::default();
    }

    /// Looks at what these rows need, so that judging them finds it near the processor: the waits for memory then
    /// overlap, which they do not when one row follows the other. Changes no ruling.
    pub(crate) fn fetch(&mut self, rows: &[Row<'_>], interner: &mut Interner) {
        if self.is_slow() {
            return;
        }
        let known = &*self.known;
        let mut asked = [(None, None); TOGETHER];
        for (row, place) in rows.iter().zip(&mut asked) {
            let at = row.at.unwrap_or(self.setting.as_of);
            self.seen.look_at_name(known, row.access, interner);
            *place = (
                self.seen.name(row.access).and_then(|name| name.entitlement),
                self.seen.look_at_held(known, row, at, interner),
            );
        }
        let mut touched = 0;
        for (id, held) in asked.iter().take(rows.len()) {
            let Some(id) = *id else {
                continue;
            };
            touched ^= self.rules.facts(id).map_or(0, |facts| facts.maximum.0);
            touched ^= self.rules.standard_for(id).first().map_or(0, |role| role.0);
            let held = held.and_then(|held| self.seen.held(held));
            touched ^= u32::from(held.is_some_and(|held| held.may_imply(id)));
        }
        for (row, (id, held)) in rows.iter().zip(asked) {
            let is_half = self.seen.name(row.access).is_some_and(|name| name.is_half);
            if let (true, Some(id), Some(held)) = (is_half, id, held) {
                touched ^= self.rules.sides_of(id).first().map_or(0, |side| side.0);
                let sides = self.seen.held(held).map(|held| held.sides(self.rules));
                let sides = sides.unwrap_or_default();
                // A search begins in the middle.
                for place in [sides.len() / 2, sides.len() / 4, sides.len() * 3 / 4] {
                    touched ^= sides.get(place).map_or(0, |side| side.0);
                }
            }
        }
        black_box(touched);
    }

    /// Judges a row. `interner` is the one that made its numbers.
    pub(crate) fn judge(&mut self, row: &Row<'_>, interner: &mut Interner) -> Judged {
        let at = row.at.unwrap_or(self.setting.as_of);
        let (known, seen) = (&*self.known, &mut self.seen);
        for number in [Some(row.access), row.minimal_access].into_iter().flatten() {
            seen.look_at_name(known, number, interner);
        }
        let held = seen.look_at_held(known, row, at, interner);
        if let Some(roles) = row.roles {
            seen.look_at_roles(known, roles, interner);
        }
        let ruling = if self.is_slow() {
            let numbers = held.map(|held| self.seen.names_held(&self.known, held, at, interner));
            let story = story(row, at, numbers, interner);
            let frozen = slow::freeze(&story, self.rules, self.setting.declared);
            rule(&frozen.case(), self.rules, at)
        } else {
            rule(&self.case(row, at, held), self.rules, at)
        };
        let answer = ruling.answer();
        let is_granted = answer == Answer::AutoProvision;
        let (known, seen) = (&*self.known, &mut self.seen);
        Judged {
            is_dangerous_grant: is_granted && seen.is_dangerous(known, row, interner),
            is_conflicting_grant: is_granted && seen.is_conflict(known, row, at, held, interner),
            scope: self.scope(row, at, held, &ruling),
            ruling,
            answer,
            has_holdings: held.is_some(),
        }
    }

    /// The case, as freezing the row's record would make it.
    fn case(&self, row: &Row<'_>, at: Timestamp, held: Option<Held>) -> Case<'_> {
        let asked = self.seen.name(row.access);
        let roles = row.roles.map_or(&[][..], |roles| self.seen.roles(roles));
        let held = held.and_then(|held| self.seen.held(held));
        let entitlement = asked.and_then(|asked| asked.entitlement);
        let half = asked.filter(|asked| asked.is_half);
        let owned = asked.is_some_and(|asked| asked.is_owned);
        let already = match (entitlement, held) {
            (Some(asked), Some(held)) if self.known.has(held, asked) => AlreadyHeld::Otherwise,
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
            roles,
            asked_sides: half
                .filter(|asked| asked.adds_sides)
                .map_or(&[], |asked| &asked.rest.asked_sides),
            // Only of use to who asks for the other half.
            held: half.and(held).map_or(&[], |held| held.sides(self.rules)),
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
            advised: Advised::NOTHING,
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

    /// How what is granted, or offered instead, stands to the least that was needed.
    fn scope(
        &self,
        row: &Row<'_>,
        at: Timestamp,
        held: Option<Held>,
        ruling: &Ruling,
    ) -> Option<Scope> {
        let minimal = self.seen.name(row.minimal_access?)?.entitlement;
        let proposed = if ruling.answer() == Answer::AutoProvision {
            self.seen.name(row.access)?.entitlement?
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
}

fn story<'s>(
    row: &Row<'s>,
    at: Timestamp,
    held: Option<Vec<u32>>,
    interner: &'s Interner,
) -> Story<'s> {
    let text = |number: u32| interner.names.text(number).to_owned();
    Story {
        request_id: row.texts.request_id,
        requester: interner.people.text(row.requester),
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
