//! Lifts: people take a named finding away, each with the authority that the finding demands.

use std::collections::{BTreeMap, BTreeSet};

use super::approvals::{self, SECURITY_GROUP, Void};
use super::kind::{Authority, AuthoritySet, FindingSet, Kind, Lifting};
use super::risk::{RiskLevel, RiskPoints};
use super::separation::{self, RuleStanding};
use crate::evidence::Frozen;
use crate::evidence::case::{Case, Lift};
use crate::evidence::human::Humans;
use crate::evidence::record::{LiftRecord, Person};
use crate::request::digest_of;
use crate::rules::Rules;
use crate::time::{Minutes, Timestamp};
use crate::verdict::explain;

/// The findings that standing lifts take away. INVARIANT(people-lift): each by its own quorum, people counted once.
#[must_use]
pub fn lifted(
    case: &Case<'_>,
    findings: FindingSet,
    points: RiskPoints,
    now: Timestamp,
) -> FindingSet {
    if case.lifts.is_empty() {
        return FindingSet::EMPTY;
    }
    let mut lifted = FindingSet::EMPTY;
    let mut risk = None;
    let ended = has_ended(case, now);
    for kind in findings.iter() {
        if kind == Kind::DurationOverCeiling && ended {
            continue;
        }
        let lifting = kind.row().lifting;
        if matches!(lifting, Lifting::WithCause(..)) {
            risk = Some(kind);
        } else {
            lifted = lifted.with_if(quorum(case.lifts, kind, lifting, now), kind);
        }
    }
    // The risk goes with its causes: judged last, on what the other lifts leave unexplained.
    if let Some(kind) = risk {
        let left = RiskLevel::of_points(points.unexplained_by(findings, lifted).sum());
        let unfloored = !findings.contains(Kind::Conflict) || lifted.contains(Kind::Conflict);
        let explained = !lifted.is_empty() && unfloored && left == RiskLevel::Low;
        lifted = lifted.with_if(
            explained || quorum(case.lifts, kind, kind.row().lifting, now),
            kind,
        );
    }
    lifted
}

/// Whether a lift of `kind` given at `at` still stands at `now`.
#[must_use]
pub fn in_force(kind: Kind, at: Timestamp, now: Timestamp) -> bool {
    match kind.row().lifting {
        Lifting::Nobody => false,
        Lifting::Any(_, age)
        | Lifting::Each(_, age)
        | Lifting::Exception(_, age)
        | Lifting::WithCause(_, age) => at <= now && now <= at.plus(age),
    }
}

/// Whether what is asked for is over before it begins. Nobody lifts that: there is nothing to give.
#[must_use]
pub fn has_ended(case: &Case<'_>, now: Timestamp) -> bool {
    case.duration == Some(Minutes(0)) || case.until.is_some_and(|until| until <= now)
}

fn quorum(lifts: &[Lift], kind: Kind, lifting: Lifting, now: Timestamp) -> bool {
    let wanted = match lifting {
        Lifting::Nobody => return false,
        Lifting::Any(wanted, _)
        | Lifting::Each(wanted, _)
        | Lifting::Exception(wanted, _)
        | Lifting::WithCause(wanted, _) => wanted,
    };
    let fresh = |lift: &&Lift| lift.kind == kind && in_force(kind, lift.at, now);
    match lifting {
        Lifting::Nobody => false,
        Lifting::Any(..) | Lifting::WithCause(..) => {
            let any = AuthoritySet::of(wanted.iter().copied());
            lifts
                .iter()
                .filter(fresh)
                .any(|lift| !lift.authorities.is_disjoint(any))
        }
        Lifting::Exception(..) => {
            let any = AuthoritySet::of(wanted.iter().copied());
            let bounded = |lift: &&Lift| lift.until.is_some_and(|until| until > now);
            lifts
                .iter()
                .filter(fresh)
                .filter(bounded)
                .any(|lift| !lift.authorities.is_disjoint(any))
        }
        Lifting::Each(..) => {
            let fresh: Vec<&Lift> = lifts.iter().filter(fresh).collect();
            assign(wanted, &fresh, &mut Vec::new())
        }
    }
}

/// Whether a different person can be found for each authority. At most three authorities.
fn assign(wanted: &[Authority], lifts: &[&Lift], taken: &mut Vec<u32>) -> bool {
    let Some((authority, rest)) = wanted.split_first() else {
        return true;
    };
    for lift in lifts {
        if lift.authorities.contains(*authority) && !taken.contains(&lift.by) {
            taken.push(lift.by);
            if assign(rest, lifts, taken) {
                return true;
            }
            taken.pop();
        }
    }
    false
}

/// The earliest end that rule owners accepted for a conflict, when one was lifted.
#[must_use]
pub fn accepted_until(case: &Case<'_>, lifted: FindingSet, now: Timestamp) -> Option<Timestamp> {
    if !lifted.contains(Kind::Conflict) {
        return None;
    }
    case.lifts
        .iter()
        .filter(|lift| lift.kind == Kind::Conflict && in_force(lift.kind, lift.at, now))
        .filter_map(|lift| lift.until)
        .filter(|until| *until > now)
        .min()
}

/// Digest of a finding's facts as they are shown. INVARIANT(bound): a lift binds to these, not to the name.
#[must_use]
pub fn facts_digest(frozen: &Frozen, rules: &Rules, kind: Kind) -> String {
    // As JSON, so that no text can look like two facts. A list of texts always serialises.
    let facts = explain::facts(frozen, rules, kind);
    digest_of(&serde_json::to_vec(&(kind, facts)).unwrap_or_default())
}

/// Which recorded lifts stand on the evidence.
pub(crate) fn judge(frozen: &Frozen, rules: &Rules) -> (Vec<Lift>, Vec<Result<(), Void>>) {
    let evidence = frozen.evidence();
    let records = &evidence.lifts;
    let humans = Humans::of(evidence);
    let slots = evidence.approvals.iter().zip(frozen.approvals());
    let basis = Basis {
        excluded: frozen.excluded(),
        approvers: slots
            .filter(|(_, slot)| slot.is_ok())
            .filter_map(|(approval, _)| humans.number(&approval.by))
            .collect(),
        facts: FindingSet::of(records.iter().map(|record| record.finding))
            .iter()
            .map(|kind| (kind, facts_digest(frozen, rules, kind)))
            .collect(),
        humans,
    };
    let bound = exception_end(frozen, rules);
    let mut lifts = Vec::new();
    let mut states = Vec::with_capacity(records.len());
    for record in records {
        let judged = judge_one(frozen, rules, record, &basis);
        states.push(judged.map(|_| ()));
        if let (Ok(authorities), Some(by)) = (judged, basis.humans.number(&record.by)) {
            let accepted = record.exception.as_ref().map(|exception| exception.until);
            lifts.push(Lift {
                kind: record.finding,
                by,
                authorities,
                at: record.at,
                until: accepted.map(|until| bound.filter(|end| *end < until).unwrap_or(until)),
            });
        }
    }
    (lifts, states)
}

/// What every lift of a request is judged by, worked out once.
struct Basis {
    humans: Humans,
    excluded: BTreeSet<String>,
    approvers: BTreeSet<u32>,
    facts: BTreeMap<Kind, String>,
}

/// The earliest end of the exceptions that the policy itself accepts for this person and these conflicts, as far as
/// they still run.
fn exception_end(frozen: &Frozen, rules: &Rules) -> Option<Timestamp> {
    let evidence = frozen.evidence();
    let login = evidence.beneficiary().map(|person| &person.login)?;
    let conflicts = explain::conflicts(frozen, rules, RuleStanding::Conflict);
    conflicts
        .iter()
        .flat_map(|conflict| &conflict.rule.exceptions)
        .filter(|exception| exception.person == *login && exception.until > evidence.frozen_at)
        .map(|exception| exception.until)
        .min()
}

fn judge_one(
    frozen: &Frozen,
    rules: &Rules,
    record: &LiftRecord,
    basis: &Basis,
) -> Result<AuthoritySet, Void> {
    let evidence = frozen.evidence();
    let giver = approvals::giver(evidence, &record.by)?;
    if basis.excluded.contains(&giver.id) {
        return Err(Void::OwnRequest);
    }
    let human = basis.humans.number(&giver.id);
    if human.is_some_and(|human| basis.approvers.contains(&human)) {
        return Err(Void::SlotTaken);
    }
    if !record.content.covers(
        frozen.content(),
        &rules.narrower_chain(&record.content.entitlement),
    ) || basis.facts.get(&record.finding) != Some(&record.facts)
    {
        return Err(Void::OtherContent);
    }
    let needs_exception = matches!(record.finding.row().lifting, Lifting::Exception(..));
    let excepted = record.exception.as_ref().is_some_and(|exception| {
        exception.until > evidence.frozen_at && !exception.control.trim().is_empty()
    });
    if needs_exception && !excepted {
        return Err(Void::OtherContent);
    }
    let authorities = authorities_of(frozen, rules, giver, record.finding);
    let wanted = match record.finding.row().lifting {
        Lifting::Nobody => return Err(Void::NoAuthority),
        Lifting::Any(wanted, _)
        | Lifting::Each(wanted, _)
        | Lifting::Exception(wanted, _)
        | Lifting::WithCause(wanted, _) => AuthoritySet::of(wanted.iter().copied()),
    };
    if authorities.is_disjoint(wanted) {
        Err(Void::NoAuthority)
    } else {
        Ok(authorities)
    }
}

/// The authorities that `person` has over this request. Who speaks as rule owner owns every rule that the finding
/// names; a rule without an owner belongs to security.
#[must_use]
pub fn authorities_of(frozen: &Frozen, rules: &Rules, person: &Person, kind: Kind) -> AuthoritySet {
    let in_group = |group: &str| person.groups.iter().any(|own| own == group);
    let case = frozen.case();
    let owner = case
        .entitlement
        .and_then(|id| rules.entry(id))
        .and_then(|entry| entry.owner.as_deref());
    let wanted = if kind == Kind::Unverifiable {
        RuleStanding::Unverified
    } else {
        RuleStanding::Conflict
    };
    let mut owned = 0_usize;
    let mut foreign = 0_usize;
    separation::for_each_rule(&case, rules, |conflict, standing| {
        if standing == wanted {
            let rule = rules.policy().conflicts.get(conflict.index());
            let group = rule
                .and_then(|rule| rule.owner.as_deref())
                .unwrap_or(SECURITY_GROUP);
            if in_group(group) {
                owned += 1
            } else {
                foreign += 1
            }
        }
    });
    let mut authorities = Vec::new();
    if in_group(SECURITY_GROUP) {
        authorities.push(Authority::Security);
    }
    if owner.is_some_and(in_group) {
        authorities.push(Authority::ResourceOwner);
    }
    if owned > 0 && foreign == 0 {
        authorities.push(Authority::RuleOwner);
    }
    AuthoritySet::of(authorities)
}
