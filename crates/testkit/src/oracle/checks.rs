//! The checks of the oracle, one after the other, each from the record and the policy.

use std::collections::{BTreeMap, BTreeSet};

use decision::evidence::record::{Advice, Coverage, Fact, LogState, Lookup, Mode, PersonStatus};
use decision::findings::Kind;
use decision::request::Term;
use decision::rules::class::Class;
use decision::rules::policy::{ApprovalKind, ConflictRule, Policy};
use decision::time::{Minutes, Timestamp};

use super::View;
use super::names::{self, Known};
use super::people::{self, resolved};

const DAY: Minutes = Minutes::from_days(1);

pub(super) fn requester(view: &View<'_>) -> BTreeSet<Kind> {
    let evidence = view.evidence;
    let mut found = BTreeSet::new();
    for fact in [&evidence.requester, &evidence.beneficiary] {
        match fact {
            Fact::Absent { .. } => {
                found.insert(Kind::PersonUnknown);
            }
            Fact::Unreachable { .. } | Fact::NotInProfile => {
                found.insert(Kind::FactUnreachable);
            }
            Fact::Present {
                value: Lookup::Several(_),
                ..
            } => {
                found.insert(Kind::PersonAmbiguous);
            }
            Fact::Present {
                value: Lookup::One(person),
                ..
            } => {
                let notice = evidence.frozen_at.plus(Minutes::from_days(14));
                match person.status {
                    PersonStatus::Agent => {
                        found.insert(Kind::OwnRequest);
                    }
                    PersonStatus::Inactive => {
                        found.insert(Kind::PersonInactive);
                    }
                    PersonStatus::Active
                        if person
                            .leaves_at
                            .is_some_and(|day| day <= evidence.frozen_at) =>
                    {
                        found.insert(Kind::PersonInactive);
                    }
                    PersonStatus::Active if person.leaves_at.is_some_and(|day| day <= notice) => {
                        found.insert(Kind::PersonLeaving);
                    }
                    PersonStatus::Active => {}
                }
            }
        }
    }
    let related = match (
        resolved(&evidence.requester),
        resolved(&evidence.beneficiary),
    ) {
        (Some(by), Some(of)) => {
            by.id == of.id || of.manager.as_ref() == Some(&by.id) || of.delegates.contains(&by.id)
        }
        (None, _) | (_, None) => evidence.request.on_behalf_of.is_none(),
    };
    if !related {
        found.insert(Kind::RelationMissing);
    }
    found
}

pub(super) fn evidence(view: &View<'_>) -> BTreeSet<Kind> {
    let evidence = view.evidence;
    let mut found = BTreeSet::new();
    if evidence.log == LogState::Broken {
        found.insert(Kind::LogBroken);
    }
    if evidence.policy != evidence.active_policy || evidence.policy != view.policy.digest {
        found.insert(Kind::PolicyStale);
    }
    // A system that knows no such person says nothing about what they hold elsewhere.
    if evidence.holdings.value().is_none() {
        found.insert(Kind::FactUnreachable);
    }
    let target = view.evidence.targets.get(&view.id());
    if view.entry.is_some() && matches!(target, Some(Fact::Unreachable { .. })) {
        found.insert(Kind::FactUnreachable);
    }
    found
}

fn target_is_unread(view: &View<'_>) -> bool {
    let fact = view.evidence.targets.get(&view.id());
    matches!(
        fact,
        None | Some(Fact::Unreachable { .. } | Fact::NotInProfile)
    )
}

/// The names that count as held, each with whether it came from us.
fn held(view: &View<'_>) -> Vec<(String, bool)> {
    let evidence = view.evidence;
    let holdings = evidence
        .holdings
        .value()
        .map_or(&[][..], |holdings| holdings.items.as_slice());
    let mut held: Vec<(String, bool)> = holdings
        .iter()
        .map(|item| (item.entitlement.clone(), item.grant.is_some()))
        .collect();
    let reserved = evidence.reserved.iter();
    held.extend(reserved.map(|it| (it.entitlement.clone(), true)));
    held
}

fn roles(view: &View<'_>) -> BTreeSet<String> {
    let mut roles: BTreeSet<String> = resolved(&view.evidence.beneficiary)
        .map(|person| person.roles.iter().cloned().collect())
        .unwrap_or_default();
    loop {
        let before = roles.len();
        for role in &view.policy.roles {
            if roles.contains(&role.name) {
                roles.extend(role.inherits.iter().cloned());
            }
        }
        if roles.len() == before {
            return roles;
        }
    }
}

/// Whether a role lists `id` as standard, and as grantable.
fn listed(view: &View<'_>, id: &str) -> (bool, bool) {
    let roles = roles(view);
    let mine = || {
        view.policy
            .roles
            .iter()
            .filter(|role| roles.contains(&role.name))
    };
    let is = |name: &str| names::entry_of(view.policy, name).is_some_and(|entry| entry.id == id);
    let standard = mine().any(|role| role.standard.iter().any(|it| is(&it.entitlement)));
    let grantable = mine().any(|role| role.grantable.iter().any(|it| is(&it.entitlement)));
    (standard, grantable)
}

fn is_standard(view: &View<'_>) -> bool {
    view.entry.is_some_and(|entry| listed(view, &entry.id).0)
}

pub(super) fn entitlement(view: &View<'_>) -> BTreeSet<Kind> {
    let mut found = BTreeSet::new();
    if view.evidence.request.access.doubt().is_some() {
        found.insert(Kind::NameSuspicious);
    }
    let Some(entry) = view.entry else {
        found.extend([Kind::EntitlementUnknown, Kind::OutOfRole]);
        return found;
    };
    if matches!(
        view.evidence.targets.get(&entry.id),
        Some(Fact::Absent { .. })
    ) {
        found.insert(Kind::TargetMissing);
    }
    match listed(view, &entry.id) {
        (true, _) => {}
        (false, true) => {
            found.insert(Kind::GrantableOnly);
        }
        (false, false) => {
            found.insert(Kind::OutOfRole);
        }
    }
    let not_ours = held(view).into_iter().any(|(name, ours)| {
        // Only what is catalogued says for certain what it gives.
        let known = names::entry_of(view.policy, &name);
        !ours && known.is_some_and(|of| names::implied(view.policy, &of.id).contains(&entry.id))
    });
    if not_ours {
        found.insert(Kind::AlreadyHeld);
    }
    found
}

/// Everything by which what is asked for can be recognised.
fn asked(view: &View<'_>) -> Known {
    let mut known = Known::default();
    known.access(view.evidence.request.access.asked());
    known.access(view.evidence.request.access.canonical());
    if let Some(entry) = view.entry {
        known.entry(entry);
    }
    if let Some(target) = view.evidence.targets.get(&view.id()).and_then(Fact::value) {
        known.target(target);
    }
    known
}

pub(super) fn danger(view: &View<'_>) -> (BTreeSet<Class>, bool) {
    let known = asked(view);
    let privileged = view
        .policy
        .privileged
        .iter()
        .any(|pattern| known.caught_by(&pattern.text));
    (names::classes(view.policy, view.entry, &known), privileged)
}

pub(super) fn privilege(view: &View<'_>) -> BTreeSet<Kind> {
    let (classes, privileged) = danger(view);
    let mut found: BTreeSet<Kind> = classes
        .into_iter()
        .map(|class| match class {
            Class::Admin => Kind::NeverAutoAdmin,
            Class::Production => Kind::NeverAutoProduction,
            Class::SensitiveData => Kind::NeverAutoSensitive,
            Class::SecurityTooling => Kind::NeverAutoSecurity,
        })
        .collect();
    if privileged {
        found.insert(Kind::Privileged);
    }
    if view
        .entry
        .is_none_or(|entry| !names::level_is_mapped(view.policy, &entry.id))
    {
        found.insert(Kind::LevelUnmapped);
    }
    if let Some(entry) = view.entry {
        let target = view.evidence.targets.get(&entry.id).and_then(Fact::value);
        let bound = view.evidence.bound_powers.get(&entry.id);
        if let (Some(target), Some(bound)) = (target, bound)
            && target.power != *bound
        {
            found.insert(Kind::BindingDrift);
        }
    }
    found
}

/// The systems in which what fulfils a side lives; `None` when nothing catalogued does.
fn systems_of(policy: &Policy, side: &str) -> Option<BTreeSet<String>> {
    let there = policy
        .catalogue
        .iter()
        .filter(|entry| names::fulfils(policy, side, &[&entry.id], None));
    let systems: BTreeSet<String> = there
        .map(|entry| {
            entry
                .system
                .clone()
                .unwrap_or_else(|| names::halves(&entry.id).0.to_owned())
        })
        .collect();
    (!systems.is_empty()).then_some(systems)
}

fn is_covered(view: &View<'_>, side: &str) -> bool {
    match view
        .evidence
        .holdings
        .value()
        .map(|holdings| &holdings.coverage)
    {
        Some(Coverage::Everything) => true,
        Some(Coverage::Systems(covered)) => systems_of(view.policy, side)
            .is_some_and(|systems| systems.iter().all(|system| covered.contains(system))),
        Some(Coverage::Nothing) | None => false,
    }
}

/// The rules that conflict and those that cannot be verified, by finding.
pub(super) fn separation(view: &View<'_>) -> BTreeMap<Kind, BTreeSet<String>> {
    let known = asked(view);
    let access = &view.evidence.request.access;
    let own = |side: &str| names::fulfils(view.policy, side, &[access.canonical()], Some(&known));
    let held = held(view);
    let is_held = |side: &str| {
        held.iter()
            .any(|(name, _)| names::fulfils(view.policy, side, &[name], None))
    };
    let mut named: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for rule in &view.policy.conflicts {
        if let Some(kind) = stands(view, rule, &own, &is_held) {
            named.entry(kind).or_default().insert(rule.id.clone());
        }
    }
    named
}

fn stands(
    view: &View<'_>,
    rule: &ConflictRule,
    own: &dyn Fn(&str) -> bool,
    is_held: &dyn Fn(&str) -> bool,
) -> Option<Kind> {
    let sides = || rule.sides.iter().map(|side| side.text.as_str());
    if !sides().any(own) {
        return None;
    }
    let missing: Vec<&str> = sides()
        .filter(|side| !own(side) && !is_held(side))
        .collect();
    if missing.is_empty() {
        Some(Kind::Conflict)
    } else if missing.iter().any(|side| is_covered(view, side)) {
        None
    } else {
        Some(Kind::Unverifiable)
    }
}

fn required(view: &View<'_>) -> BTreeSet<ApprovalKind> {
    if view.entry.is_none() {
        // Nobody said what it needs, so it needs the two that danger needs by default.
        return BTreeSet::from([ApprovalKind::Manager, ApprovalKind::ResourceOwner]);
    }
    let rules = &view.policy.approvals;
    let (classes, privileged) = danger(view);
    let mut required: BTreeSet<ApprovalKind> = rules.every.iter().copied().collect();
    if privileged {
        required.extend(&rules.privileged);
    }
    if !is_standard(view) {
        required.extend(&rules.grantable);
    }
    for (class, kinds) in &rules.by_class {
        if classes.contains(class) {
            required.extend(kinds);
        }
    }
    required
}

pub(super) fn approvals(view: &View<'_>) -> BTreeSet<Kind> {
    let (there, _) = people::approvals(view);
    let missing = required(view)
        .into_iter()
        .filter(|kind| !there.contains(kind));
    missing
        .map(|kind| match kind {
            ApprovalKind::Manager => Kind::ManagerApprovalMissing,
            ApprovalKind::ResourceOwner => Kind::OwnerApprovalMissing,
            ApprovalKind::Security => Kind::SecurityApprovalMissing,
        })
        .collect()
}

/// Reason and over-asking.
pub(super) fn asking(view: &View<'_>) -> BTreeSet<Kind> {
    let mut found = BTreeSet::new();
    let reason = view.evidence.request.justification.as_deref().unwrap_or("");
    let letters: Vec<char> = reason
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    let different: BTreeSet<char> = letters.iter().copied().collect();
    if letters.len() < 8 || different.len() < 2 {
        found.insert(Kind::JustificationMissing);
    }
    let mut step = view.entry;
    let mut less_would_do = false;
    for _ in 0..8 {
        step = step
            .and_then(|entry| entry.narrower.as_deref())
            .and_then(|name| names::entry_of(view.policy, name));
        less_would_do |= step.is_some_and(|entry| listed(view, &entry.id).0);
    }
    if less_would_do && !is_standard(view) {
        found.insert(Kind::OverAsking);
    }
    found
}

/// Confidence, advice, mode and brakes.
pub(super) fn caution(view: &View<'_>) -> BTreeSet<Kind> {
    let mut found = BTreeSet::new();
    if confidence(view) < 8_500 {
        found.insert(Kind::ConfidenceLow);
    }
    match view.evidence.advice {
        Advice::Nothing => {}
        Advice::Narrow => {
            found.insert(Kind::AdviceNarrow);
        }
        Advice::AskFirst => {
            found.insert(Kind::AdviceAskFirst);
        }
        Advice::LookCloser => {
            found.insert(Kind::AdviceLookCloser);
        }
    }
    if view.evidence.mode == Mode::Advise {
        found.insert(Kind::AdviseMode);
    }
    if !view.evidence.brakes.is_empty() {
        found.insert(Kind::Brake);
    }
    found
}

pub(super) fn confidence(view: &View<'_>) -> u16 {
    let evidence = view.evidence;
    let old =
        |as_of: Option<Timestamp>| as_of.is_some_and(|as_of| as_of.plus(DAY) < evidence.frozen_at);
    let person_old = old(evidence.requester.as_of()) || old(evidence.beneficiary.as_of());
    let needs = required(view);
    let managed = resolved(&evidence.beneficiary).is_some_and(|person| person.manager.is_some());
    let owned = view.entry.is_some_and(|entry| entry.owner.is_some());
    let no_manager = needs.contains(&ApprovalKind::Manager) && !managed;
    let no_owner = needs.contains(&ApprovalKind::ResourceOwner) && !owned;
    let unread = view.entry.is_some() && target_is_unread(view);
    let lacks = [
        (person_old, 2_500),
        (old(evidence.holdings.as_of()), 2_500),
        (unread, 2_500),
        (no_manager, 2_000),
        (no_owner, 2_000),
        (evidence.activity.value().is_none(), 1_600),
    ];
    let cost: u16 = lacks
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, cost)| cost)
        .sum();
    10_000_u16.saturating_sub(cost)
}

/// How long a grant would last.
pub(super) struct Duration {
    pub(super) term: Option<Minutes>,
    pub(super) end: Option<Timestamp>,
    pub(super) over: bool,
}

pub(super) fn duration(view: &View<'_>) -> Duration {
    let rules = &view.policy.duration;
    let own = view
        .entry
        .and_then(|entry| entry.maximum)
        .unwrap_or(rules.maximum);
    let maximum = own.min(rules.maximum);
    let used = used(view);
    let left = Minutes(maximum.0.saturating_sub(used.0));
    let standing = view.entry.is_some_and(|entry| entry.standing.is_some());
    let (term, asked_end) = match view.evidence.request.term {
        Term::Unstated if standing => (None, None),
        Term::Unstated if left.0 > 0 => (Some(rules.default.min(left)), None),
        Term::Unstated => (Some(rules.default), None),
        Term::For(minutes) => (Some(minutes), None),
        Term::Until(until) => (Some(until.since(view.evidence.frozen_at)), Some(until)),
    };
    let end = term.map(|minutes| view.now.plus(minutes));
    Duration {
        over: term.is_some_and(|term| term > left || term.0 == 0),
        end: [end, asked_end].into_iter().flatten().min(),
        term,
    }
}

/// Minutes in the window that earlier grants of it used until now: minute by minute would be slow, so second marks.
fn used(view: &View<'_>) -> Minutes {
    let now = view.evidence.frozen_at;
    let from = now.minus(view.policy.duration.window);
    let id = view.id();
    let mut spans: Vec<(i64, i64)> = view
        .evidence
        .earlier
        .iter()
        .filter(|grant| grant.entitlement == id)
        .map(|grant| {
            (
                grant.start.max(from).seconds(),
                grant.end.min(now).seconds(),
            )
        })
        .filter(|(start, end)| start < end)
        .collect();
    let marks: BTreeSet<i64> = spans
        .iter()
        .flat_map(|(start, end)| [*start, *end])
        .collect();
    let marks: Vec<i64> = marks.into_iter().collect();
    spans.sort_unstable();
    let mut seconds = 0_i64;
    for (start, end) in marks.iter().zip(marks.iter().skip(1)) {
        if spans.iter().any(|(from, to)| from <= start && end <= to) {
            seconds += end - start;
        }
    }
    Minutes(u32::try_from((seconds + 59) / 60).unwrap_or(u32::MAX))
}
