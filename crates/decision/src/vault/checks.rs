//! The checks, one after the other. Each reports what it finds, whatever the action; a finding says what it blocks.

use super::evidence::{Frozen, Requester};
use super::run::Attendance;
use super::{Action, Anomaly, Finding, Findings, Status, WorkflowRequest};
use crate::evidence::LEAVING_NOTICE;
use crate::evidence::analysis::Fault;
use crate::evidence::record::{Fact, LogState, PersonStatus};
use crate::findings::risk::RiskLevel;
use crate::rules::class::Class;
use crate::time::{Minutes, Timestamp};

/// Is it ours, and does it stand where something can be done.
pub(crate) fn request(frozen: &Frozen<'_>) -> Findings {
    let request = &frozen.evidence().request;
    let (now, status) = (frozen.run.at, &request.status);
    Findings::EMPTY
        .with_if(frozen.is_own() == Some(true), Finding::OwnRequest)
        .with_if(frozen.is_own().is_none(), Finding::OwnUserUnknown)
        .with_if(request.created > now, Finding::FiledInTheFuture)
        .with_if(
            request.until.is_some_and(|until| until <= now),
            Finding::WindowOver,
        )
        .with_if(
            window_is_too_long(request, frozen.run().settings.window_hours_max),
            Finding::WindowTooLong,
        )
        .with_if(*status != Status::Active, Finding::NotActive)
        .with_if(*status != Status::Approved, Finding::NotApproved)
}

/// Access without an end, or with one beyond the ceiling, is given by people.
fn window_is_too_long(request: &WorkflowRequest, hours_max: u32) -> bool {
    if hours_max == 0 {
        return false;
    }
    let from = request.from.unwrap_or(request.created);
    let ceiling = from.plus(Minutes(hours_max.saturating_mul(60)));
    request.until.is_none_or(|until| until > ceiling)
}

/// May this run do anything at all.
pub(crate) fn run(frozen: &Frozen<'_>) -> Findings {
    let run = frozen.run;
    let settings = &run.settings;
    Findings::EMPTY
        .with_if(run.log == LogState::Broken, Finding::LogBroken)
        .with_if(!run.listing.complete, Finding::ListIncomplete)
        .with_if(run.stopped, Finding::Stopped)
        .with_if(run.policy != run.active_policy, Finding::PolicyStale)
        .with_if(!run.paths_confirmed, Finding::PathsUnconfirmed)
        .with_if(!run.hours_set, Finding::HoursUnset)
        .with_if(
            run.attendance == Attendance::Planning,
            Finding::PlanningOnly,
        )
        .with_if(!settings.approve, Finding::ApproveOff)
        .with_if(!settings.reject, Finding::RejectOff)
        .with_if(!settings.close, Finding::CloseOff)
}

/// Was it done before.
pub(crate) fn once(frozen: &Frozen<'_>) -> Findings {
    Findings::EMPTY
        .with_if(frozen.was_done(Action::Approve), Finding::ApprovedBefore)
        .with_if(frozen.was_done(Action::Reject), Finding::RejectedBefore)
        .with_if(frozen.was_done(Action::Close), Finding::ClosedBefore)
        .with_if(frozen.evidence().done_elsewhere, Finding::DoneElsewhere)
}

/// Is the asset known, and is it one that only people give.
pub(crate) fn asset(frozen: &Frozen<'_>) -> Findings {
    let class = |class| frozen.classes().contains(class);
    Findings::EMPTY
        .with_if(
            frozen.evidence().asset.value().is_none(),
            Finding::AssetUnread,
        )
        .with_if(class(Class::Admin), Finding::NeverAutoAdmin)
        .with_if(class(Class::Production), Finding::NeverAutoProduction)
        .with_if(class(Class::SensitiveData), Finding::NeverAutoSensitive)
        .with_if(class(Class::SecurityTooling), Finding::NeverAutoSecurity)
        .with_if(frozen.privileged(), Finding::Privileged)
}

/// Is the requester allowed this without a person.
pub(crate) fn allowance(frozen: &Frozen<'_>) -> Findings {
    let evidence = frozen.evidence();
    let requester = evidence.requester.value();
    let groups = requester.map(|requester| requester.groups.as_slice());
    let allowed = evidence.asset.value().is_some_and(|asset| {
        let mut allowances = frozen.run.settings.allow.iter();
        allowances.any(|own| own.covers(&evidence.request, asset, groups.unwrap_or_default()))
    });
    Findings::EMPTY
        .with_if(!allowed, Finding::NotAllowed)
        .with_if(
            requester.is_some_and(|person| !stays(person, frozen.run.at)),
            Finding::RequesterInactive,
        )
        .with_if(
            matches!(evidence.requester, Fact::Unreachable { .. }),
            Finding::RequesterUnread,
        )
        .with_if(
            frozen.run().directory_known && matches!(evidence.requester, Fact::Absent { .. }),
            Finding::RequesterUnknown,
        )
        .with_if(
            evidence.mapped.as_ref().is_some_and(|own| !own.standard),
            Finding::OutOfRole,
        )
        .with_if(!evidence.brakes.is_empty(), Finding::Brake)
}

/// Whether somebody works here and is not about to leave.
fn stays(person: &Requester, now: Timestamp) -> bool {
    let leaving = now.plus(LEAVING_NOTICE);
    person.status == PersonStatus::Active && person.leaves_at.is_none_or(|day| day > leaving)
}

/// Points, level, and what is unusual.
pub(crate) fn risk(frozen: &Frozen<'_>) -> Findings {
    let (_, level) = assess(frozen);
    let settings = &frozen.run.settings;
    Findings::EMPTY
        .with_if(level > settings.approve_at_most, Finding::RiskTooHigh)
        .with_if(level < settings.reject_at_least, Finding::RiskNotCritical)
        .with_if(
            frozen.anomalies().iter().any(Anomaly::holds_back),
            Finding::Unusual,
        )
}

/// Sum of the points and the level that it makes.
pub(crate) fn assess(frozen: &Frozen<'_>) -> (u16, RiskLevel) {
    let points = frozen
        .anomalies()
        .points(frozen.classes(), frozen.privileged());
    (points, RiskLevel::of_points(points))
}

/// Is it stale.
pub(crate) fn staleness(frozen: &Frozen<'_>) -> Findings {
    let approved = frozen.evidence().signals.days_since_approved;
    Findings::EMPTY
        .with_if(approved.is_none(), Finding::ApprovalTimeUnknown)
        .with_if(
            approved.is_some_and(|days| days < frozen.run.settings.stale_days),
            Finding::NotStale,
        )
}

/// What an analyst adds. INVARIANT(ratchet): every branch only adds a finding.
pub(crate) fn advice(frozen: &Frozen<'_>) -> Findings {
    let opinion = frozen.evidence().opinion.as_ref();
    let risk = opinion.and_then(|opinion| opinion.risk);
    let faults = opinion.map_or(&[][..], |opinion| &opinion.faults);
    let faulty = faults.iter().fold(Findings::EMPTY, |set, fault| {
        set.with_if(true, fault_finding(*fault))
    });
    faulty
        .with_if(frozen.run.model_lost.is_some(), Finding::ModelLost)
        .with_if(risk.is_none(), Finding::Unscored)
        .with_if(
            risk.is_some_and(|risk| risk > frozen.run.settings.approve_at_most),
            Finding::AdvisedRisk,
        )
        .with_if(
            opinion.is_some_and(|opinion| !opinion.flags.is_empty() || !opinion.note.is_empty()),
            Finding::AdvisedFlags,
        )
}

/// The finding that a fault of a model is.
fn fault_finding(fault: Fault) -> Finding {
    match fault {
        Fault::Lost => Finding::ModelLost,
        Fault::Refused => Finding::OpinionRefused,
        Fault::CutShort => Finding::OpinionCutShort,
        Fault::Filtered => Finding::OpinionFiltered,
        Fault::Unreadable => Finding::OpinionUnreadable,
        Fault::OutOfContract => Finding::OpinionOutOfContract,
        Fault::Unfounded => Finding::OpinionUnfounded,
        Fault::BoundReached => Finding::OpinionBoundReached,
    }
}
