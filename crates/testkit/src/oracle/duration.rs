//! Durations in the oracle: the term, its end, and what was used of the window before.

use std::collections::BTreeSet;

use decision::request::Term;
use decision::time::{Minutes, Timestamp};

use super::View;

/// How long a grant would last.
pub(super) struct Duration {
    pub(super) term: Option<Minutes>,
    pub(super) end: Option<Timestamp>,
    pub(super) over: bool,
}

pub(super) fn assess(view: &View<'_>) -> Duration {
    let rules = &view.policy.duration;
    let own = view
        .entry
        .and_then(|entry| entry.maximum)
        .unwrap_or(rules.maximum);
    let maximum = own.min(rules.maximum);
    let used = used(view);
    let left = Minutes(maximum.0.saturating_sub(used.0));
    let standing = view.entry.is_some_and(|entry| entry.standing.is_some());
    let (term, asked_end) = match view.evidence.request.term {
        Term::Unstated if standing => (None, None),
        Term::Unstated if left.0 > 0 => (Some(rules.default.min(left)), None),
        Term::Unstated => (Some(rules.default), None),
        Term::For(minutes) => (Some(minutes), None),
        Term::Until(until) => (Some(until.since(view.evidence.frozen_at)), Some(until)),
    };
    let end = term.map(|minutes| view.now.plus(minutes));
    Duration {
        over: term.is_some_and(|term| term > left || term.0 == 0),
        end: [end, asked_end].into_iter().flatten().min(),
        term,
    }
}

/// Minutes in the window that earlier grants of it used until now: minute by minute would be slow, so second marks.
fn used(view: &View<'_>) -> Minutes {
    let now = view.evidence.frozen_at;
    let from = now.minus(view.policy.duration.window);
    let id = view.id();
    let mut spans: Vec<(i64, i64)> = view
        .evidence
        .earlier
        .iter()
        .filter(|grant| grant.entitlement == id)
        .map(|grant| {
            (
                grant.start.max(from).seconds(),
                grant.end.min(now).seconds(),
            )
        })
        .filter(|(start, end)| start < end)
        .collect();
    let marks: BTreeSet<i64> = spans
        .iter()
        .flat_map(|(start, end)| [*start, *end])
        .collect();
    let marks: Vec<i64> = marks.into_iter().collect();
    spans.sort_unstable();
    let mut seconds = 0_i64;
    for (start, end) in marks.iter().zip(marks.iter().skip(1)) {
        if spans.iter().any(|(from, to)| from <= start && end <= to) {
            seconds += end - start;
        }
    }
    Minutes(u32::try_from((seconds + 59) / 60).unwrap_or(u32::MAX))
}
