//! `backtest`: what the policy would have decided on history.

mod history;
mod tell;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use decision::time::{Minutes, Timestamp};
use governance::backtest::{
    BacktestError, Comparison, Done, Format as InputFormat, HoldingsTable, Input, Options, Report,
    compare, run as judge,
};
use ports::{Clock as _, SystemClock};

use crate::args::Backtest;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::policies::{self, PolicyFiles};
use crate::progress::Progress;
use crate::settings::Home;

pub(crate) fn run(home: &Home, format: Format, arguments: &Backtest) -> Result<Exit, Error> {
    let files = policies::of_home(home)?;
    let now = moment(arguments.as_of.as_deref())?;
    let options = options(&files, arguments, now)?;
    let holdings = arguments.holdings.as_deref().map(table).transpose()?;
    let inputs = inputs(home, &arguments.input)?;
    let report = match &arguments.policy {
        None => {
            let report = report(inputs, holdings.as_ref(), &files, &options, format)?;
            tell::report(&report, arguments.explain, format);
            for path in &arguments.write {
                tell::write(&report, path)?;
            }
            report
        }
        Some(path) => {
            let new = policies::of_file(home, path)?;
            let comparison = comparison(inputs, holdings.as_ref(), &files, &new, &options, format)?;
            tell::comparison(&comparison, format);
            for path in &arguments.write {
                tell::write(&comparison.new, path)?;
            }
            comparison.new
        }
    };
    if let Some(threshold) = arguments.confidence_threshold {
        supported(&report, threshold)?;
    }
    Ok(exit(&report))
}

/// Says whether the history supports a threshold of confidence, of our own and, where it has one, of a model's; one that it does
/// not is refused.
fn supported(report: &Report, threshold: f64) -> Result<(), Error> {
    let model = &report.model_reliability;
    let curves = std::iter::once(("a confidence", "decisions", &report.reliability)).chain(
        (!model.buckets.is_empty()).then_some(("a model's confidence", "its advices", model)),
    );
    for (whose, what, curve) in curves {
        let measure = curve.supports(threshold).map_err(|why| {
            let refused = format!("{whose} of {threshold} is not supported by this history: {why}");
            Error::new(Exit::NotAllowed, refused).hint(
                "more history, better facts, or a threshold that the curve in the report bears out",
            )
        })?;
        output::note(&format!(
            "{whose} of {threshold} is supported: owners agreed with {} of {} {what} that state at least that",
            measure.numerator, measure.denominator
        ));
    }
    Ok(())
}

/// What a report means for whoever called.
fn exit(report: &Report) -> Exit {
    if !report.must_be_zero.holds() {
        Exit::Unsafe
    } else if report.rows.broken > 0 {
        Exit::BadInput
    } else {
        Exit::Done
    }
}

/// Judges inputs, with a progress line.
pub(super) fn report(
    inputs: Vec<Input>,
    holdings: Option<&HoldingsTable>,
    files: &PolicyFiles,
    options: &Options,
    format: Format,
) -> Result<Report, Error> {
    let watched = Watched::new(&inputs, format);
    let found = judge(inputs, holdings, &files.rules, options, &|done| {
        watched.see(done)
    });
    watched.finish();
    found.map_err(failed)
}

/// Judges inputs under two policies, with a progress line.
pub(super) fn comparison(
    inputs: Vec<Input>,
    holdings: Option<&HoldingsTable>,
    old: &PolicyFiles,
    new: &PolicyFiles,
    options: &Options,
    format: Format,
) -> Result<Comparison, Error> {
    let watched = Watched::new(&inputs, format);
    let (old, new) = (&old.rules, &new.rules);
    let found = compare(inputs, holdings, old, new, options, &|done| {
        watched.see(done)
    });
    watched.finish();
    found.map_err(failed)
}

fn failed(error: BacktestError) -> Error {
    let hint = match &error {
        BacktestError::Unreadable { .. } => "docs/reference/backtest.md lists formats and columns",
        BacktestError::Cancelled => "run it again",
    };
    Error::of(Exit::BadInput, &error).hint(hint)
}

/// A progress line that several threads move on.
struct Watched {
    progress: Mutex<Progress>,
    by_bytes: bool,
}

impl Watched {
    fn new(inputs: &[Input], format: Format) -> Self {
        let total: Option<u64> = inputs.iter().map(Input::bytes).sum();
        let what = if total.is_some() { "bytes" } else { "rows" };
        Self {
            progress: Mutex::new(Progress::start(what, total, format)),
            by_bytes: total.is_some(),
        }
    }

    fn see(&self, done: Done) -> ControlFlow<()> {
        if let Ok(progress) = self.progress.lock() {
            progress.reach(if self.by_bytes { done.bytes } else { done.rows });
        }
        ControlFlow::Continue(())
    }

    fn finish(self) {
        if let Ok(progress) = self.progress.into_inner() {
            progress.finish();
        }
    }
}

/// The moment that was given, or now.
fn moment(text: Option<&str>) -> Result<Timestamp, Error> {
    let Some(text) = text else {
        return Ok(SystemClock.now());
    };
    Timestamp::parse(text).ok_or_else(|| {
        Error::new(Exit::BadInput, format!("`{text}` is not a moment"))
            .hint("write RFC 3339, such as `2026-12-31T18:00:00Z`")
    })
}

/// How to run, as of `now`.
fn options(files: &PolicyFiles, arguments: &Backtest, now: Timestamp) -> Result<Options, Error> {
    let range = match &arguments.range {
        None => None,
        Some(text) => Some(Minutes::parse(text).ok_or_else(|| {
            Error::new(Exit::BadInput, format!("`{text}` is not a length of time"))
                .hint("write a number and `m`, `h`, `d` or `w`, such as `60d`")
        })?),
    };
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    let attributes = files.conditions.as_ref();
    Ok(Options {
        from: range.map(|range| now.minus(range)),
        threads,
        declared_attributes: attributes.map_or_else(Vec::new, |own| own.person_attributes()),
        stopwatch: Some(Instant::now),
        ..Options::new(now)
    })
}

fn inputs(home: &Home, paths: &[std::path::PathBuf]) -> Result<Vec<Input>, Error> {
    if paths.is_empty() {
        return Ok(vec![history::of_store(home)?]);
    }
    paths.iter().map(|path| input(path)).collect()
}

fn input(path: &Path) -> Result<Input, Error> {
    let name = path.display().to_string();
    let format = InputFormat::from_path(path).ok_or_else(|| {
        Error::new(
            Exit::BadInput,
            format!("`{name}` is no history that can be read"),
        )
        .hint("its name must end in .jsonl, .csv or .parquet")
    })?;
    let file = std::fs::File::open(path).map_err(|error| {
        Error::of(Exit::BadInput, &error).hint(format!("a history is expected at `{name}`"))
    })?;
    Ok(Input::from_file(&name, format, file))
}

fn table(path: &Path) -> Result<HoldingsTable, Error> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|error| {
        Error::of(Exit::BadInput, &error).hint(format!("holdings are expected at `{name}`"))
    })?;
    match InputFormat::from_path(path) {
        Some(InputFormat::JsonLines) => HoldingsTable::from_json_lines(&name, file),
        Some(InputFormat::Csv | InputFormat::Parquet) | None => {
            HoldingsTable::from_csv(&name, file)
        }
    }
    .map_err(failed)
}
