//! Backtests: what rules would have decided on a history, held against what owners decided.
//!
//! [`run`] reads [`Input`]s and gives a [`Report`]; [`compare`] judges the same rows under two sets of rules. Rows are
//! read in chunks by a few threads, so memory hangs on the policy and not on the number of rows, and the result is the
//! same for any number of threads (latency apart). Nothing is printed, and no clock is read unless one is handed in.
//!
//! What a history does not carry is taken as complete; [`ASSUMPTIONS`] says so in a report. Holdings are no such thing:
//! of a row without them conflicts cannot be told, and the rules escalate it as they would a live request.

mod column;
mod compare;
mod holdings;
mod interner;
mod judge;
mod measure;
mod read;
pub mod report;
mod row;
mod tally;
mod work;

use std::ops::ControlFlow;
use std::time::Instant;

use decision::rules::Rules;
use decision::time::Timestamp;
use thiserror::Error;

pub use column::Column;
pub use compare::{Change, Changed, Comparison};
pub use holdings::HoldingsTable;
pub use measure::{Measure, percent};
pub use read::{Format, Input, LINE_BYTES_MAX};
pub use report::Report;
pub use row::{OwnerDecision, Place};
pub use tally::{Breach, BrokenRow, LISTED_MAX, agrees, agrees_with_advice};

use judge::{Judge, Setting};
use work::Work;

/// What a report says about facts that no history carries.
pub const ASSUMPTIONS: &str = "What a history does not carry is taken as complete: every login is one active person \
with a known manager, who filed for somebody else was allowed to, the target behind each name is bound and unchanged, \
nobody asked unusually often, there were no earlier grants, and recorded approvals were given by people who may.";

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The moment of the backtest. Rows later than it are counted and not judged; rows without a time are judged as of
    /// it.
    pub as_of: Timestamp,
    /// Only rows from this moment on.
    pub from: Option<Timestamp>,
    /// Only rows before this moment.
    pub until: Option<Timestamp>,
    /// Number of threads, at least one.
    pub threads: usize,
    /// Attributes of people that the policy declares: those that a row does not tell count as unread, not as absent.
    pub declared_attributes: Vec<String>,
    /// The clock by which one decision in 64 is timed, with its part of what is done for several rows at once; `None`
    /// measures no latency.
    pub stopwatch: Option<fn() -> Instant>,
    /// Whether every row becomes a whole record of evidence, as it does when the policy has conditions. Slow; for
    /// comparing the two ways.
    pub slowly: bool,
}

impl Options {
    /// The whole history until `as_of`, on two threads, without latency.
    #[must_use]
    pub fn new(as_of: Timestamp) -> Self {
        Self {
            as_of,
            from: None,
            until: None,
            threads: 2,
            declared_attributes: Vec::new(),
            stopwatch: None,
            slowly: false,
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows read so far, broken ones included.
    pub rows: u64,
    /// Bytes read so far, of the sizes that [`Input::bytes`] tells.
    pub bytes: u64,
}

/// Told how far a run is after every chunk, by whichever thread read it; breaks it off with [`ControlFlow::Break`].
pub type Progress<'a> = dyn Fn(Done) -> ControlFlow<()> + Sync + 'a;

/// Why there is no report.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BacktestError {
    /// An input as a whole cannot be read. Broken rows of text are no such thing: they are counted and listed.
    #[error("{input}: {problem}")]
    Unreadable {
        /// Its name.
        input: String,
        /// What is wrong, with its place where that is known.
        problem: String,
    },
    /// The progress callback broke it off.
    #[error("the backtest was broken off")]
    Cancelled,
}

/// Judges a history under `rules`.
///
/// # Errors
/// When an input cannot be read, or `progress` breaks off.
pub fn run(
    inputs: Vec<Input>,
    holdings: Option<&HoldingsTable>,
    rules: &Rules,
    options: &Options,
    progress: &Progress<'_>,
) -> Result<Report, BacktestError> {
    let names = names(&inputs);
    let judges = [Judge::new(rules, setting(holdings, options))];
    let done = work::run(inputs, &judges, options, progress)?;
    let [tally] = done.tallies;
    Ok(Report::new(&tally, rules, names, options))
}

/// Judges a history under two sets of rules, row by row.
///
/// # Errors
/// As [`run`].
pub fn compare(
    inputs: Vec<Input>,
    holdings: Option<&HoldingsTable>,
    old: &Rules,
    new: &Rules,
    options: &Options,
    progress: &Progress<'_>,
) -> Result<Comparison, BacktestError> {
    let names = names(&inputs);
    let setting = setting(holdings, options);
    let judges = [Judge::new(old, setting), Judge::new(new, setting)];
    let Work {
        tallies: [before, after],
        changes,
    } = work::run(inputs, &judges, options, progress)?;
    let old = Report::new(&before, old, names.clone(), options);
    let new = Report::new(&after, new, names, options);
    Ok(Comparison::new(old, new, changes))
}

fn names(inputs: &[Input]) -> Vec<String> {
    inputs.iter().map(|input| input.name().to_owned()).collect()
}

fn setting<'a>(holdings: Option<&'a HoldingsTable>, options: &'a Options) -> Setting<'a> {
    Setting {
        as_of: options.as_of,
        holdings,
        declared: &options.declared_attributes,
        slowly: options.slowly,
    }
}
