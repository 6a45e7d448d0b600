//! The record of a run on disk, and its digest in the log. INVARIANT(record-first).

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use ports::commit_all;
use ports::store::{Category, Danger, LeafDraft, Transition};
use sha2::{Digest as _, Sha256};

use super::record::{Entry, Header};
use super::spool::Spool;
use super::{Cycle, RunError, failed};
use crate::AgentError;
use crate::ruling::map;

/// Most bytes of the classes in one leaf, which may have 64 KiB in all.
const CLASSES_BYTES_MAX: usize = 48 * 1024;

/// The record, being written.
pub(super) struct Writing {
    path: PathBuf,
    file: BufWriter<std::fs::File>,
    digest: Sha256,
}

impl Writing {
    pub(super) fn create(path: PathBuf, header: &Header) -> Result<Self, RunError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| failed(&path, source))?;
        let mut writing = Self {
            path,
            file: BufWriter::with_capacity(256 * 1024, file),
            digest: Sha256::new(),
        };
        writing.line(header)?;
        Ok(writing)
    }

    pub(super) fn entry(&mut self, entry: &Entry) -> Result<(), RunError> {
        self.line(entry)
    }

    fn line<T: serde::Serialize>(&mut self, value: &T) -> Result<(), RunError> {
        let written = serde_json::to_vec(value).map_err(std::io::Error::from);
        let written = written.and_then(|mut line| {
            line.push(b'\n');
            self.digest.update(&line);
            self.file.write_all(&line)
        });
        written.map_err(|source| failed(&self.path, source))
    }

    /// On disk, whole; gives `sha256:` and the digest of its bytes.
    pub(super) fn finish(self) -> Result<String, RunError> {
        let path = self.path;
        let synced = self.file.into_inner().map_err(std::io::Error::from);
        synced
            .and_then(|file| file.sync_all())
            .map_err(|source| failed(&path, source))?;
        Ok(crate::replay::hex_digest(self.digest))
    }
}

/// The digest of the record and newly seen classes, in the log before anything is done. On a broken log nothing is
/// recorded, and nothing is done either.
pub(super) fn commit(
    cycle: &Cycle<'_>,
    header: &Header,
    spool: &Spool,
    digest: &str,
    seen: &BTreeMap<String, Danger>,
) -> Result<Option<u64>, RunError> {
    if header.run.log == decision::evidence::record::LogState::Broken {
        return Ok(None);
    }
    let mut leaves = vec![LeafDraft {
        category: Category::PolicyCheck,
        event: "vault.analysed",
        request: String::new(),
        person: None,
        clear: map(&[
            ("run", header.name.clone()),
            ("record", digest.to_owned()),
            ("requests", spool.rows.len().to_string()),
            ("complete", header.run.listing.complete.to_string()),
            ("policy", header.run.policy.clone()),
            ("engine", header.engine.clone()),
            ("analyst", header.analyst.clone()),
        ]),
        keyed: BTreeMap::new(),
        committed: BTreeMap::new(),
    }];
    let mut lines = String::new();
    for (asset, danger) in seen {
        lines.push_str(&format!("{asset} {}\n", danger.names().join("+")));
        if lines.len() > CLASSES_BYTES_MAX {
            leaves.push(classes_leaf(header, std::mem::take(&mut lines)));
        }
    }
    if !lines.is_empty() {
        leaves.push(classes_leaf(header, lines));
    }
    let transition = Transition {
        at: header.run.at,
        leaves,
        ..Transition::default()
    };
    let mut done = commit_all(cycle.agent.store, vec![transition]);
    let first = done.pop().map(|done| done.map_err(AgentError::from));
    Ok(first.transpose()?.map(|done| done.committal.first_leaf))
}

fn classes_leaf(header: &Header, classes: String) -> LeafDraft {
    LeafDraft {
        category: Category::Administration,
        event: "vault.classes",
        request: String::new(),
        person: None,
        clear: map(&[("run", header.name.clone()), ("classes", classes)]),
        keyed: BTreeMap::new(),
        committed: BTreeMap::new(),
    }
}
