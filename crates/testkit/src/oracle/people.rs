//! People in the oracle: who is one human being, who may never review, which approvals and lifts count.

use std::collections::{BTreeMap, BTreeSet};

use decision::evidence::record::{Evidence, Fact, LiftRecord, Lookup, Person, PersonStatus};
use decision::findings::{Authority, Kind, Lifting};
use decision::request::Content;
use decision::rules::policy::{ApprovalKind, Entitlement, Policy};
use decision::time::{Minutes, Timestamp};

use super::{View, duration, names};

/// The person, when the directory knows exactly one.
pub(super) fn resolved(fact: &Fact<Lookup>) -> Option<&Person> {
    match fact.value() {
        Some(Lookup::One(person)) => Some(person),
        Some(Lookup::Several(_)) | None => None,
    }
}

/// Every person in the record.
pub(super) fn everybody(evidence: &Evidence) -> Vec<&Person> {
    let two = [&evidence.requester, &evidence.beneficiary];
    two.into_iter()
        .filter_map(resolved)
        .chain(evidence.people.values())
        .collect()
}

/// All identities of the same human being as `id`: links followed both ways until nothing is added.
pub(super) fn identities(evidence: &Evidence, id: &str) -> BTreeSet<String> {
    let mut same = BTreeSet::from([id.to_owned()]);
    loop {
        let before = same.len();
        for person in everybody(evidence) {
            let touches = same.contains(&person.id)
                || person.linked.iter().any(|linked| same.contains(linked));
            if touches {
                same.insert(person.id.clone());
                same.extend(person.linked.iter().cloned());
            }
        }
        if same.len() == before {
            return same;
        }
    }
}

/// The beneficiary's other identities, and whoever else the record carries as one.
pub(crate) fn linked(evidence: &Evidence) -> BTreeSet<String> {
    let mut linked: BTreeSet<String> = evidence.linked.keys().cloned().collect();
    if let Some(person) = resolved(&evidence.beneficiary) {
        let mut others = identities(evidence, &person.id);
        others.remove(&person.id);
        linked.extend(others);
    }
    linked
}

/// Requester, beneficiary and their delegates, each as a whole human being.
pub(super) fn never_reviews(evidence: &Evidence) -> BTreeSet<String> {
    let mut own = BTreeSet::new();
    for fact in [&evidence.requester, &evidence.beneficiary] {
        if let Some(person) = resolved(fact) {
            own.extend(identities(evidence, &person.id));
        }
    }
    let mut never = own.clone();
    for person in everybody(evidence) {
        if own.contains(&person.id) {
            for delegate in &person.delegates {
                never.extend(identities(evidence, delegate));
            }
        }
    }
    never
}

/// What approvals and lifts bind to now.
pub(super) fn content(view: &View<'_>) -> Content {
    let evidence = view.evidence;
    let request = &evidence.request;
    let id = view.id();
    Content {
        request: request.id.clone(),
        revision: request.revision,
        beneficiary: resolved(&evidence.beneficiary)
            .map(|person| person.id.clone())
            .unwrap_or_default(),
        entitlement: id.clone(),
        power: evidence
            .targets
            .get(&id)
            .and_then(Fact::value)
            .map(|target| target.power.clone())
            .unwrap_or_default(),
        duration: duration::assess(view).term,
        start: None,
    }
}

fn same_or_narrower(view: &View<'_>, given: &Content) -> bool {
    let current = content(view);
    let mut narrower = BTreeSet::new();
    let mut step = given.entitlement.clone();
    for _ in 0..8 {
        let Some(entry) = names::entry_of(view.policy, &step) else {
            break;
        };
        let Some(below) = entry.narrower.as_deref() else {
            break;
        };
        step = names::entry_of(view.policy, below).map_or(below.to_owned(), |e| e.id.clone());
        narrower.insert(step.clone());
    }
    let access = given.entitlement == current.entitlement && given.power == current.power
        || narrower.contains(&current.entitlement);
    let shorter = match (given.duration, current.duration) {
        (None, _) => true,
        (Some(given), Some(current)) => current <= given,
        (Some(_), None) => false,
    };
    // A request has no start of its own yet: it begins at once, so what was given for a later start does not fit.
    given.request == current.request
        && given.beneficiary == current.beneficiary
        && access
        && shorter
        && given.start.is_none()
}

fn active<'a>(evidence: &'a Evidence, id: &str) -> Option<&'a Person> {
    let person = evidence.people.get(id)?;
    let gone = person
        .leaves_at
        .is_some_and(|day| day <= evidence.frozen_at);
    (person.status == PersonStatus::Active && !gone && person.id == id).then_some(person)
}

fn is_in(person: &Person, group: &str) -> bool {
    person.groups.iter().any(|of| of == group)
}

fn owns(person: &Person, entry: Option<&Entitlement>) -> bool {
    let owner = entry.and_then(|entry| entry.owner.as_deref());
    owner.is_some_and(|group| is_in(person, group))
}

/// The kinds of approval that are there, and everybody (every identity) who filled one.
pub(super) fn approvals(view: &View<'_>) -> (BTreeSet<ApprovalKind>, BTreeSet<String>) {
    let evidence = view.evidence;
    let never = never_reviews(evidence);
    let mut in_order: Vec<_> = evidence.approvals.iter().collect();
    in_order.sort_by_key(|approval| (approval.at, &approval.id));
    let mut kinds = BTreeSet::new();
    let mut used = BTreeSet::new();
    if resolved(&evidence.beneficiary).is_none() {
        return (kinds, used);
    }
    for approval in in_order {
        let Some(person) = active(evidence, &approval.by) else {
            continue;
        };
        let may = match approval.kind {
            ApprovalKind::Manager => resolved(&evidence.beneficiary)
                .is_some_and(|of| of.manager.as_deref() == Some(person.id.as_str())),
            ApprovalKind::ResourceOwner => owns(person, view.entry),
            ApprovalKind::Security => is_in(person, "security"),
        };
        let young = approval.at <= evidence.frozen_at
            && approval.at.plus(Minutes::from_days(30)) >= evidence.frozen_at;
        let counts = may
            && young
            && !never.contains(&person.id)
            && same_or_narrower(view, &approval.content)
            && !used.contains(&person.id);
        if counts {
            kinds.insert(approval.kind);
            used.extend(identities(evidence, &person.id));
        }
    }
    (kinds, used)
}

/// A lift that counts, with what its giver may speak as.
pub(super) struct Counted<'a> {
    pub(super) record: &'a LiftRecord,
    human: BTreeSet<String>,
    speaks_as: BTreeSet<Authority>,
}

fn owns_rules(policy: &Policy, person: &Person, rules: &BTreeSet<String>) -> bool {
    !rules.is_empty()
        && rules.iter().all(|id| {
            let rule = policy.conflicts.iter().find(|rule| rule.id == *id);
            let owner = rule.and_then(|rule| rule.owner.as_deref());
            is_in(person, owner.unwrap_or("security"))
        })
}

/// The lifts that count at `now`, by finding.
pub(super) fn lifts<'a>(
    view: &View<'a>,
    rules_named: &BTreeMap<Kind, BTreeSet<String>>,
    facts: &dyn Fn(Kind) -> String,
) -> BTreeMap<Kind, Vec<Counted<'a>>> {
    let evidence = view.evidence;
    let never = never_reviews(evidence);
    let (_, approvers) = approvals(view);
    let none = BTreeSet::new();
    let mut counted: BTreeMap<Kind, Vec<Counted<'a>>> = BTreeMap::new();
    for record in &evidence.lifts {
        let kind = record.finding;
        let Some(person) = active(evidence, &record.by) else {
            continue;
        };
        let age = match kind.row().lifting {
            Lifting::Nobody => continue,
            Lifting::Any(_, age)
            | Lifting::Each(_, age)
            | Lifting::Exception(_, age)
            | Lifting::WithCause(_, age) => age,
        };
        let mut speaks_as = BTreeSet::new();
        if is_in(person, "security") {
            speaks_as.insert(Authority::Security);
        }
        if owns(person, view.entry) {
            speaks_as.insert(Authority::ResourceOwner);
        }
        if owns_rules(view.policy, person, rules_named.get(&kind).unwrap_or(&none)) {
            speaks_as.insert(Authority::RuleOwner);
        }
        let accepted = matches!(kind.row().lifting, Lifting::Exception(..))
            .then_some(())
            .is_none_or(|()| exception_is_sound(record, view.now));
        let counts = !never.contains(&person.id)
            && !approvers.contains(&person.id)
            && record.at <= view.now
            && record.at.plus(age) >= view.now
            && same_or_narrower(view, &record.content)
            && record.facts == facts(kind)
            && accepted;
        if counts {
            let human = identities(evidence, &person.id);
            counted.entry(kind).or_default().push(Counted {
                record,
                human,
                speaks_as,
            });
        }
    }
    counted
}

fn exception_is_sound(record: &LiftRecord, now: Timestamp) -> bool {
    let exception = record.exception.as_ref();
    exception.is_some_and(|it| it.until > now && !it.control.trim().is_empty())
}

/// Whether `lifts` fill the quorum: every way of giving each wanted authority a lift is tried.
pub(super) fn quorum(lifting: Lifting, lifts: &[Counted<'_>]) -> bool {
    match lifting {
        Lifting::Nobody => false,
        Lifting::Any(wanted, _) | Lifting::Exception(wanted, _) | Lifting::WithCause(wanted, _) => {
            lifts
                .iter()
                .any(|lift| wanted.iter().any(|of| lift.speaks_as.contains(of)))
        }
        Lifting::Each(wanted, _) => {
            let mut chosen: Vec<Vec<&Counted<'_>>> = vec![Vec::new()];
            for authority in wanted {
                let mut longer = Vec::new();
                for so_far in &chosen {
                    for lift in lifts {
                        let fresh = so_far
                            .iter()
                            .all(|other| other.human.is_disjoint(&lift.human));
                        if fresh && lift.speaks_as.contains(authority) {
                            let mut next = so_far.clone();
                            next.push(lift);
                            longer.push(next);
                        }
                    }
                }
                chosen = longer;
            }
            !chosen.is_empty()
        }
    }
}
