//! Group commit: whoever finds nobody committing commits for everybody who waits, under one sync and one checkpoint.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use audit::Appender;
use ports::store::{CommitError, Committal, Transition};
use rusqlite::{Connection, params};

use crate::apply::{Work, apply};
use crate::log::{storage, trouble};
use crate::open::SqliteStore;
use crate::signed::from_saved;

/// Most transitions under one sync.
const BATCH_MAX: usize = 512;

type Results = Vec<Result<Committal, CommitError>>;

/// What waits for the writer, and whether somebody is committing.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Arc<Job>>,
    is_led: bool,
}

/// The transitions of one caller.
struct Job {
    work: Vec<Work>,
    results: Mutex<Option<Results>>,
}

/// A lock that a panic elsewhere does not take away: every change is in a database transaction anyway.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SqliteStore {
    /// Queues the transitions. Whoever finds nobody committing leads: it commits all that waits, and what came while
    /// it was writing is committed together by the next leader.
    pub(crate) fn commit_grouped(&self, transitions: &[Transition]) -> Results {
        let job = Arc::new(Job {
            work: transitions.iter().map(Work::of).collect(),
            results: Mutex::new(None),
        });
        let mut waiting = locked(&self.queue.waiting);
        waiting.jobs.push_back(Arc::clone(&job));
        loop {
            if let Some(results) = locked(&job.results).take() {
                return results;
            }
            if waiting.is_led {
                waiting = self
                    .queue
                    .changed
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            waiting.is_led = true;
            let lead = Lead {
                store: self,
                batch: take_batch(&mut waiting.jobs),
            };
            drop(waiting);
            self.write(&mut locked(&self.writer), &lead.batch);
            drop(lead);
            waiting = locked(&self.queue.waiting);
        }
    }

    fn write(&self, connection: &mut Connection, batch: &[Arc<Job>]) {
        match self.transaction(connection, batch) {
            Ok(results) => {
                for (job, results) in batch.iter().zip(results) {
                    *locked(&job.results) = Some(results);
                }
            }
            Err(error) => self.nothing_written(connection, batch, &error),
        }
    }

    /// Nothing of the batch was written: the state is again what the leaves say, as far as they are what was signed.
    fn nothing_written(&self, connection: &Connection, batch: &[Arc<Job>], error: &CommitError) {
        let reading = from_saved(connection, &self.key.verifier());
        match reading.trouble {
            None => *locked(&self.signed) = reading.state,
            Some(what) => self.does_not_verify(&what),
        }
        for job in batch {
            let results = job.work.iter().map(|_| Err(error.clone())).collect();
            *locked(&job.results) = Some(results);
        }
    }

    fn transaction(
        &self,
        connection: &mut Connection,
        batch: &[Arc<Job>],
    ) -> Result<Vec<Results>, CommitError> {
        let transaction = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(storage)?;
        let mut edge = locked(&self.edge);
        if self.log_trouble().is_none()
            && let Some(what) = trouble(&transaction, &edge, &self.key.verifier())?
        {
            self.does_not_verify(&what);
        }
        // On a broken log nothing is appended: see `apply`.
        let mut appender = edge.clone();
        let before = appender.frontier().size();
        let mut all = Vec::with_capacity(batch.len());
        for job in batch {
            let mut results = Vec::with_capacity(job.work.len());
            for work in &job.work {
                results.push(self.one(&transaction, &mut appender, work)?);
            }
            all.push(results);
        }
        let size = appender.frontier().size();
        if size > before {
            let checkpoint = appender.seal(&self.key);
            transaction
                .execute(
                    "INSERT INTO log_head VALUES (1, ?1, ?2, 0)
                     ON CONFLICT (one) DO UPDATE SET frontier = ?1, checkpoint = ?2",
                    params![appender.frontier().to_bytes(), checkpoint.text()],
                )
                .map_err(storage)?;
        }
        fail::fail_point!("store-before-commit");
        transaction.commit().map_err(storage)?;
        *edge = appender;
        fail::fail_point!("store-after-commit");
        for result in all.iter_mut().flatten().flatten() {
            result.size = size;
        }
        Ok(all)
    }

    /// One transition behind a savepoint: refused ones leave nothing behind. The outer error is the database's and
    /// ends the batch.
    fn one(
        &self,
        connection: &Connection,
        appender: &mut Appender,
        work: &Work,
    ) -> Result<Result<Committal, CommitError>, CommitError> {
        connection.execute_batch("SAVEPOINT one").map_err(storage)?;
        let frontier = appender.frontier().clone();
        let result = apply(self, connection, appender, work);
        match result {
            Ok((committal, leaves)) => {
                connection.execute_batch("RELEASE one").map_err(storage)?;
                let mut signed = locked(&self.signed);
                for (number, leaf) in &leaves {
                    signed.take_in(*number, leaf);
                }
                Ok(Ok(committal))
            }
            Err(CommitError::Storage(reason)) => Err(CommitError::Storage(reason)),
            Err(refusal) => {
                connection
                    .execute_batch("ROLLBACK TO one; RELEASE one")
                    .map_err(storage)?;
                *appender = Appender::new(frontier);
                Ok(Err(refusal))
            }
        }
    }
}

/// Whoever leads stops leading when this goes, however that comes: a panic must not leave all others waiting for ever.
struct Lead<'a> {
    store: &'a SqliteStore,
    batch: Vec<Arc<Job>>,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let unanswered = |job: &Arc<Job>| locked(&job.results).is_none();
        if std::thread::panicking() && self.batch.iter().any(unanswered) {
            let error = CommitError::Storage("the commit ended in a panic".to_owned());
            let connection = locked(&self.store.writer);
            self.store.nothing_written(&connection, &self.batch, &error);
        }
        locked(&self.store.queue.waiting).is_led = false;
        self.store.queue.changed.notify_all();
    }
}

fn take_batch(jobs: &mut VecDeque<Arc<Job>>) -> Vec<Arc<Job>> {
    let mut batch = Vec::new();
    let mut transitions = 0_usize;
    while let Some(job) = jobs.front() {
        transitions = transitions.saturating_add(job.work.len());
        if !batch.is_empty() && transitions > BATCH_MAX {
            break;
        }
        batch.extend(jobs.pop_front());
    }
    batch
}
