//! What is old goes: reports first, and the records of runs that nothing needs any more. INVARIANT(erasable).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use decision::time::{Minutes, Timestamp};
use ports::store::{Category, LeafDraft, Transition};
use ports::{Store, commit};

use super::{RunError, failed, record_file};
use crate::report::run as reports;
use crate::ruling::map;

/// Most records that one run erases; the next one goes on. Their names fit into one leaf.
const ERASED_MAX: usize = 1_000;

/// How long reports and records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Days after which a report goes; 0 keeps every report and record.
    pub reports: u32,
    /// Days for which a record stays whatever becomes of its report: those in which an action may still rest on it.
    pub records: u32,
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Reports, of which each may have three files.
    pub reports: usize,
    /// Records.
    pub records: usize,
}

/// Erases reports in `reports` older than is kept; then records in `records` that are older as well, have no report any more,
/// and are named by no action that is still open. The log says which records went before they do, so that a record that is
/// missing and one that was erased can be told apart. Ages go by the names of the runs; other files stay.
///
/// # Errors
/// When a folder cannot be read, a file not removed, or nothing committed.
pub fn prune(
    store: &dyn Store,
    at: Timestamp,
    keep: Keep,
    reports: &Path,
    records: &Path,
) -> Result<Pruned, RunError> {
    let mut pruned = Pruned::default();
    if keep.reports == 0 {
        return Ok(pruned);
    }
    let is_older = |run: &str, days: u32| {
        began(run).is_some_and(|began| began < at.minus(Minutes::from_days(days)))
    };
    let in_reports = |error: reports::ReportError| failed(reports, std::io::Error::other(error));
    let mut reported = BTreeSet::new();
    for report in reports::list(reports).map_err(in_reports)? {
        if !is_older(&report.run, keep.reports) {
            reported.insert(report.run);
            continue;
        }
        for path in [&report.markdown, &report.html, &report.json] {
            path.as_deref().map_or(Ok(()), erase)?;
        }
        pruned.reports += 1;
    }
    let open: BTreeSet<String> = store
        .vault()?
        .actions
        .into_values()
        .filter(|action| action.state.is_open())
        .map(|action| action.run)
        .collect();
    let mut old = runs(records)?;
    old.retain(|run| {
        is_older(run, keep.reports.max(keep.records))
            && !reported.contains(run)
            && !open.contains(run)
    });
    old.truncate(ERASED_MAX);
    if old.is_empty() {
        return Ok(pruned);
    }
    commit(store, erased(at, &old)).map_err(crate::AgentError::from)?;
    for run in &old {
        erase(&records.join(record_file(run)))?;
        pruned.records += 1;
    }
    Ok(pruned)
}

/// When a run began, by its name.
fn began(run: &str) -> Option<Timestamp> {
    let (day, rest) = run.split_once('T')?;
    let (time, _) = rest.split_once('Z')?;
    let (hour, minute, second) = (time.get(0..2)?, time.get(2..4)?, time.get(4..)?);
    Timestamp::parse(&format!("{day}T{hour}:{minute}:{second}Z"))
}

/// The runs that have a record, the oldest first.
fn runs(folder: &Path) -> Result<Vec<String>, RunError> {
    let unread = |source| failed(folder, source);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let name = entry.map_err(unread)?.file_name();
        let run = name
            .to_str()
            .and_then(|name| name.strip_prefix("vault-run-")?.strip_suffix(".jsonl"));
        found.extend(run.map(str::to_owned));
    }
    found.sort_unstable();
    Ok(found)
}

fn erase(path: &Path) -> Result<(), RunError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn erased(at: Timestamp, runs: &[String]) -> Transition {
    Transition {
        at,
        leaves: vec![LeafDraft {
            category: Category::Administration,
            event: "vault.erased",
            request: String::new(),
            person: None,
            clear: map(&[("runs", runs.join("\n"))]),
            keyed: BTreeMap::new(),
            committed: BTreeMap::new(),
        }],
        ..Transition::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_when_a_run_began() {
        for (name, time) in [
            ("2026-11-22T080000Z", Some("2026-11-22T08:00:00Z")),
            ("2026-11-22T080000Z-2", Some("2026-11-22T08:00:00Z")),
            ("2026-11-22", None),
            ("2026-11-22T08Z", None),
            ("TZ", None),
            ("x", None),
            ("2026-11-22T08\u{e9}000Z", None),
        ] {
            assert_eq!(began(name), time.and_then(Timestamp::parse), "{name}");
        }
    }
}
