//! The scalars of a case: everything in it that is one state or one number.

use std::collections::BTreeMap;

use super::given::{asked_ways, danger_given};
use super::held::already_held;
use super::name::{entitlement_name, subject_of, target_fact};
use super::people::{person_state, relation};
use crate::evidence::analysis::Advised;
use crate::evidence::case::{
    BrakeState, Case, CaseCoverage, LackSet, NameState, PolicyState, TargetState,
};
use crate::evidence::record::{Evidence, Fact};
use crate::findings::{FindingSet, justification};
use crate::request::Term;
use crate::rules::ids::SideId;
use crate::rules::{ApprovalSet, Rules};
use crate::time::{Minutes, Timestamp};

/// Everything but the lists, the coverage, the approvals, the lacks and the lifts; and the sides that the name
/// itself and its target fulfil.
pub(super) fn scalars(evidence: &Evidence, rules: &Rules) -> (Case<'static>, Vec<SideId>) {
    let access = &evidence.request.access;
    let (classes, privileged) = rules.danger_of(&subject_of(evidence, rules));
    let given = danger_given(evidence, rules);
    let ways = asked_ways(evidence, rules);
    let mut asked_sides: Vec<SideId> = ways.into_iter().flat_map(|way| way.sides).collect();
    asked_sides.sort_unstable();
    asked_sides.dedup();
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
        classes: classes.union(given.0),
        privileged: privileged || given.1,
        forbidden: FindingSet::EMPTY,
        permitted: None,
        target: target_state(evidence, rules),
        roles: &[],
        asked_sides: &[],
        held: &[],
        coverage: CaseCoverage::Unreachable,
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
        advised: Advised::of(evidence.advice, evidence.analysis.as_ref()),
        brake: if evidence.brakes.is_empty() {
            BrakeState::Free
        } else {
            BrakeState::Applied
        },
        lifts: &[],
    };
    (case, asked_sides)
}

/// The policy that these rules come from, that the record names, and that is in force must be one.
fn policy_state(evidence: &Evidence, rules: &Rules) -> PolicyState {
    let one = evidence.policy == evidence.active_policy && evidence.policy == rules.policy().digest;
    match (one, evidence.own_policy) {
        (true, false) => PolicyState::Current,
        (true, true) => PolicyState::Own,
        (false, _) => PolicyState::Stale,
    }
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
