//! The vault's clock: it stands, or runs with the machine's.

use std::time::Instant;

use super::time;

/// A clock that can be moved.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    at: i64,
    running_since: Option<Instant>,
}

impl Clock {
    pub(crate) fn new(at: i64, runs: bool) -> Self {
        Self {
            at,
            running_since: runs.then(Instant::now),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        let passed = self.running_since.map_or(0, |since| {
            i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
        });
        self.at
            .saturating_add(passed)
            .clamp(time::EARLIEST, time::LATEST)
    }

    pub(crate) fn advance(&mut self, milliseconds: i64) {
        self.at = self
            .at
            .saturating_add(milliseconds)
            .clamp(time::EARLIEST, time::LATEST);
    }
}
