//! Lifts: people take a named finding away, each with the authority that the finding demands.

use std::collections::BTreeMap;

use super::approvals::{SECURITY_GROUP, Void};
use super::kind::{Authority, AuthoritySet, FindingSet, Kind, Lifting};
use super::risk::{RiskLevel, RiskPoints};
use super::separation::{self, RuleStanding};
use crate::evidence::Frozen;
use crate::evidence::case::{Case, Lift};
use crate::evidence::record::{LiftRecord, Person, PersonStatus};
use crate::request::digest_of;
use crate::rules::Rules;
use crate::time::Timestamp;
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
    for kind in findings.iter() {
        let lifting = kind.row().lifting;
        if matches!(lifting, Lifting::WithCause(..)) {
            risk = Some(kind);
        } else {
            lifted = lifted.with_if(quorum(case.lifts, kind, lifting, now), kind);
        }
    }
    // The risk goes with its causes: judged last, on what the other lifts leave unexplained.
    if let Some(kind) = risk {
        let left = RiskLevel::of_points(points.unexplained_by(lifted).sum());
        let unfloored = !findings.contains(Kind::Conflict) || lifted.contains(Kind::Conflict);
        let explained = !lifted.is_empty() && unfloored && left == RiskLevel::Low;
        lifted = lifted.with_if(
            explained || quorum(case.lifts, kind, kind.row().lifting, now),
            kind,
        );
    }
    lifted
}

fn quorum(lifts: &[Lift], kind: Kind, lifting: Lifting, now: Timestamp) -> bool {
    let (wanted, age_max) = match lifting {
        Lifting::Nobody => return false,
        Lifting::Any(wanted, age)
        | Lifting::Each(wanted, age)
        | Lifting::Exception(wanted, age)
        | Lifting::WithCause(wanted, age) => (wanted, age),
    };
    let fresh = |lift: &&Lift| lift.kind == kind && lift.at <= now && now <= lift.at.plus(age_max);
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
pub fn accepted_until(case: &Case<'_>, lifted: FindingSet) -> Option<Timestamp> {
    if !lifted.contains(Kind::Conflict) {
        return None;
    }
    case.lifts
        .iter()
        .filter(|lift| lift.kind == Kind::Conflict)
        .filter_map(|lift| lift.until)
        .min()
}

/// Digest of a finding's facts as they are shown. INVARIANT(bound): a lift binds to these, not to the name.
#[must_use]
pub fn facts_digest(frozen: &Frozen, rules: &Rules, kind: Kind) -> String {
    digest_of(format!("{}\n{}", kind.name(), explain::because(frozen, rules, kind)).as_bytes())
}

/// Which recorded lifts stand on the evidence.
pub(crate) fn judge(frozen: &Frozen, rules: &Rules) -> (Vec<Lift>, Vec<Result<(), Void>>) {
    let records = &frozen.evidence().lifts;
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut lifts = Vec::new();
    let mut states = Vec::with_capacity(records.len());
    for record in records {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let by = *numbers.entry(&record.by).or_insert(next);
        let judged = judge_one(frozen, rules, record);
        states.push(judged.map(|_| ()));
        if let Ok(authorities) = judged {
            lifts.push(Lift {
                kind: record.finding,
                by,
                authorities,
                at: record.at,
                until: record.exception.as_ref().map(|exception| exception.until),
            });
        }
    }
    (lifts, states)
}

fn judge_one(frozen: &Frozen, rules: &Rules, record: &LiftRecord) -> Result<AuthoritySet, Void> {
    let evidence = frozen.evidence();
    let giver = evidence.people.get(&record.by).ok_or(Void::GiverInactive)?;
    if giver.status != PersonStatus::Active {
        return Err(Void::GiverInactive);
    }
    if frozen.excluded().contains(&giver.id) {
        return Err(Void::OwnRequest);
    }
    let approved = |approval: &crate::evidence::record::Approval, counts: bool| {
        counts && approval.by == giver.id
    };
    let slots = evidence.approvals.iter().zip(frozen.approvals());
    if slots
        .into_iter()
        .any(|(approval, slot)| approved(approval, slot.is_ok()))
    {
        return Err(Void::SlotTaken);
    }
    if !record.content.covers(
        frozen.content(),
        &rules.narrower_chain(&record.content.entitlement),
    ) || record.facts != facts_digest(frozen, rules, record.finding)
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
