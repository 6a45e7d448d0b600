//! What asking may cost in money and time, and what it did. Before a call its worst case is set aside; afterwards what it cost
//! takes its place, so calls at the same time never spend the same money.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Nanodollars of a dollar.
const NANODOLLARS: f64 = 1e9;

/// A bounded sum of money, in nanodollars, and perhaps a bounded time. Shared by calls at the same time.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    time: Option<Duration>,
    state: Mutex<State>,
    back: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    spent: u64,
    set_aside: u64,
    /// Calls that are under way, and since when at least one is.
    under_way: u32,
    since: Option<Instant>,
    /// How long calls were under way before that. Calls at the same time count once.
    asked_for: Duration,
}

/// Money set aside for one call. Dropped without [`Aside::spend`], it counts as spent: what became of it is not known.
#[derive(Debug)]
#[must_use = "what is set aside is spent or given back"]
pub struct Aside<'a> {
    budget: &'a Budget,
    amount: u64,
    /// What it cost; the whole amount unless it is told.
    cost: u64,
}

impl Budget {
    /// A budget of `limit` nanodollars, for as long as it takes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            time: None,
            state: Mutex::default(),
            back: Condvar::new(),
        }
    }

    /// The same, asking no longer than `time`: only while calls are under way it runs. One that began before may end later.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// Whether its time will be over after `wait`.
    #[must_use]
    pub fn is_over_after(&self, wait: Duration) -> bool {
        let asked_for = self.state().asked_for();
        (self.time).is_some_and(|time| asked_for.saturating_add(wait) >= time)
    }

    /// Whether what was not spent yet covers `amount`.
    #[must_use]
    pub fn covers(&self, amount: u64) -> bool {
        self.state().spent.saturating_add(amount) <= self.limit
    }

    /// Sets `amount` aside when it is there and time is left. What other calls only hold may come back, so it is waited for: each of
    /// them ends.
    pub fn set_aside(&self, amount: u64) -> Option<Aside<'_>> {
        let mut state = self.state();
        loop {
            if self.time.is_some_and(|time| state.asked_for() >= time) {
                return None;
            }
            if state.spent.saturating_add(amount) > self.limit {
                return None;
            }
            let taken = state.spent.saturating_add(state.set_aside);
            if taken.saturating_add(amount) <= self.limit {
                break;
            }
            state = (self.back.wait(state)).unwrap_or_else(PoisonError::into_inner);
        }
        state.set_aside = state.set_aside.saturating_add(amount);
        state.under_way = state.under_way.saturating_add(1);
        state.since.get_or_insert_with(Instant::now);
        Some(Aside {
            budget: self,
            amount,
            cost: amount,
        })
    }

    /// What was spent.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.state().spent
    }

    /// The most that may be spent.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    // Nothing in here panics with the lock held, and its numbers are whole at any time.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long calls were under way so far.
    fn asked_for(&self) -> Duration {
        let now = self.since.map(|since| since.elapsed());
        self.asked_for.saturating_add(now.unwrap_or_default())
    }

    /// A call that set `amount` aside is over, and cost `cost`.
    fn end(&mut self, amount: u64, cost: u64) {
        self.set_aside = self.set_aside.saturating_sub(amount);
        self.spent = self.spent.saturating_add(cost);
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0 {
            self.asked_for = self.asked_for();
            self.since = None;
        }
    }
}

impl Aside<'_> {
    /// `cost` is spent, the rest goes back. A provider that counts more than the worst case is believed.
    pub fn spend(mut self, cost: u64) {
        self.cost = cost;
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        self.budget.state().end(self.amount, self.cost);
        self.budget.back.notify_all();
    }
}

/// US dollars as whole nanodollars; 0 for what is no amount of money.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a number between 0 and 2^63"
)]
pub fn nanodollars(dollars: f64) -> u64 {
    let nano = dollars * NANODOLLARS;
    if nano.is_finite() && (0.0..9.0e18).contains(&nano) {
        nano as u64
    } else {
        0
    }
}

/// Nanodollars as US dollars with four digits, such as `0.0123`.
#[must_use]
pub fn dollars(nanodollars: u64) -> String {
    let ten_thousandths = nanodollars / 100_000;
    format!(
        "{}.{:04}",
        ten_thousandths / 10_000,
        ten_thousandths % 10_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_not_there_for_others_until_it_comes_back() {
        let budget = Budget::new(100);
        let first = budget.set_aside(60).unwrap();
        assert!(budget.set_aside(101).is_none(), "more than there ever was");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| budget.set_aside(50).map(|aside| aside.spend(50)).is_some());
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert_eq!(budget.spent(), 0, "it waits");
            first.spend(10);
            assert!(other.join().unwrap());
        });
        drop(budget.set_aside(40));
        assert_eq!(
            budget.spent(),
            100,
            "a call that told nothing counts in full"
        );
        assert!(budget.set_aside(1).is_none());
    }

    #[test]
    fn many_at_once_never_spend_more_than_there_is() {
        let budget = Budget::new(1_000);
        let granted = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        if let Some(aside) = budget.set_aside(7) {
                            granted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                            aside.spend(7);
                        }
                    }
                });
            }
        });
        assert_eq!(granted.into_inner(), 142);
        assert_eq!(budget.spent(), 994);
    }

    #[test]
    fn time_runs_while_a_call_is_under_way() {
        let wait = || std::thread::sleep(Duration::from_millis(30));
        let budget = Budget::new(100).within(Duration::from_millis(80));
        wait();
        wait();
        wait();
        let (one, other) = (budget.set_aside(1).unwrap(), budget.set_aside(1).unwrap());
        wait();
        one.spend(1);
        assert!(!budget.is_over_after(Duration::ZERO), "both at once");
        assert!(budget.is_over_after(Duration::from_secs(1)));
        other.spend(0);
        wait();
        wait();
        assert!(!budget.is_over_after(Duration::ZERO), "nobody asked");
        let last = budget.set_aside(1).unwrap();
        wait();
        wait();
        assert!(budget.is_over_after(Duration::ZERO));
        assert!(budget.set_aside(1).is_none());
        last.spend(1);
        assert_eq!(budget.spent(), 2);
    }

    #[test]
    fn dollars_there_and_back() {
        assert_eq!(nanodollars(0.25), 250_000_000);
        assert_eq!(dollars(250_000_000), "0.2500");
        assert_eq!(dollars(nanodollars(12.34567)), "12.3456");
        for none in [f64::NAN, f64::INFINITY, -0.01, 1e300] {
            assert_eq!(nanodollars(none), 0);
        }
    }
}
