//! The report of a backtest: every figure with numerator, denominator and interval, or why it cannot be had.

mod charts;
mod figures;
mod html;
mod markdown;
mod words;

use decision::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Options;
use super::measure::Measure;
use super::tally::{Breach, BrokenRow, Tally};

/// Version of the report as JSON.
pub const FORMAT: u32 = 1;

/// What rules would have decided, and how that compares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// Digest of the policy.
    pub policy: String,
    /// Names of the inputs; places count from 0 in this list.
    pub inputs: Vec<String>,
    /// The moment of the backtest.
    pub as_of: Timestamp,
    /// Only rows from this moment on.
    pub from: Option<Timestamp>,
    /// Only rows before this moment.
    pub until: Option<Timestamp>,
    /// What became of the rows.
    pub rows: Rows,
    /// The first broken rows.
    pub broken_rows: Vec<BrokenRow>,
    /// What must not have happened.
    pub must_be_zero: MustBeZero,
    /// Share of each decision, from the least to the most cautious.
    pub decisions: Vec<Decision>,
    /// Decisions by the owner's (lines) and ours (columns, in the order of `decisions`).
    pub confusion: Vec<Line>,
    /// Decisions that are the owner's.
    pub agreement: Measure,
    /// Automatic grants that the owner approved.
    pub agreement_of_grants: Measure,
    /// Proposed access (granted, or offered instead) that is exactly what was needed.
    pub least_privilege: Measure,
    /// Proposed access that is more than was needed, or something else.
    pub over_provisioning: Measure,
    /// Flagged conflicts that are conflicts to the owner.
    pub conflict_precision: Measure,
    /// Conflicts to the owner that are flagged.
    pub conflict_recall: Measure,
    /// Requests that a person has to look at, or that are denied.
    pub escalation_rate: Measure,
    /// Of those, the ones that the owner passed on or denied.
    pub escalation_precision: Measure,
    /// Requests that the owner passed on or denied of which a person would have heard, or that are denied.
    pub escalation_recall: Measure,
    /// How well our confidence tells agreement with our decision.
    pub reliability: Reliability,
    /// How well the confidence that models stated tells agreement with their advice.
    #[serde(default)]
    pub model_reliability: Reliability,
    /// How long a decision takes; `None` when it was not measured.
    pub latency: Option<Latency>,
    /// What keeps requests from being granted, the costliest first.
    pub blockers: Vec<Blocker>,
    /// Decisions by day (UTC), without days on which there was none.
    pub days: Vec<Day>,
    /// What the report takes for granted.
    pub assumptions: String,
}

/// What became of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Read, broken ones included.
    pub read: u64,
    /// Judged. Every figure is about these.
    pub judged: u64,
    /// Could not be read.
    pub broken: u64,
    /// Outside the range.
    pub out_of_range: u64,
    /// Without a time, when there is a range.
    pub undated: u64,
    /// Later than the moment of the backtest.
    pub future: u64,
    /// Judged without holdings: conflicts cannot be told, and the rules escalate.
    pub without_holdings: u64,
}

/// What must not have happened, and the requests with which it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MustBeZero {
    /// Automatic grants of what the policy, read as plain text, calls privileged or never-auto.
    pub privileged_grants: Measure,
    /// Automatic grants that the policy, read as plain text, forbids beside what the person held.
    pub conflicting_grants: Measure,
    /// Automatic grants that the owner judged a conflict.
    pub conflicting_grants_to_the_owner: Measure,
    /// The first such requests.
    pub requests: Vec<Breach>,
}

impl MustBeZero {
    /// Whether all of it is zero. A figure that cannot be had counts as zero: there were no automatic grants.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.privileged_grants.numerator == 0
            && self.conflicting_grants.numerator == 0
            && self.conflicting_grants_to_the_owner.numerator == 0
    }
}

/// The share of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its name.
    pub decision: String,
    /// Its share of the rows judged.
    pub share: Measure,
}

/// What we decided where the owner decided one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The owner's decision.
    pub owner: String,
    /// How many of ours, from the least to the most cautious.
    pub ours: [u64; 4],
}

/// How well stated confidence tells agreement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// By stated confidence, lowest first, without empty ones.
    pub buckets: Vec<Bucket>,
    /// Expected calibration error (Naeini, Cooper, Hauskrecht 2015): the mean distance between stated confidence and
    /// agreement, weighted by rows. `None` when no row has both.
    pub expected_calibration_error: Option<f64>,
}

impl Reliability {
    /// Whether the history supports a threshold of confidence: of the rows whose confidence is stated at or above it, owners
    /// agreed with at least that share, also at the lower end of the interval. Rows of a bucket that begins below the threshold
    /// do not count.
    ///
    /// # Errors
    /// Why it does not, in words, with the figures.
    pub fn supports(&self, threshold: f64) -> Result<Measure, String> {
        if !(0.0..=1.0).contains(&threshold) {
            return Err("a confidence is between 0 and 1".to_owned());
        }
        let above = self
            .buckets
            .iter()
            .filter(|own| own.from >= threshold - 1e-9);
        let (agreed, rows) = above.fold((0_u64, 0_u64), |(agreed, rows), own| {
            let measure = &own.agreement;
            (
                agreed.saturating_add(measure.numerator),
                rows.saturating_add(measure.denominator),
            )
        });
        let measure = Measure::new(
            agreed,
            rows,
            "no row with an owner's decision states so much",
        );
        let Some([low, _]) = measure.interval else {
            return Err(
                "no row with an owner's decision states a confidence at or above it".to_owned(),
            );
        };
        if low >= threshold {
            return Ok(measure);
        }
        Err(format!(
            "owners agreed with {agreed} of {rows} that state at least {threshold:.2}: that proves {:.1} %, with 95 % certainty, and {:.1} % would have to be proven",
            low * 100.0,
            threshold * 100.0
        ))
    }
}

/// Rows of about the same stated confidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Lowest confidence, inclusive.
    pub from: f64,
    /// Highest confidence, exclusive but for the last.
    pub to: f64,
    /// Mean stated confidence.
    pub stated: f64,
    /// How often the owner agreed.
    pub agreement: Measure,
}

/// How long a decision takes, from the columns to the ruling, reading not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Decisions that were timed.
    pub samples: u64,
    /// Half of them took no longer, in nanoseconds, exact to 6 %.
    pub p50_ns: u64,
    /// 99 % of them took no longer.
    pub p99_ns: u64,
}

/// A finding and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// Its name.
    pub finding: String,
    /// Requests that it alone keeps from being granted. The level of risk that it alone explains is not counted as a
    /// second one.
    pub only: u64,
    /// Requests on which it was found.
    pub seen: u64,
}

/// Decisions of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The date, UTC.
    pub day: String,
    /// How many, from the least to the most cautious.
    pub decisions: [u64; 4],
}

impl Report {
    pub(crate) fn new(
        tally: &Tally,
        rules: &decision::rules::Rules,
        inputs: Vec<String>,
        options: &Options,
    ) -> Self {
        figures::report(tally, rules, inputs, options)
    }

    /// Whether the history gave nothing to judge.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.judged == 0
    }

    /// The report as JSON, format 1, as docs/reference/backtest.md describes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A record of strings and finite numbers always serialises.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
