//! Approvals and lifts, tried on the record before they are stored.

use decision::evidence::Frozen;
use decision::evidence::record::{AcceptedException, Approval, Evidence, LiftRecord};
use decision::findings::{Kind, Lifting, lifting};
use decision::rules::policy::ApprovalKind;
use decision::time::Timestamp;

use super::{Reviewer, Shown};
use crate::{Agent, AgentError};

impl Agent<'_> {
    /// An approval, tried on the record before it is stored.
    pub(super) fn approval(
        &self,
        shown: &Shown,
        reviewer: &Reviewer,
        slot: Option<ApprovalKind>,
        id: String,
        now: Timestamp,
    ) -> Result<Approval, AgentError> {
        let candidates: Vec<ApprovalKind> = match slot {
            Some(kind) => vec![kind],
            None => shown.ruling.missing().iter().collect(),
        };
        let mut refusal = "no required approval is missing".to_owned();
        for kind in candidates {
            let approval = Approval {
                id: id.clone(),
                kind,
                by: reviewer.person.id.clone(),
                at: now,
                content: shown.frozen.content().clone(),
            };
            let mut evidence = self.tried(shown, reviewer, now);
            evidence.approvals.push(approval.clone());
            match Frozen::new(evidence, self.rules).approvals().last() {
                Some(Ok(_)) => return Ok(approval),
                Some(Err(void)) => {
                    refusal = format!(
                        "as {} approval it would not count: {}",
                        kind.title(),
                        void.words()
                    )
                }
                None => (),
            }
        }
        Err(AgentError::NotAllowed(refusal))
    }

    /// A lift, bound to the facts as they were shown, tried on the record before it is stored.
    pub(super) fn lift(
        &self,
        shown: &Shown,
        reviewer: &Reviewer,
        kind: Kind,
        exception: Option<AcceptedException>,
        id: String,
        now: Timestamp,
    ) -> Result<LiftRecord, AgentError> {
        if !shown.ruling.findings.contains(kind) {
            return Err(AgentError::NotAllowed(format!(
                "the ruling has no finding `{kind}`"
            )));
        }
        if kind.row().lifting == Lifting::Nobody {
            return Err(AgentError::NotAllowed(format!(
                "`{kind}` can be lifted by nobody: its cause has to be mended"
            )));
        }
        if kind == Kind::DurationOverCeiling && lifting::has_ended(&shown.frozen.case(), now) {
            return Err(AgentError::NotAllowed(
                "what is asked for is over before it begins, which nobody lifts: it has to be filed with a later end"
                    .to_owned(),
            ));
        }
        if kind == Kind::Conflict
            && exception
                .as_ref()
                .is_none_or(|own| own.until <= now || own.control.trim().is_empty())
        {
            return Err(AgentError::NotAllowed(
                "a conflict is lifted with an end date in the future and a compensating control"
                    .to_owned(),
            ));
        }
        let lift = LiftRecord {
            id,
            finding: kind,
            by: reviewer.person.id.clone(),
            at: now,
            content: shown.frozen.content().clone(),
            facts: lifting::facts_digest(&shown.frozen, self.rules, kind),
            exception,
        };
        let mut evidence = self.tried(shown, reviewer, now);
        evidence.lifts.push(lift.clone());
        match Frozen::new(evidence, self.rules).lifts().last() {
            Some(Ok(())) => Ok(lift),
            Some(Err(void)) => Err(AgentError::NotAllowed(format!(
                "the lift would not count: {}",
                void.words()
            ))),
            None => Err(AgentError::NotAllowed(
                "the lift would not count".to_owned(),
            )),
        }
    }

    /// The record with the reviewer among its people, and with the reviews that came since.
    fn tried(&self, shown: &Shown, reviewer: &Reviewer, now: Timestamp) -> Evidence {
        let mut evidence = shown.frozen.evidence().clone();
        evidence.frozen_at = now;
        evidence
            .people
            .insert(reviewer.person.id.clone(), reviewer.person.clone());
        evidence
    }
}
