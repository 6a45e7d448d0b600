//! Caution of the oracle: confidence, advice, mode and brakes.

use std::collections::BTreeSet;

use decision::evidence::record::{Advice, Fault, Mode};
use decision::findings::Kind;
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};

use super::View;
use super::checks::{required, target_is_unread};
use super::people::resolved;

const DAY: Minutes = Minutes::from_days(1);

fn finding_of(fault: Fault) -> Kind {
    match fault {
        Fault::Lost => Kind::ModelLost,
        Fault::Refused => Kind::AdviceRefused,
        Fault::CutShort => Kind::AdviceCutShort,
        Fault::Filtered => Kind::AdviceFiltered,
        Fault::Unreadable => Kind::AdviceUnreadable,
        Fault::OutOfContract => Kind::AdviceOutOfContract,
        Fault::Unfounded => Kind::AdviceUnfounded,
        Fault::BoundReached => Kind::AdviceBoundReached,
    }
}

/// Each that speaks against it.
pub(super) fn findings(view: &View<'_>) -> BTreeSet<Kind> {
    let mut found = BTreeSet::new();
    if confidence(view) < 8_500 {
        found.insert(Kind::ConfidenceLow);
    }
    let analysis = view.evidence.analysis.clone().unwrap_or_default();
    found.extend(analysis.faults.iter().map(|fault| finding_of(*fault)));
    match view.evidence.advice {
        _ if !analysis.triggers.is_empty() => {
            found.insert(Kind::AdviceLookCloser);
        }
        Advice::Nothing => {}
        Advice::Narrow => {
            found.insert(Kind::AdviceNarrow);
        }
        Advice::AskFirst => {
            found.insert(Kind::AdviceAskFirst);
        }
        Advice::LookCloser => {
            found.insert(Kind::AdviceLookCloser);
        }
    }
    if view.evidence.mode == Mode::Advise {
        found.insert(Kind::AdviseMode);
    }
    if !view.evidence.brakes.is_empty() {
        found.insert(Kind::Brake);
    }
    found
}

pub(super) fn confidence(view: &View<'_>) -> u16 {
    let evidence = view.evidence;
    let old =
        |as_of: Option<Timestamp>| as_of.is_some_and(|as_of| as_of.plus(DAY) < evidence.frozen_at);
    let person_old = old(evidence.requester.as_of()) || old(evidence.beneficiary.as_of());
    let mut linked = evidence.linked.values();
    let holdings_old =
        old(evidence.holdings.as_of()) || linked.any(|identity| old(identity.holdings.as_of()));
    let needs = required(view);
    let managed = resolved(&evidence.beneficiary).is_some_and(|person| person.manager.is_some());
    let owned = view.entry.is_some_and(|entry| entry.owner.is_some());
    let no_manager = needs.contains(&ApprovalKind::Manager) && !managed;
    let no_owner = needs.contains(&ApprovalKind::ResourceOwner) && !owned;
    let unread = view.entry.is_some() && target_is_unread(view);
    let lacks = [
        (person_old, 2_500),
        (holdings_old, 2_500),
        (unread, 2_500),
        (no_manager, 2_000),
        (no_owner, 2_000),
        (evidence.activity.value().is_none(), 1_600),
    ];
    let cost: u16 = lacks
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, cost)| cost)
        .sum();
    let own = 10_000_u16.saturating_sub(cost);
    let stated = evidence.analysis.as_ref().and_then(|said| said.confidence);
    stated.map_or(own, |stated| own.min(stated))
}
