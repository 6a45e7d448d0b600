//! Two sets of rules on the same history: how many requests went from which decision to which, with examples.

use decision::findings::Kind;
use decision::verdict::{Answer, Ruling};
use serde::Serialize;

use super::interner::Interner;
use super::judge::Judged;
use super::report::{FORMAT, Report};
use super::row::{Place, Row};

/// Most examples for each change; the first ones by place.
const EXAMPLES_MAX: usize = 5;

/// What changes from one set of rules to another.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Version of this document: 1.
    pub format: u32,
    /// The report under the old rules.
    pub old: Report,
    /// The report under the new rules.
    pub new: Report,
    /// Requests by old decision (line) and new decision (column), in the order of [`Answer::ALL`].
    pub matrix: [[u64; 4]; 4],
    /// Every change of decision that there is, from the least to the most cautious old decision.
    pub changed: Vec<Changed>,
}

/// Requests that went from one decision to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The decision under the old rules.
    pub from: &'static str,
    /// The decision under the new rules.
    pub to: &'static str,
    /// How many.
    pub requests: u64,
    /// The first ones.
    pub examples: Vec<Change>,
}

/// A request that went from one decision to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// Where it stands.
    pub place: Place,
    /// The request.
    pub request_id: String,
    /// Who asked.
    pub requester: String,
    /// For what.
    pub access: String,
    /// What stopped it under the old rules, by the name of the finding.
    pub stopped_before: Option<&'static str>,
    /// What stops it under the new rules.
    pub stopped_now: Option<&'static str>,
}

impl Comparison {
    pub(crate) fn new(old: Report, new: Report, changes: Changes) -> Self {
        let mut examples = changes.examples.into_iter();
        let mut changed = Vec::new();
        for (from, line) in Answer::ALL.into_iter().zip(changes.matrix) {
            for (to, requests) in Answer::ALL.into_iter().zip(line) {
                let examples = examples.next().unwrap_or_default();
                if from != to && requests > 0 {
                    changed.push(Changed {
                        from: from.name(),
                        to: to.name(),
                        requests,
                        examples,
                    });
                }
            }
        }
        Self {
            format: FORMAT,
            old,
            new,
            matrix: changes.matrix,
            changed,
        }
    }

    /// How many requests are decided otherwise.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changed.iter().map(|changed| changed.requests).sum()
    }
}

/// What changed, counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    matrix: [[u64; 4]; 4],
    /// For each place of the matrix, line by line.
    examples: [Vec<Change>; 16],
}

impl Changes {
    pub(crate) fn add(
        &mut self,
        row: &Row<'_>,
        interner: &Interner,
        before: &Judged,
        now: &Judged,
    ) {
        let place = before.answer as usize * 4 + now.answer as usize;
        if let Some(count) = self.matrix.as_flattened_mut().get_mut(place) {
            *count += 1;
        }
        if before.answer == now.answer {
            return;
        }
        if let Some(examples) = self
            .examples
            .get_mut(place)
            .filter(|list| list.len() < EXAMPLES_MAX)
        {
            examples.push(Change {
                place: row.place,
                request_id: row.texts.request_id.to_owned(),
                requester: interner.people.text(row.requester).to_owned(),
                access: interner.names.text(row.access).to_owned(),
                stopped_before: stopped(&before.ruling),
                stopped_now: stopped(&now.ruling),
            });
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let counts = self.matrix.as_flattened_mut().iter_mut();
        for (into, from) in counts.zip(other.matrix.as_flattened()) {
            *into += from;
        }
        for (into, from) in self.examples.iter_mut().zip(other.examples) {
            into.extend(from);
            into.sort();
            into.truncate(EXAMPLES_MAX);
        }
    }
}

fn stopped(ruling: &Ruling) -> Option<&'static str> {
    ruling.first().map(Kind::name)
}
