//! The slow oracle: the same decision a second time, obvious, from text alone. It shares no code with the engine but
//! the public types of the record and of the policy, and the digest of a finding's facts, which is given.

mod caution;
mod checks;
mod conditions;
mod duration;
mod names;
pub(crate) mod people;
mod risk;
mod separation;

use std::collections::{BTreeMap, BTreeSet};

use decision::evidence::Evidence;
use decision::findings::{Kind, Lifting};
use decision::rules::policy::{Entitlement, Policy};
use decision::time::{Minutes, Timestamp};
use decision::verdict::outcome::Outcome;

pub use risk::Points;

/// What the oracle says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OracleRuling {
    /// All findings.
    pub findings: BTreeSet<Kind>,
    /// Those that people lifted.
    pub lifted: BTreeSet<Kind>,
    /// The decision that is shown.
    pub shown: Outcome,
    /// What is left after lifts.
    pub remaining: Outcome,
    /// Points by cause.
    pub points: Points,
    /// Name of the risk level.
    pub risk: &'static str,
    /// Confidence in basis points.
    pub confidence: u16,
    /// Length of a grant; `None` is standing.
    pub term: Option<Minutes>,
    /// When a grant made now would end; `None` is standing.
    pub ends: Option<Timestamp>,
}

/// The record with what every check needs.
pub(crate) struct View<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    pub(crate) entry: Option<&'a Entitlement>,
}

impl View<'_> {
    /// The catalogue id, or the canonical name.
    fn id(&self) -> String {
        self.entry.map_or_else(
            || self.evidence.request.access.canonical().to_owned(),
            |entry| entry.id.clone(),
        )
    }
}

/// Decides. `facts` gives the digest of a finding's facts as the engine shows them.
pub fn decide(
    evidence: &Evidence,
    policy: &Policy,
    now: Timestamp,
    facts: &dyn Fn(Kind) -> String,
) -> OracleRuling {
    let entry = names::entry_of(policy, evidence.request.access.canonical());
    let view = View {
        evidence,
        policy,
        now,
        entry,
    };
    let mut findings = BTreeSet::new();
    findings.extend(checks::requester(&view));
    findings.extend(checks::evidence(&view));
    findings.extend(checks::entitlement(&view));
    findings.extend(conditions::forbidden(&view));
    findings.extend(checks::privilege(&view));
    findings.extend(checks::approvals(&view));
    findings.extend(checks::asking(&view));
    findings.extend(caution::findings(&view));
    let rules_named = separation::check(&view);
    findings.extend(rules_named.keys().copied());
    let points = risk::points(&view);
    let critical = rules_named
        .get(&Kind::Conflict)
        .is_some_and(|rules| risk::any_critical(policy, rules));
    let floor = rules_named
        .contains_key(&Kind::Conflict)
        .then_some(critical);
    let level = risk::level(&points, floor);
    findings.extend(risk::finding(level));
    let duration = duration::assess(&view);
    if duration.over {
        findings.insert(Kind::DurationOverCeiling);
    }
    let counted = people::lifts(&view, &rules_named, facts);
    // What is over before it begins is lifted by nobody.
    let ended = duration.end.is_some_and(|end| end <= view.now);
    let counted = counted
        .into_iter()
        .filter(|(kind, _)| !(ended && *kind == Kind::DurationOverCeiling))
        .collect();
    let lifted = lifted(&findings, &points, &counted);
    let until = lifted
        .contains(&Kind::Conflict)
        .then(|| accepted_until(&view, &counted, rules_named.get(&Kind::Conflict)))
        .flatten();
    let ends = [duration.end, until].into_iter().flatten().min();
    let shown = findings.iter().filter(|kind| **kind != Kind::AdviseMode);
    OracleRuling {
        shown: most_cautious(shown),
        remaining: most_cautious(findings.difference(&lifted)),
        points,
        risk: level,
        confidence: caution::confidence(&view),
        term: duration.term,
        ends,
        findings,
        lifted,
    }
}

fn most_cautious<'k>(kinds: impl Iterator<Item = &'k Kind>) -> Outcome {
    kinds
        .map(|kind| kind.row().outcome)
        .max()
        .unwrap_or(Outcome::Open)
}

type ByFinding<'a> = BTreeMap<Kind, Vec<people::Counted<'a>>>;

/// Each finding by its own quorum; risk also when the findings that caused it are all lifted and explain it.
fn lifted(findings: &BTreeSet<Kind>, points: &Points, counted: &ByFinding<'_>) -> BTreeSet<Kind> {
    let by_people = |kind: &Kind| {
        let lifts = counted.get(kind).map_or(&[][..], Vec::as_slice);
        people::quorum(kind.row().lifting, lifts)
    };
    let is_risk = |kind: &Kind| matches!(kind.row().lifting, Lifting::WithCause(..));
    let mut lifted: BTreeSet<Kind> = findings
        .iter()
        .filter(|kind| !is_risk(kind) && by_people(kind))
        .copied()
        .collect();
    let explained = risk::is_explained(points, findings, &lifted);
    lifted.extend(
        findings
            .iter()
            .filter(|kind| is_risk(kind) && (explained || by_people(kind))),
    );
    lifted
}

/// The earliest end that was accepted: by a lift, or by the policy for this person.
fn accepted_until(
    view: &View<'_>,
    counted: &ByFinding<'_>,
    conflicts: Option<&BTreeSet<String>>,
) -> Option<Timestamp> {
    let quorum = Kind::Conflict.row().lifting;
    let lifts = counted.get(&Kind::Conflict)?.iter();
    let by_lift = lifts
        .filter(|lift| people::quorum(quorum, std::slice::from_ref(lift)))
        .filter_map(|lift| lift.record.exception.as_ref())
        .map(|exception| exception.until);
    let person = people::resolved(&view.evidence.beneficiary);
    let rules = view.policy.conflicts.iter();
    let by_policy = rules
        .filter(|rule| conflicts.is_some_and(|ids| ids.contains(&rule.id)))
        .flat_map(|rule| &rule.exceptions)
        .filter(|it| {
            person.is_some_and(|person| it.person == person.login)
                && it.until > view.evidence.frozen_at
        })
        .map(|exception| exception.until);
    by_lift.chain(by_policy).min()
}
