//! Counting what rows came to. Adding up is the same in every order, so the figures do not hang on threads.

use decision::evidence::record::Advice;
use decision::findings::TABLE;
use decision::findings::confidence::BasisPoints;
use decision::verdict::Answer;
use serde::{Deserialize, Serialize};

use super::interner::Interner;
use super::judge::{Judged, Scope, only_blocker};
use super::row::{OwnerDecision, Place, Row};

/// Most requests and broken rows that a report lists; the first ones by place.
pub const LISTED_MAX: usize = 100;

/// Parts into which stated confidence is divided.
pub(crate) const BUCKETS: usize = 10;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BrokenRow {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub problem: String,
}

/// A request that was granted by itself and must not have been.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Breach {
    /// Where it stands.
    pub place: Place,
    /// The request.
    pub request_id: String,
    /// Who asked.
    pub requester: String,
    /// For what.
    pub access: String,
    /// Whether the policy, read as plain text, calls it privileged or in a never-auto class.
    pub is_privileged: bool,
    /// Whether the policy, read as plain text, forbids holding it beside what the person held.
    pub is_conflict: bool,
    /// Whether the owner judged it a conflict.
    pub is_conflict_to_the_owner: bool,
}

/// Counts of whatever has a number.
pub(crate) type Counts<const N: usize> = [u64; N];

/// Agreement at one level of stated confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) rows: u64,
    pub(crate) agreed: u64,
    /// Sum of the stated confidence, in basis points.
    pub(crate) stated: u64,
}

/// Agreement by stated confidence, lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Curve(pub(crate) [Bucket; BUCKETS]);

impl Curve {
    fn add(&mut self, stated: BasisPoints, agreed: bool) {
        let place = (usize::from(stated.0) * BUCKETS / 10_000).min(BUCKETS - 1);
        if let Some(bucket) = self.0.get_mut(place) {
            bucket.rows += 1;
            bucket.agreed += u64::from(agreed);
            bucket.stated += u64::from(stated.0);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (into, from) in self.0.iter_mut().zip(other.0) {
            into.rows += from.rows;
            into.agreed += from.agreed;
            into.stated += from.stated;
        }
    }
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) judged: u64,
    pub(crate) broken: u64,
    pub(crate) out_of_range: u64,
    pub(crate) undated: u64,
    pub(crate) future: u64,
    pub(crate) without_holdings: u64,
    pub(crate) answers: Counts<4>,
    /// Owner's decision, then ours.
    pub(crate) matrix: [Counts<4>; 4],
    /// Exact, over, under.
    pub(crate) scope: Counts<3>,
    /// Flagged by us or not, then a conflict to the owner or not.
    pub(crate) conflicts: [Counts<2>; 2],
    /// Rows on which the owner judged conflicts and of which the holdings are not known.
    pub(crate) conflicts_unknown: u64,
    /// Of our own confidence.
    pub(crate) ours: Curve,
    /// Of what models said how sure they were.
    pub(crate) models: Curve,
    pub(crate) seen: Vec<u64>,
    pub(crate) only: Vec<u64>,
    /// By days since 1970.
    pub(crate) days: Vec<Counts<4>>,
    pub(crate) dangerous_grants: u64,
    pub(crate) conflicting_grants: u64,
    pub(crate) conflicting_grants_to_the_owner: u64,
    /// Automatic grants of which the owner judged conflicts.
    pub(crate) grants_with_owner_conflict: u64,
    pub(crate) breaches: Vec<Breach>,
    pub(crate) broken_rows: Vec<BrokenRow>,
    pub(crate) latency: Latency,
}

impl Tally {
    /// Counts a row.
    pub(crate) fn add(&mut self, row: &Row<'_>, interner: &Interner, judged: &Judged) {
        let answer = judged.answer as usize;
        self.judged += 1;
        count(&mut self.answers, answer);
        if !judged.has_holdings {
            self.without_holdings += 1;
        }
        if let Some(owner) = row.owner_decision {
            if let Some(line) = self.matrix.get_mut(owner as usize) {
                count(line, answer);
            }
            self.ours
                .add(judged.ruling.confidence, agrees(owner, judged.answer));
            if let Some((advice, stated)) = row.model {
                self.models.add(stated, agrees_with_advice(owner, advice));
            }
        }
        if let Some(scope) = judged.scope {
            let place = match scope {
                Scope::Exact => 0,
                Scope::Over => 1,
                Scope::Under => 2,
            };
            count(&mut self.scope, place);
        }
        let is_flagged = judged
            .ruling
            .findings
            .contains(decision::findings::Kind::Conflict);
        match row.sod_conflict {
            Some(is_conflict) if judged.has_holdings => {
                if let Some(line) = self.conflicts.get_mut(usize::from(is_flagged)) {
                    count(line, usize::from(is_conflict));
                }
            }
            Some(_) => self.conflicts_unknown += 1,
            None => (),
        }
        self.add_findings(judged);
        if let Some(at) = row.at {
            let day = usize::try_from(at.seconds() / 86_400).unwrap_or_default();
            if self.days.len() <= day {
                self.days.resize(day + 1, Counts::default());
            }
            if let Some(counts) = self.days.get_mut(day) {
                count(counts, answer);
            }
        }
        if judged.answer == Answer::AutoProvision {
            self.add_grant(row, interner, judged);
        }
    }

    fn add_findings(&mut self, judged: &Judged) {
        let findings = judged.ruling.findings;
        if findings.is_empty() {
            return;
        }
        self.seen.resize(TABLE.len(), 0);
        self.only.resize(TABLE.len(), 0);
        for (row, count) in TABLE.iter().zip(&mut self.seen) {
            *count += u64::from(findings.contains(row.kind));
        }
        if let Some(kind) = only_blocker(&judged.ruling)
            && let Some(count) = self.only.get_mut(kind as usize)
        {
            *count += 1;
        }
    }

    fn add_grant(&mut self, row: &Row<'_>, interner: &Interner, judged: &Judged) {
        let to_the_owner = row.sod_conflict == Some(true);
        self.grants_with_owner_conflict += u64::from(row.sod_conflict.is_some());
        self.dangerous_grants += u64::from(judged.is_dangerous_grant);
        self.conflicting_grants += u64::from(judged.is_conflicting_grant);
        self.conflicting_grants_to_the_owner += u64::from(to_the_owner);
        let is_breach = judged.is_dangerous_grant || judged.is_conflicting_grant || to_the_owner;
        if is_breach && self.breaches.len() < LISTED_MAX {
            self.breaches.push(Breach {
                place: row.place,
                request_id: row.texts.request_id.to_owned(),
                requester: interner.people.text(row.requester).to_owned(),
                access: interner.names.text(row.access).to_owned(),
                is_privileged: judged.is_dangerous_grant,
                is_conflict: judged.is_conflicting_grant,
                is_conflict_to_the_owner: to_the_owner,
            });
        }
    }

    /// Counts a broken row.
    pub(crate) fn add_broken(&mut self, place: Place, problem: String) {
        self.broken += 1;
        if self.broken_rows.len() < LISTED_MAX {
            self.broken_rows.push(BrokenRow { place, problem });
        }
    }

    /// Adds what another thread counted. Lists keep their first items by place: each thread goes forward, so the
    /// first ones of all are among the first ones of each.
    pub(crate) fn merge(&mut self, other: Self) {
        let add = |into: &mut [u64], from: &[u64]| {
            for (into, from) in into.iter_mut().zip(from) {
                *into += from;
            }
        };
        let grow = |into: &mut Vec<u64>, from: &[u64]| into.resize(into.len().max(from.len()), 0);
        self.judged += other.judged;
        self.broken += other.broken;
        self.out_of_range += other.out_of_range;
        self.undated += other.undated;
        self.future += other.future;
        self.without_holdings += other.without_holdings;
        add(&mut self.answers, &other.answers);
        add(self.matrix.as_flattened_mut(), other.matrix.as_flattened());
        add(&mut self.scope, &other.scope);
        add(
            self.conflicts.as_flattened_mut(),
            other.conflicts.as_flattened(),
        );
        self.conflicts_unknown += other.conflicts_unknown;
        self.ours.merge(&other.ours);
        self.models.merge(&other.models);
        grow(&mut self.seen, &other.seen);
        add(&mut self.seen, &other.seen);
        grow(&mut self.only, &other.only);
        add(&mut self.only, &other.only);
        self.days
            .resize(self.days.len().max(other.days.len()), Counts::default());
        add(self.days.as_flattened_mut(), other.days.as_flattened());
        self.dangerous_grants += other.dangerous_grants;
        self.conflicting_grants += other.conflicting_grants;
        self.conflicting_grants_to_the_owner += other.conflicting_grants_to_the_owner;
        self.grants_with_owner_conflict += other.grants_with_owner_conflict;
        first(&mut self.breaches, other.breaches);
        first(&mut self.broken_rows, other.broken_rows);
        self.latency.merge(&other.latency);
    }
}

/// Keeps the first items of both by place.
pub(crate) fn first<T: Ord>(into: &mut Vec<T>, from: Vec<T>) {
    into.extend(from);
    into.sort();
    into.truncate(LISTED_MAX);
}

fn count(counts: &mut [u64], place: usize) {
    if let Some(count) = counts.get_mut(place) {
        *count += 1;
    }
}

/// Whether our answer is what the owner decided. A denial agrees with a denial and with an escalation, which is how a
/// ruling without a condition that denies withholds.
#[must_use]
pub fn agrees(owner: OwnerDecision, answer: Answer) -> bool {
    match owner {
        OwnerDecision::Approve => answer == Answer::AutoProvision,
        OwnerDecision::Ask => answer == Answer::RequestInfo,
        OwnerDecision::Escalate => answer == Answer::Escalate,
        OwnerDecision::Deny => matches!(answer, Answer::Escalate | Answer::Deny),
    }
}

/// Whether a model's advice is what the owner decided: it held nothing back from what was approved as asked, and something from
/// what was not.
#[must_use]
pub fn agrees_with_advice(owner: OwnerDecision, advice: Advice) -> bool {
    (owner == OwnerDecision::Approve) == (advice == Advice::Nothing)
}

/// The findings that a list of counts is about, in the order of the table.
pub(crate) fn kinds(counts: &[u64]) -> impl Iterator<Item = (decision::findings::Kind, u64)> {
    TABLE.iter().map(|row| row.kind).zip(counts.iter().copied())
}

/// Times, in sixteen steps for each doubling: exact to 6 %.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    counts: Vec<u64>,
}

const STEPS: u32 = 16;

impl Default for Latency {
    fn default() -> Self {
        Self {
            counts: vec![0; (64 * STEPS) as usize],
        }
    }
}

impl Latency {
    pub(crate) fn add(&mut self, nanoseconds: u64) {
        let nanoseconds = nanoseconds.max(1);
        let octave = nanoseconds.ilog2();
        // The four bits after the first one.
        let part = if octave >= 4 {
            nanoseconds >> (octave - 4)
        } else {
            nanoseconds << (4 - octave)
        };
        let step = u32::try_from(part & 15).unwrap_or_default();
        count(&mut self.counts, (octave * STEPS + step) as usize);
    }

    fn merge(&mut self, other: &Self) {
        for (into, from) in self.counts.iter_mut().zip(&other.counts) {
            *into += from;
        }
    }

    pub(crate) fn samples(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The time below which this share of the samples lies, in nanoseconds; 0 without samples.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let wanted = share * self.samples() as f64;
        let mut passed = 0;
        for (count, place) in self.counts.iter().zip(0_u32..) {
            passed += count;
            if *count > 0 && passed as f64 >= wanted {
                let (octave, step) = (place / STEPS, u64::from(place % STEPS));
                let whole = (u64::from(STEPS) + step) << octave.saturating_sub(4).min(58);
                return if octave >= 4 {
                    whole
                } else {
                    whole >> (4 - octave)
                };
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_a_step() {
        let mut latency = Latency::default();
        assert_eq!(latency.quantile(0.5), 0);
        for time in 1..=1_000 {
            latency.add(time);
        }
        latency.add(u64::MAX);
        for (share, exact) in [(0.1, 100.0), (0.5, 500.0), (0.99, 990.0)] {
            let found = latency.quantile(share) as f64;
            assert!((found / exact - 1.0).abs() < 0.07, "{found} for {exact}");
        }
        assert_eq!(latency.samples(), 1_001);
    }

    #[test]
    fn lists_keep_the_first() {
        let mut all: Vec<usize> = (0..LISTED_MAX).map(|number| number * 2).collect();
        first(
            &mut all,
            (0..LISTED_MAX).map(|number| number * 2 + 1).collect(),
        );
        assert_eq!(all, (0..LISTED_MAX).collect::<Vec<_>>());
    }
}
