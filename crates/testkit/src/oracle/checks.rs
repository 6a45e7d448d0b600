//! The checks of the oracle, one after the other, each from the record and the policy.

use std::collections::BTreeSet;

use decision::evidence::record::{Fact, LogState, Lookup, PersonStatus, Target};
use decision::findings::Kind;
use decision::rules::class::Class;
use decision::rules::conditions::PermittedFit;
use decision::rules::policy::ApprovalKind;
use decision::time::Minutes;

use super::View;
use super::conditions;
use super::names::{self, Known};
use super::people::{self, resolved};
use super::separation;

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
    } else if evidence.own_policy {
        found.insert(Kind::OwnPolicy);
    }
    // A system that knows no such person says nothing about what they hold elsewhere.
    if evidence.holdings.value().is_none() {
        found.insert(Kind::FactUnreachable);
    }
    let linked = people::linked(evidence);
    if linked.iter().any(|id| separation::read(view, id).is_none()) {
        found.insert(Kind::FactUnreachable);
    }
    if separation::is_something_unread(view) {
        found.insert(Kind::FactUnreachable);
    }
    let target = view.evidence.targets.get(&view.id());
    if view.entry.is_some() && matches!(target, Some(Fact::Unreachable { .. })) {
        found.insert(Kind::FactUnreachable);
    }
    found
}

pub(super) fn target_is_unread(view: &View<'_>) -> bool {
    let fact = view.evidence.targets.get(&view.id());
    matches!(
        fact,
        None | Some(Fact::Unreachable { .. } | Fact::NotInProfile)
    )
}

/// The names that count as held, each with whether it came from us.
pub(super) fn held(view: &View<'_>) -> Vec<(String, bool)> {
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
    let by_role = view.entry.is_some_and(|entry| listed(view, &entry.id).0);
    by_role || conditions::permits(view, PermittedFit::Standard)
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
    let by_role = listed(view, &entry.id).1;
    let grantable = by_role || conditions::permits(view, PermittedFit::Grantable);
    match (is_standard(view), grantable) {
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
pub(super) fn asked(view: &View<'_>) -> Known {
    let mut known = Known::default();
    known.access(view.evidence.request.access.asked());
    known.access(view.evidence.request.access.canonical());
    if let Some(entry) = view.entry {
        known.entry(entry);
    }
    if let Some(target) = target(view) {
        known.target(target);
    }
    known
}

/// What stands behind the catalogue id that is asked for.
pub(super) fn target<'a>(view: &View<'a>) -> Option<&'a Target> {
    let entry = view.entry?;
    view.evidence.targets.get(&entry.id).and_then(Fact::value)
}

pub(super) fn danger(view: &View<'_>) -> (BTreeSet<Class>, bool) {
    let known = asked(view);
    let privileged = view
        .policy
        .privileged
        .iter()
        .any(|pattern| known.caught_by(&pattern.text));
    let mut classes = names::classes(view.policy, view.entry, &known);
    let Some(target) = target(view) else {
        return (classes, privileged);
    };
    let (given, also_privileged) = names::danger_given(view.policy, target);
    classes.extend(given);
    (classes, privileged || also_privileged)
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

pub(super) fn required(view: &View<'_>) -> BTreeSet<ApprovalKind> {
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
