//! A progress line on long work, on a terminal only.

use std::cell::Cell;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::output::Format;

const EVERY: Duration = Duration::from_millis(100);
const BAR: usize = 30;

/// Work under way. Nothing is shown for what takes less than half a second, or when nobody watches.
pub(crate) struct Progress {
    what: &'static str,
    total: Option<u64>,
    done: Cell<u64>,
    begun: Instant,
    shown: Cell<Option<Instant>>,
    is_watched: bool,
}

impl Progress {
    pub(crate) fn start(what: &'static str, total: Option<u64>, format: Format) -> Self {
        Self {
            what,
            total: total.filter(|total| *total > 0),
            done: Cell::new(0),
            begun: Instant::now(),
            shown: Cell::new(None),
            is_watched: format == Format::Text && std::io::stderr().is_terminal(),
        }
    }

    /// That much more is done.
    pub(crate) fn step(&self, more: u64) {
        self.reach(self.done.get().saturating_add(more));
    }

    /// That much is done.
    pub(crate) fn reach(&self, done: u64) {
        self.done.set(done);
        let quiet = self.begun.elapsed() < Duration::from_millis(500);
        let recent = self
            .shown
            .get()
            .is_some_and(|shown| shown.elapsed() < EVERY);
        if !self.is_watched || quiet || recent {
            return;
        }
        self.shown.set(Some(Instant::now()));
        let line = match self.total {
            Some(total) => {
                let share = u128::from(done.min(total)) * BAR as u128 / u128::from(total);
                let full = usize::try_from(share).unwrap_or(BAR);
                format!(
                    "{}{} {done} of {total} {}",
                    "█".repeat(full),
                    "░".repeat(BAR.saturating_sub(full)),
                    self.what
                )
            }
            None => format!("{done} {}", self.what),
        };
        // A progress line that cannot be shown is no error.
        let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
    }

    /// Takes the line away.
    pub(crate) fn finish(self) {
        if self.shown.get().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
