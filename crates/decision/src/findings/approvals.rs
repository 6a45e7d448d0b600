//! Are the required approvals there, given by people who may give them.

use std::collections::BTreeSet;

use super::conditions::fit_of;
use super::{FindingSet, Kind};
use crate::evidence::case::Case;
use crate::evidence::human::{Humans, everybody};
use crate::evidence::record::{Approval, Evidence, Person, PersonStatus};
use crate::request::Content;
use crate::rules::policy::{ApprovalKind, Entitlement};
use crate::rules::{ApprovalSet, Rules};
use crate::time::Minutes;

/// An approval stands this long.
pub const AGE_MAX: Minutes = Minutes::from_days(30);

/// The group whose members speak for security.
pub const SECURITY_GROUP: &str = "security";

/// Approvals that this request requires: of the entitlement, and more when it is not standard for the person.
#[inline]
#[must_use]
pub fn required(case: &Case<'_>, rules: &Rules) -> ApprovalSet {
    match case.entitlement.and_then(|id| Some((id, rules.facts(id)?))) {
        Some((id, facts)) => {
            // Danger that only the name as asked or the target shows requires as much as the catalogue's own.
            let own = facts
                .required
                .union(rules.required_by_danger(case.classes, case.privileged));
            if fit_of(case, rules, id).is_standard() {
                own
            } else {
                own.union(rules.required_when_not_standard())
            }
        }
        None => ApprovalSet::of([ApprovalKind::Manager, ApprovalKind::ResourceOwner]),
    }
}

/// Every required approval that does not stand is a finding of its own.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>, rules: &Rules) -> FindingSet {
    missing(required(case, rules), case.approvals)
}

/// The findings of required approvals that are not there.
#[inline]
#[must_use]
pub fn missing(required: ApprovalSet, given: ApprovalSet) -> FindingSet {
    let missing = required.without(given);
    let missed = |kind| missing.contains(kind);
    FindingSet::EMPTY
        .with_if(missed(ApprovalKind::Manager), Kind::ManagerApprovalMissing)
        .with_if(
            missed(ApprovalKind::ResourceOwner),
            Kind::OwnerApprovalMissing,
        )
        .with_if(
            missed(ApprovalKind::Security),
            Kind::SecurityApprovalMissing,
        )
}

/// Why a recorded approval or lift does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Void {
    /// Its giver is not known or not active any more.
    GiverInactive,
    /// Its giver is the requester, the beneficiary, a delegate of theirs, or the same human being.
    OwnRequest,
    /// Its giver does not have the authority (any more).
    NoAuthority,
    /// It was given for something else.
    OtherContent,
    /// It is too old, or from the future.
    Age,
    /// The same person already fills another slot of this request.
    SlotTaken,
}

impl Void {
    /// The reason in words, to follow "does not count:".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::GiverInactive => "the giver is not an active person",
            Self::OwnRequest => "nobody approves or reviews their own request",
            Self::NoAuthority => "the giver does not have that authority",
            Self::OtherContent => "it was given for other content",
            Self::Age => "it is too old",
            Self::SlotTaken => "the same person already fills another slot",
        }
    }
}

/// The person of that immutable id, when the record knows them and they still work here.
pub(crate) fn giver<'a>(evidence: &'a Evidence, id: &str) -> Result<&'a Person, Void> {
    let person = evidence.people.get(id).ok_or(Void::GiverInactive)?;
    let gone = person
        .leaves_at
        .is_some_and(|day| day <= evidence.frozen_at);
    if person.id == id && person.status == PersonStatus::Active && !gone {
        Ok(person)
    } else {
        Err(Void::GiverInactive)
    }
}

/// INVARIANT(people-lift): who may never review this request: requester, beneficiary and the delegates of both, each
/// with every other identity of the same human being.
#[must_use]
pub fn excluded(evidence: &Evidence, people: &[&Person]) -> BTreeSet<String> {
    let humans = Humans::of(evidence);
    let own = humans.close(&people.iter().map(|person| person.id.clone()).collect());
    let delegates = everybody(evidence)
        .filter(|person| own.contains(&person.id))
        .flat_map(|person| person.delegates.iter().cloned());
    let all = delegates.chain(own.iter().cloned()).collect();
    humans.close(&all)
}

/// Which recorded approvals stand, by position in `evidence.approvals`, in the order of their time.
/// One person fills one slot.
#[must_use]
pub fn standing(
    evidence: &Evidence,
    rules: &Rules,
    content: &Content,
    beneficiary: &Person,
    entry: Option<&Entitlement>,
    excluded: &BTreeSet<String>,
) -> Vec<Result<ApprovalKind, Void>> {
    let mut order: Vec<usize> = (0..evidence.approvals.len()).collect();
    order.sort_by_key(|position| {
        evidence
            .approvals
            .get(*position)
            .map(|approval| (approval.at, approval.id.clone()))
    });
    let humans = Humans::of(evidence);
    let mut used: BTreeSet<Option<u32>> = BTreeSet::new();
    let mut results = vec![Err(Void::NoAuthority); evidence.approvals.len()];
    for position in order {
        let Some(approval) = evidence.approvals.get(position) else {
            continue;
        };
        let judged = judge(
            evidence,
            rules,
            approval,
            content,
            beneficiary,
            entry,
            excluded,
        )
        .and_then(|()| {
            if used.insert(humans.number(&approval.by)) {
                Ok(approval.kind)
            } else {
                Err(Void::SlotTaken)
            }
        });
        if let Some(result) = results.get_mut(position) {
            *result = judged;
        }
    }
    results
}

fn judge(
    evidence: &Evidence,
    rules: &Rules,
    approval: &Approval,
    content: &Content,
    beneficiary: &Person,
    entry: Option<&Entitlement>,
    excluded: &BTreeSet<String>,
) -> Result<(), Void> {
    let giver = giver(evidence, &approval.by)?;
    if excluded.contains(&giver.id) {
        return Err(Void::OwnRequest);
    }
    let in_group = |group: &str| giver.groups.iter().any(|own| own == group);
    let authorised = match approval.kind {
        ApprovalKind::Manager => beneficiary.manager.as_ref() == Some(&giver.id),
        ApprovalKind::ResourceOwner => entry
            .and_then(|entry| entry.owner.as_deref())
            .is_some_and(in_group),
        ApprovalKind::Security => in_group(SECURITY_GROUP),
    };
    if !authorised {
        return Err(Void::NoAuthority);
    }
    if !approval.content.covers(
        content,
        &rules.narrower_chain(&approval.content.entitlement),
    ) {
        return Err(Void::OtherContent);
    }
    if approval.at > evidence.frozen_at || approval.at.plus(AGE_MAX) < evidence.frozen_at {
        return Err(Void::Age);
    }
    Ok(())
}
