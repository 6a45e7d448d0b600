//! Freezing: the record of evidence and the rules become a case of numbers.

mod conditions;
mod given;
mod held;
mod name;
mod people;
mod scalars;

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use self::held::{Covered, everything_held};
use self::name::target_power;
use self::people::roles_of;
use self::scalars::scalars;
use super::case::{Case, Lack, LackSet, Lift};
use super::record::{Evidence, Fact, Person};
use crate::findings::approvals::{self, Void};
use crate::findings::duration::{self, GrantTerm};
use crate::findings::lifting;
use crate::request::Content;
use crate::rules::conditions::Truth;
use crate::rules::ids::{RoleId, SideId};
use crate::rules::policy::ApprovalKind;
use crate::rules::{ApprovalSet, Rules};
use crate::time::{Minutes, Timestamp};

pub(crate) use given::{asked_ways, danger_of_given, subject_of_given};
pub(crate) use held::Held;
pub(crate) use name::{entitlement_name, subject_of, subject_without_groups, target_fact};

pub use people::LEAVING_NOTICE;

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
    everything_held: Vec<Held>,
    held: Vec<SideId>,
    covered: Covered,
    approvals: Vec<Result<ApprovalKind, Void>>,
    conditions: Vec<Truth>,
    lifts: Vec<Lift>,
    lift_states: Vec<Result<(), Void>>,
}

impl Frozen {
    /// Freezes `evidence` against `rules`. Never fails: what cannot be judged becomes a cautious state.
    #[must_use]
    pub fn new(evidence: Evidence, rules: &Rules) -> Self {
        let roles = roles_of(&evidence, rules);
        let everything_held = everything_held(&evidence, rules);
        let sides = everything_held.iter().flat_map(|held| &held.sides);
        let mut held: Vec<SideId> = sides.copied().collect();
        held.sort_unstable();
        held.dedup();
        let (template, asked_sides) = scalars(&evidence, rules);
        let covered = Covered::of(&evidence, rules);
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
            everything_held,
            held,
            covered,
            approvals: Vec::new(),
            conditions: Vec::new(),
            lifts: Vec::new(),
            lift_states: Vec::new(),
        };
        frozen.content.duration = match duration::assess(&frozen.case(), rules).term {
            GrantTerm::Standing => None,
            GrantTerm::For(minutes) => Some(minutes),
        };
        frozen.judge_approvals(rules);
        frozen.judge_conditions(rules);
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
            coverage: self.covered.as_case(),
            lifts: &self.lifts,
            ..self.template
        }
    }

    /// Everything that is held, by whichever identity, with the sides that it fulfils.
    pub(crate) fn held(&self) -> &[Held] {
        &self.everything_held
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
        let linked = evidence.linked.values().map(|identity| &identity.holdings);
        let holdings_stale = std::iter::once(&evidence.holdings)
            .chain(linked)
            .any(|holdings| stale(holdings.as_of()));
        self.template.lacks = LackSet::EMPTY
            .with_if(
                stale(evidence.requester.as_of()) || stale(evidence.beneficiary.as_of()),
                Lack::PersonStale,
            )
            .with_if(holdings_stale, Lack::HoldingsStale)
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
    /// SHA-256 of the record's JSON, which is how it is stored.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        // A record of strings, numbers and maps with text keys always serialises.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}
