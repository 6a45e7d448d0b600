//! Verification from files alone: finds every change to a published log and names what was changed.

mod blame;
mod bundle;
mod files;
mod finding;
mod tree;

use std::path::Path;

pub use finding::{Finding, Severity};

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::hash::Digest;
use crate::merkle::{HashReader as _, root_at};
use crate::note::{MAX_NOTE_BYTES, Note, NoteError, VerifierKey};
use crate::publish::CHECKPOINT;
use crate::reader::{TileFolder, TreeHashes};
use crate::receipt::{MAX_RECEIPT_BYTES, Receipt, ReceiptError};

/// Most findings of each severity that a report lists; the rest are counted.
pub const MAX_FINDINGS: usize = 100;

/// What to check beyond the log itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// A checkpoint or receipt saved earlier (its text), which the log must still contain.
    pub against: Option<&'a [u8]>,
    /// Accept leaves that are not format 1, for logs of other applications.
    pub opaque_leaves: bool,
}

/// The outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was found, in the order found; at most [`MAX_FINDINGS`] of each severity.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub unlisted: u64,
    /// The published checkpoint, if it could be read. Believe it only if the report is sound.
    pub checkpoint: Option<Checkpoint>,
    /// Entries read and compared with their hashes.
    pub entries_checked: u64,
    broken: u64,
    warnings: u64,
}

impl Report {
    /// Whether nothing is broken. Warnings may remain.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.broken == 0
    }

    /// Whether there is nothing to say at all.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.broken == 0 && self.warnings == 0
    }

    fn new() -> Self {
        Self {
            findings: Vec::new(),
            unlisted: 0,
            checkpoint: None,
            entries_checked: 0,
            broken: 0,
            warnings: 0,
        }
    }

    /// Notes a finding, within the bound of its severity so that warnings never crowd out damage.
    fn add(&mut self, finding: Finding) {
        let count = match finding.severity() {
            Severity::Broken => &mut self.broken,
            Severity::Warning => &mut self.warnings,
        };
        *count = count.saturating_add(1);
        if usize::try_from(*count).is_ok_and(|count| count <= MAX_FINDINGS) {
            self.findings.push(finding);
        } else {
            self.unlisted = self.unlisted.saturating_add(1);
        }
    }
}

/// Verifies the log in `folder` and reports everything that is wrong with it.
///
/// Checked: the checkpoint's form, signature and origin; every entry against its hash, every hash tile against the
/// tiles above, the whole against the signed root; lengths and framing of every file; older partial tiles; files
/// that do not belong; the form of every leaf; and, with [`Options::against`], that the log still extends what was
/// signed before. Reads tile by tile: memory does not grow with the log. `progress` is called after each bundle
/// with entries done and entries in total.
///
/// What it cannot know: whether the newest leaves were cut off together with an older, genuine checkpoint put back.
/// That takes a saved checkpoint or receipt.
///
/// ```
/// # let folder = std::path::Path::new("nowhere");
/// # let key = audit::SigningKey::from_seed("example.com/log", [7; 32]).unwrap().verifier();
/// let report = audit::verify(folder, &key, audit::Options::default(), &mut |_done, _total| {});
/// for finding in &report.findings {
///     println!("{finding}\n  hint: {}", finding.hint());
/// }
/// assert!(!report.is_sound());
/// ```
pub fn verify(
    folder: &Path,
    key: &VerifierKey,
    options: Options<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Report {
    let mut report = Report::new();
    let folder = TileFolder::new(folder);
    report.checkpoint = read_checkpoint(&folder, key, &mut report);
    let held = files::held(&folder, &mut report);
    // Without a checkpoint the files can still be compared with each other.
    let size = report
        .checkpoint
        .as_ref()
        .map_or(held.entries, |head| head.size);
    let root = report.checkpoint.as_ref().map(|head| head.root);
    let broken_before = report.broken;
    let tree = tree::Tree {
        folder: &folder,
        size,
        root,
        held,
        opaque_leaves: options.opaque_leaves,
    };
    tree.check(&mut report, progress);
    let tree_sound = report.broken == broken_before;
    files::check_others(&folder, size, &mut report);
    if let Some(saved) = options.against {
        check_against(&folder, key, saved, tree_sound, &mut report);
    }
    report
}

/// Reads the published checkpoint and reports what is wrong with it; a forged one still guides the search.
fn read_checkpoint(
    folder: &TileFolder,
    key: &VerifierKey,
    report: &mut Report,
) -> Option<Checkpoint> {
    let limit = u64::try_from(MAX_NOTE_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let bytes = match folder.read(CHECKPOINT, limit) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            report.add(Finding::CheckpointMissing);
            return None;
        }
        Err(e) => {
            report.add(Finding::FileUnreadable {
                file: CHECKPOINT.to_owned(),
                reason: e.to_string(),
            });
            return None;
        }
    };
    let error = match SignedCheckpoint::verify(&bytes, key) {
        Ok(signed) => return Some(signed.checkpoint().clone()),
        Err(error) => error,
    };
    let note = Note::parse(&bytes).ok();
    report.add(match error {
        CheckpointError::Note(NoteError::BadSignature(_)) => Finding::CheckpointSignature,
        CheckpointError::Note(NoteError::NoKnownSignature(_)) => {
            let names: Vec<String> = note
                .iter()
                .flat_map(Note::claimed_names)
                .map(|name| format!("`{name}`"))
                .collect();
            Finding::CheckpointUnknownKey {
                signed_by: names.join(", "),
            }
        }
        CheckpointError::WrongOrigin { found, expected } => {
            Finding::WrongOrigin { found, expected }
        }
        other @ (CheckpointError::Note(NoteError::Malformed(_) | NoteError::BadKey(_))
        | CheckpointError::Malformed(_)) => Finding::CheckpointMalformed {
            reason: other.to_string(),
        },
    });
    note.and_then(|note| Checkpoint::parse(note.unverified_text()).ok())
}

/// Compares the log with a checkpoint or receipt saved earlier.
fn check_against(
    folder: &TileFolder,
    key: &VerifierKey,
    saved: &[u8],
    tree_sound: bool,
    report: &mut Report,
) {
    let (saved, receipt) = match read_saved(key, saved) {
        Ok(both) => both,
        Err(error) => {
            return report.add(Finding::AgainstUnusable {
                reason: error.to_string(),
            });
        }
    };
    // A missing or unreadable checkpoint is already a finding.
    let Some((size, root)) = report
        .checkpoint
        .as_ref()
        .map(|head| (head.size, head.root))
    else {
        return report.add(Finding::AgainstUnclear {
            saved: saved.size(),
        });
    };
    if saved.size() > size {
        return report.add(Finding::RolledBack {
            saved: saved.size(),
            published: size,
        });
    }
    let tree = TreeHashes::new(folder, size);
    let same = if saved.size() == size {
        Some(root == saved.root())
    } else {
        match root_at(&tree, saved.size()) {
            Ok(then) if then == saved.root() => Some(true),
            // Only a whole tree can testify to a fork; damage alone changes the root too.
            Ok(_) if tree_sound => Some(false),
            Ok(_) | Err(_) => None,
        }
    };
    match same {
        Some(true) => {}
        Some(false) => report.add(Finding::Forked {
            saved: saved.size(),
        }),
        None => report.add(Finding::AgainstUnclear {
            saved: saved.size(),
        }),
    }
    if let Some(receipt) = receipt {
        let leaf: Option<Digest> = tree.node(0, receipt.index()).ok();
        if !leaf.is_some_and(|leaf| receipt.proves(&leaf, &saved)) {
            report.add(Finding::ReceiptDiffers {
                index: receipt.index(),
            });
        }
    }
}

/// Reads a saved checkpoint, or a receipt with the checkpoint in it; which of them shows in the first line.
fn read_saved(
    key: &VerifierKey,
    saved: &[u8],
) -> Result<(SignedCheckpoint, Option<Receipt>), ReceiptError> {
    if !Receipt::looks_like(saved) {
        return Ok((SignedCheckpoint::verify(saved, key)?, None));
    }
    if saved.len() > MAX_RECEIPT_BYTES {
        return Err(ReceiptError::Malformed("too long"));
    }
    let receipt = Receipt::parse(saved)?;
    match receipt.verify_embedded(key) {
        Ok(_) | Err(ReceiptError::NoLeaf) => Ok((receipt.checkpoint(key)?, Some(receipt))),
        Err(error) => Err(error),
    }
}
