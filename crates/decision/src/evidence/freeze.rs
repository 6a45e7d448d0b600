//! Freezing: the record of evidence and the rules become a case of numbers. Every judgement about people is made here.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::case::{
    AlreadyHeld, BrakeState, Case, CaseCoverage, Lack, LackSet, Lift, NameState, PersonState,
    PolicyState, Relation, TargetState,
};
use super::record::{Coverage, Evidence, Fact, Lookup, Person, PersonStatus};
use crate::findings::approvals::{self, Void};
use crate::findings::duration::{self, GrantTerm};
use crate::findings::{justification, lifting};
use crate::request::{Content, NAME_CHARS_MAX, Term};
use crate::rules::compile;
use crate::rules::ids::{RoleId, SideId, SystemId};
use crate::rules::pattern::Subject;
use crate::rules::policy::ApprovalKind;
use crate::rules::{ApprovalSet, Rules};
use crate::time::{Minutes, Timestamp};

/// Somebody whose last day is this near is leaving.
pub const LEAVING_NOTICE: Minutes = Minutes::from_days(14);

/// Facts older than this lower the confidence.
const FRESH_FOR: Minutes = Minutes::from_days(1);

/// Evidence with its case.
#[derive(Debug)]
pub struct Frozen {
    evidence: Evidence,
    content: Content,
    template: Case<'static>,
    roles: Vec<RoleId>,
    asked_sides: Vec<SideId>,
    sides_held: Vec<Vec<SideId>>,
    held: Vec<SideId>,
    systems: Option<Vec<SystemId>>,
    approvals: Vec<Result<ApprovalKind, Void>>,
    lifts: Vec<Lift>,
    lift_states: Vec<Result<(), Void>>,
}

impl Frozen {
    /// Freezes `evidence` against `rules`. Never fails: what cannot be judged becomes a cautious state.
    #[must_use]
    pub fn new(evidence: Evidence, rules: &Rules) -> Self {
        let roles = roles_of(&evidence, rules);
        let sides_held: Vec<Vec<SideId>> = held_names(&evidence)
            .map(|(name, _)| sides_of_name(rules, name))
            .collect();
        let mut held: Vec<SideId> = sides_held.iter().flatten().copied().collect();
        held.sort_unstable();
        held.dedup();
        let (template, asked_sides) = scalars(&evidence, rules);
        let systems = systems_of(&evidence, rules);
        let mut frozen = Self {
            content: Content {
                request: evidence.request.id.clone(),
                revision: evidence.request.revision,
                beneficiary: evidence
                    .beneficiary()
                    .map(|person| person.id.clone())
                    .unwrap_or_default(),
                entitlement: entitlement_name(&evidence, rules).to_owned(),
                power: target_power(&evidence, rules)
                    .unwrap_or_default()
                    .to_owned(),
                duration: None,
                start: None,
            },
            evidence,
            template,
            roles,
            asked_sides,
            sides_held,
            held,
            systems,
            approvals: Vec::new(),
            lifts: Vec::new(),
            lift_states: Vec::new(),
        };
        frozen.content.duration = match duration::assess(&frozen.case(), rules).term {
            GrantTerm::Standing => None,
            GrantTerm::For(minutes) => Some(minutes),
        };
        frozen.judge_approvals(rules);
        frozen.note_lacks(rules);
        let (lifts, states) = lifting::judge(&frozen, rules);
        (frozen.lifts, frozen.lift_states) = (lifts, states);
        frozen
    }

    /// The record.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The content that approvals, lifts and intents bind to.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// For each recorded approval, in the record's order: the slot that it fills, or why it does not count.
    pub fn approvals(&self) -> &[Result<ApprovalKind, Void>] {
        &self.approvals
    }

    /// For each recorded lift, in the record's order: whether it stands.
    pub fn lifts(&self) -> &[Result<(), Void>] {
        &self.lift_states
    }

    /// The case.
    #[must_use]
    pub fn case(&self) -> Case<'_> {
        Case {
            roles: &self.roles,
            asked_sides: &self.asked_sides,
            held: &self.held,
            coverage: match (&self.systems, self.template.coverage) {
                (Some(systems), _) => CaseCoverage::Systems(systems),
                (None, coverage) => coverage,
            },
            lifts: &self.lifts,
            ..self.template
        }
    }

    /// Everything that is held, with its path and the sides that it fulfils.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&str, Vec<String>, &[SideId])> {
        held_names(&self.evidence)
            .zip(&self.sides_held)
            .map(|((name, path), sides)| (name, path, sides.as_slice()))
    }

    /// People who may never review this request.
    #[must_use]
    pub fn excluded(&self) -> BTreeSet<String> {
        let own: Vec<&Person> = [self.evidence.requester(), self.evidence.beneficiary()]
            .into_iter()
            .flatten()
            .collect();
        approvals::excluded(&self.evidence, &own)
    }

    fn judge_approvals(&mut self, rules: &Rules) {
        let entry = self.template.entitlement.and_then(|id| rules.entry(id));
        if let Some(beneficiary) = self.evidence.beneficiary() {
            let excluded = self.excluded();
            self.approvals = approvals::standing(
                &self.evidence,
                rules,
                &self.content,
                beneficiary,
                entry,
                &excluded,
            );
        } else {
            self.approvals = vec![Err(Void::OtherContent); self.evidence.approvals.len()];
        }
        self.template.approvals = ApprovalSet::of(self.approvals.iter().flatten().copied());
    }

    fn note_lacks(&mut self, rules: &Rules) {
        let evidence = &self.evidence;
        let stale = |as_of: Option<Timestamp>| {
            as_of.is_some_and(|as_of| as_of.plus(FRESH_FOR) < evidence.frozen_at)
        };
        let required = approvals::required(&self.case(), rules);
        let owned = self
            .template
            .entitlement
            .and_then(|id| rules.facts(id))
            .is_some_and(|facts| facts.owned);
        let managed = evidence
            .beneficiary()
            .is_some_and(|person| person.manager.is_some());
        self.template.lacks = LackSet::EMPTY
            .with_if(
                stale(evidence.requester.as_of()) || stale(evidence.beneficiary.as_of()),
                Lack::PersonStale,
            )
            .with_if(stale(evidence.holdings.as_of()), Lack::HoldingsStale)
            .with_if(
                required.contains(ApprovalKind::Manager) && !managed,
                Lack::ManagerUnknown,
            )
            .with_if(
                required.contains(ApprovalKind::ResourceOwner) && !owned,
                Lack::OwnerUnknown,
            )
            .with_if(
                self.template.entitlement.is_some()
                    && target_fact(evidence, rules).and_then(Fact::as_of).is_none(),
                Lack::TargetUnread,
            )
            .with_if(evidence.activity.value().is_none(), Lack::ActivityUnread);
    }
}

impl Evidence {
    /// The requester, when the directory knows exactly one.
    #[must_use]
    pub fn requester(&self) -> Option<&Person> {
        one(&self.requester)
    }

    /// The beneficiary, when the directory knows exactly one.
    #[must_use]
    pub fn beneficiary(&self) -> Option<&Person> {
        one(&self.beneficiary)
    }

    /// SHA-256 of the record's JSON, which is how it is stored.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        // A record of strings, numbers and maps with text keys always serialises.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

fn one(fact: &Fact<Lookup>) -> Option<&Person> {
    match fact.value()? {
        Lookup::One(person) => Some(person),
        Lookup::Several(_) => None,
    }
}

/// The policy that these rules come from, that the record names, and that is in force must be one.
fn policy_state(evidence: &Evidence, rules: &Rules) -> PolicyState {
    let one = evidence.policy == evidence.active_policy && evidence.policy == rules.policy().digest;
    if one {
        PolicyState::Current
    } else {
        PolicyState::Stale
    }
}

fn person_state(fact: &Fact<Lookup>, now: Timestamp) -> PersonState {
    match fact {
        Fact::Present {
            value: Lookup::Several(_),
            ..
        } => PersonState::Ambiguous,
        Fact::Present {
            value: Lookup::One(person),
            ..
        } => match person.status {
            PersonStatus::Inactive => PersonState::Inactive,
            PersonStatus::Agent => PersonState::Agent,
            PersonStatus::Active => match person.leaves_at {
                Some(day) if day <= now => PersonState::Inactive,
                Some(day) if day <= now.plus(LEAVING_NOTICE) => PersonState::Leaving,
                Some(_) | None => PersonState::Active,
            },
        },
        Fact::Absent { .. } => PersonState::Unknown,
        Fact::Unreachable { .. } | Fact::NotInProfile => PersonState::Unreachable,
    }
}

fn relation(evidence: &Evidence) -> Relation {
    match (evidence.requester(), evidence.beneficiary()) {
        (Some(filer), Some(person)) if filer.id == person.id => Relation::Same,
        (None, _) | (_, None) if evidence.request.on_behalf_of.is_none() => Relation::Same,
        (Some(filer), Some(person))
            if person.manager.as_ref() == Some(&filer.id)
                || person.delegates.contains(&filer.id) =>
        {
            Relation::Allowed
        }
        _ => Relation::None,
    }
}

/// The catalogue id, or the canonical name of what is not catalogued.
pub(crate) fn entitlement_name<'a>(evidence: &'a Evidence, rules: &'a Rules) -> &'a str {
    let canonical = evidence.request.access.canonical();
    let entry = rules.entitlement(canonical).and_then(|id| rules.entry(id));
    entry.map_or(canonical, |entry| entry.id.as_str())
}

pub(crate) fn target_fact<'a>(
    evidence: &'a Evidence,
    rules: &Rules,
) -> Option<&'a Fact<super::record::Target>> {
    let entry = rules.entry(rules.entitlement(evidence.request.access.canonical())?)?;
    evidence.targets.get(&entry.id)
}

fn target_power<'a>(evidence: &'a Evidence, rules: &Rules) -> Option<&'a str> {
    target_fact(evidence, rules)?
        .value()
        .map(|target| target.power.as_str())
}

fn target_state(evidence: &Evidence, rules: &Rules) -> TargetState {
    let name = entitlement_name(evidence, rules);
    match target_fact(evidence, rules) {
        // What is not catalogued has no target to look at; that finding is made elsewhere. One that this door does
        // not collect lowers the confidence.
        None | Some(Fact::NotInProfile) => TargetState::Bound,
        Some(Fact::Present { value, .. }) => match evidence.bound_powers.get(name) {
            Some(bound) if *bound != value.power => TargetState::Drifted,
            Some(_) | None => TargetState::Bound,
        },
        Some(Fact::Absent { .. }) => TargetState::Missing,
        Some(Fact::Unreachable { .. }) => TargetState::Unreachable,
    }
}

/// Everything but the lists, the approvals, the lacks and the lifts; and the sides that the name itself fulfils.
fn scalars(evidence: &Evidence, rules: &Rules) -> (Case<'static>, Vec<SideId>) {
    let access = &evidence.request.access;
    let subject = subject_of(evidence, rules);
    let (classes, privileged) = rules.danger_of(&subject);
    let name = entitlement_name(evidence, rules);
    let mut asked_sides = rules.sides_matching(name, &subject);
    if rules.entitlement(name).is_none() {
        asked_sides.extend(sides_of_name(rules, beginning(name)));
        asked_sides.sort_unstable();
        asked_sides.dedup();
    }
    let now = evidence.frozen_at;
    let case = Case {
        evidence: evidence.digest(),
        mode: evidence.mode,
        log: evidence.log,
        policy: policy_state(evidence, rules),
        requester: person_state(&evidence.requester, now),
        beneficiary: person_state(&evidence.beneficiary, now),
        relation: relation(evidence),
        entitlement: rules.entitlement(access.canonical()),
        name: if access.doubt().is_some() {
            NameState::Suspicious
        } else {
            NameState::Clean
        },
        classes,
        privileged,
        target: target_state(evidence, rules),
        roles: &[],
        asked_sides: &[],
        held: &[],
        coverage: match &evidence.holdings {
            Fact::Present { value, .. } if value.coverage == Coverage::Everything => {
                CaseCoverage::Everything
            }
            Fact::Present { .. } => CaseCoverage::Systems(&[]),
            Fact::Absent { .. } | Fact::Unreachable { .. } | Fact::NotInProfile => {
                CaseCoverage::Unreachable
            }
        },
        already: already_held(evidence, rules),
        approvals: ApprovalSet::EMPTY,
        justification: justification::state_of(evidence.request.justification.as_deref()),
        duration: match evidence.request.term {
            Term::Unstated => None,
            Term::For(minutes) => Some(minutes),
            Term::Until(end) => Some(end.since(now)),
        },
        until: match evidence.request.term {
            Term::Unstated | Term::For(_) => None,
            Term::Until(end) => Some(end),
        },
        booked: booked(evidence, rules),
        activity: evidence.activity.value().copied().unwrap_or(0),
        lacks: LackSet::EMPTY,
        advice: evidence.advice,
        brake: if evidence.brakes.is_empty() {
            BrakeState::Free
        } else {
            BrakeState::Applied
        },
        lifts: &[],
    };
    (case, asked_sides)
}

/// INVARIANT(danger-wide): the name as asked, the catalogue entry, and the target's name, path and tags.
pub(crate) fn subject_of(evidence: &Evidence, rules: &Rules) -> Subject {
    let access = &evidence.request.access;
    let entry = rules
        .entitlement(access.canonical())
        .and_then(|id| rules.entry(id));
    // One subject, so that a pattern may find its resource in the target and its level in the catalogue.
    let mut subject = entry
        .map_or_else(Subject::new, compile::subject_of)
        .with_access(beginning(access.asked()))
        .with_access(beginning(access.canonical()));
    if let Some(target) = target_fact(evidence, rules).and_then(Fact::value) {
        subject = subject.with_name(&target.name);
        for label in target.path.iter().chain(&target.tags) {
            subject = subject.with_label(label);
        }
    }
    subject
}

/// As much of a name as is looked at. What is longer is suspicious and in no catalogue, so nothing dangerous gets by.
fn beginning(name: &str) -> &str {
    let end = name.char_indices().nth(NAME_CHARS_MAX);
    end.and_then(|(end, _)| name.get(..end)).unwrap_or(name)
}

fn roles_of(evidence: &Evidence, rules: &Rules) -> Vec<RoleId> {
    let names = evidence
        .beneficiary()
        .map_or(&[][..], |person| person.roles.as_slice());
    let mut roles: Vec<RoleId> = names.iter().filter_map(|name| rules.role(name)).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// Names of everything that counts as held: holdings, reservations and effects unknown.
fn held_names(evidence: &Evidence) -> impl Iterator<Item = (&str, Vec<String>)> {
    let holdings = evidence
        .holdings
        .value()
        .map_or(&[][..], |holdings| holdings.items.as_slice());
    let held = holdings
        .iter()
        .map(|item| (item.entitlement.as_str(), item.path.clone()));
    let reserved = evidence.reserved.iter().map(|reserved| {
        (
            reserved.entitlement.as_str(),
            vec![format!("reserved for {}", reserved.request)],
        )
    });
    held.chain(reserved)
}

/// The sides that holding `name` fulfils.
fn sides_of_name(rules: &Rules, name: &str) -> Vec<SideId> {
    match rules.entitlement(name) {
        Some(id) => rules.sides_of(id).to_vec(),
        None => {
            let mut sides = rules.sides_matching(name, &Subject::new().with_access(name));
            for lower in rules.lower_names(name) {
                match rules.entitlement(&lower) {
                    Some(id) => sides.extend(rules.sides_of(id)),
                    None => sides
                        .extend(rules.sides_matching(&lower, &Subject::new().with_access(&lower))),
                }
            }
            sides
        }
    }
}

fn systems_of(evidence: &Evidence, rules: &Rules) -> Option<Vec<SystemId>> {
    match &evidence.holdings.value()?.coverage {
        Coverage::Everything => None,
        Coverage::Nothing => Some(Vec::new()),
        Coverage::Systems(names) => {
            let mut systems: Vec<SystemId> =
                names.iter().filter_map(|name| rules.system(name)).collect();
            systems.sort_unstable();
            systems.dedup();
            Some(systems)
        }
    }
}

/// Whether something that is held implies what is asked for.
fn already_held(evidence: &Evidence, rules: &Rules) -> AlreadyHeld {
    let Some(asked) = rules.entitlement(evidence.request.access.canonical()) else {
        return AlreadyHeld::No;
    };
    let holdings = evidence
        .holdings
        .value()
        .map_or(&[][..], |holdings| holdings.items.as_slice());
    let mut already = AlreadyHeld::No;
    for item in holdings {
        let implies = rules
            .entitlement(&item.entitlement)
            .is_some_and(|held| rules.implied(held).binary_search(&asked).is_ok());
        if implies && item.grant.is_none() {
            return AlreadyHeld::Otherwise;
        }
        if implies {
            already = AlreadyHeld::ByGrant;
        }
    }
    already
}

/// Minutes of the rolling window that earlier grants have used until now, overlaps counted once.
fn booked(evidence: &Evidence, rules: &Rules) -> Minutes {
    let now = evidence.frozen_at;
    let window_start = now.minus(rules.policy().duration.window);
    let name = entitlement_name(evidence, rules);
    let mut spans: BTreeMap<(Timestamp, Timestamp), ()> = BTreeMap::new();
    for earlier in evidence
        .earlier
        .iter()
        .filter(|earlier| earlier.entitlement == name)
    {
        let start = if earlier.start > window_start {
            earlier.start
        } else {
            window_start
        };
        let end = if earlier.end < now { earlier.end } else { now };
        if start < end {
            spans.insert((start, end), ());
        }
    }
    let mut seconds = 0_i64;
    let mut covered_until = Timestamp::from_seconds(0);
    for (start, end) in spans.into_keys() {
        let from = if start > covered_until {
            start
        } else {
            covered_until
        };
        if end > from {
            seconds = seconds.saturating_add(end.seconds().saturating_sub(from.seconds()));
            covered_until = end;
        }
    }
    Minutes(u32::try_from(seconds.saturating_add(59) / 60).unwrap_or(u32::MAX))
}
