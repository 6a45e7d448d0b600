//! The threads: each takes the next chunk, reads and judges it, and counts for itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{array, thread};

use super::compare::Changes;
use super::interner::Interner;
use super::judge::Judge;
use super::read::{Feed, Input, Sink};
use super::row::{Place, Row};
use super::tally::Tally;
use super::{BacktestError, Done, Options, Progress};

/// One decision in this many is timed.
const TIMED: u64 = 64;

/// What the threads counted: for each set of rules, and how two of them differ.
#[derive(Debug)]
pub(crate) struct Work<const N: usize> {
    pub(crate) tallies: [Tally; N],
    pub(crate) changes: Changes,
}

/// Reads and judges everything.
pub(crate) fn run<const N: usize>(
    inputs: Vec<Input>,
    judges: &[Judge<'_>; N],
    options: &Options,
    progress: &Progress<'_>,
) -> Result<Work<N>, BacktestError> {
    let names: Vec<String> = inputs.iter().map(|input| input.name().to_owned()).collect();
    let shared = Shared {
        feed: Mutex::new(Feed::new(inputs)),
        names,
        rows: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        progress,
    };
    let results: Vec<Result<Work<N>, (u32, BacktestError)>> = thread::scope(|scope| {
        let started: Vec<_> = (0..options.threads.max(1))
            .map(|_| {
                let worker = Worker::new(judges, options);
                scope.spawn(|| shared.work(worker))
            })
            .collect();
        started
            .into_iter()
            .map(|thread| {
                thread.join().unwrap_or_else(|_| {
                    let problem =
                        "a reader stopped on this history, which is a fault of the program";
                    let input = "backtest".to_owned();
                    Err((
                        u32::MAX,
                        BacktestError::Unreadable {
                            input,
                            problem: problem.to_owned(),
                        },
                    ))
                })
            })
            .collect()
    });
    let mut whole = Work {
        tallies: array::from_fn(|_| Tally::default()),
        changes: Changes::default(),
    };
    let mut failed: Option<(u32, BacktestError)> = None;
    for result in results {
        match result {
            Ok(part) => {
                for (into, from) in whole.tallies.iter_mut().zip(part.tallies) {
                    into.merge(from);
                }
                whole.changes.merge(part.changes);
            }
            Err(error) if failed.as_ref().is_none_or(|(input, _)| error.0 < *input) => {
                failed = Some(error)
            }
            Err(_) => (),
        }
    }
    failed.map_or(Ok(whole), |(_, error)| Err(error))
}

/// What the threads share.
struct Shared<'a> {
    feed: Mutex<Feed>,
    names: Vec<String>,
    rows: AtomicU64,
    bytes: AtomicU64,
    is_over: AtomicBool,
    progress: &'a Progress<'a>,
}

impl Shared<'_> {
    fn work<const N: usize>(
        &self,
        mut worker: Worker<'_, N>,
    ) -> Result<Work<N>, (u32, BacktestError)> {
        let result = self.chunks(&mut worker);
        if result.is_err() {
            self.is_over.store(true, Ordering::Relaxed);
        }
        result.map(|()| Work {
            tallies: worker.tallies,
            changes: worker.changes,
        })
    }

    fn chunks<const N: usize>(
        &self,
        worker: &mut Worker<'_, N>,
    ) -> Result<(), (u32, BacktestError)> {
        while !self.is_over.load(Ordering::Relaxed) {
            // A thread that panicked held it only while it cut; the others still stop in order.
            let next = match self.feed.lock() {
                Ok(mut feed) => feed.next(),
                Err(_) => return Ok(()),
            };
            let Some((input, chunk)) = next.map_err(|error| (0, error))? else {
                return Ok(());
            };
            worker.begin();
            let bytes = chunk.read(input, worker).map_err(|problem| {
                let name = self.names.get(input as usize).cloned().unwrap_or_default();
                (
                    input,
                    BacktestError::Unreadable {
                        input: name,
                        problem,
                    },
                )
            })?;
            let done = Done {
                rows: self.rows.fetch_add(worker.rows, Ordering::Relaxed) + worker.rows,
                bytes: self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes,
            };
            if (self.progress)(done).is_break() {
                return Err((u32::MAX, BacktestError::Cancelled));
            }
        }
        Ok(())
    }
}

/// One thread's own things.
struct Worker<'a, const N: usize> {
    interner: Interner,
    judges: [Judge<'a>; N],
    tallies: [Tally; N],
    changes: Changes,
    options: &'a Options,
    /// Rows of this chunk.
    rows: u64,
}

impl<'a, const N: usize> Worker<'a, N> {
    fn new(judges: &[Judge<'a>; N], options: &'a Options) -> Self {
        Self {
            interner: Interner::default(),
            judges: judges.each_ref().map(Judge::again),
            tallies: array::from_fn(|_| Tally::default()),
            changes: Changes::default(),
            options,
            rows: 0,
        }
    }

    fn begin(&mut self) {
        self.rows = 0;
        if self.interner.is_large() {
            self.interner = Interner::default();
            for judge in &mut self.judges {
                judge.forget();
            }
        }
    }

    /// Whether the row's time lets it be judged; counted when not.
    fn is_in_range(&mut self, row: &Row<'_>) -> bool {
        let options = self.options;
        let has_range = options.from.is_some() || options.until.is_some();
        let count: fn(&mut Tally) -> &mut u64 = match row.at {
            None if has_range => |tally| &mut tally.undated,
            Some(at) if at > options.as_of => |tally| &mut tally.future,
            Some(at)
                if options.from.is_some_and(|from| at < from)
                    || options.until.is_some_and(|until| at >= until) =>
            {
                |tally| &mut tally.out_of_range
            }
            Some(_) | None => return true,
        };
        for tally in &mut self.tallies {
            *count(tally) += 1;
        }
        false
    }
}

impl<const N: usize> Sink for Worker<'_, N> {
    fn interner(&mut self) -> &mut Interner {
        &mut self.interner
    }

    fn wants_conditions(&self) -> bool {
        self.judges.iter().any(Judge::is_slow)
    }

    fn rows(&mut self, rows: &[Row<'_>]) {
        let started = self.options.stopwatch.map(|now| (now, now()));
        for judge in &mut self.judges {
            judge.fetch(rows, &mut self.interner);
        }
        // Each row's part of what was done for all of them.
        let fetched = started.map_or(0, |(now, started)| {
            let parts = u128::try_from(rows.len() * N).unwrap_or(u128::MAX);
            now().duration_since(started).as_nanos() / parts.max(1)
        });
        for row in rows {
            self.row(row, fetched);
        }
    }

    fn broken(&mut self, place: Place, problem: String) {
        self.rows += 1;
        for tally in &mut self.tallies {
            tally.add_broken(place, problem.clone());
        }
    }
}

impl<const N: usize> Worker<'_, N> {
    /// Judges a row and counts it. `fetched` is the time already spent on it, in nanoseconds.
    fn row(&mut self, row: &Row<'_>, fetched: u128) {
        self.rows += 1;
        if !self.is_in_range(row) {
            return;
        }
        let stopwatch = self
            .options
            .stopwatch
            .filter(|_| row.place.row.is_multiple_of(TIMED));
        let mut before = None;
        for (judge, tally) in self.judges.iter_mut().zip(&mut self.tallies) {
            let started = stopwatch.map(|now| (now, now()));
            let judged = judge.judge(row, &mut self.interner);
            if let Some((now, started)) = started {
                let elapsed = fetched + now().duration_since(started).as_nanos();
                tally
                    .latency
                    .add(u64::try_from(elapsed).unwrap_or(u64::MAX));
            }
            tally.add(row, &self.interner, &judged);
            if let Some(before) = before.replace(judged) {
                self.changes.add(row, &self.interner, &before, &judged);
            }
        }
    }
}
