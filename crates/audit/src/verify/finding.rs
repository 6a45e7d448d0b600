//! What a verification can find, in words: each finding names the place and has a hint.

use std::fmt;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The log cannot be believed as it stands.
    Broken,
    /// Worth knowing; what the checkpoint covers is whole.
    Warning,
}

/// One finding. Indices count leaves from 0; files are paths below the log's folder.
///
/// `Display` is one line, lower case, without a final stop; [`Finding::hint`] says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are named by the sentence that describes each variant"
)]
pub enum Finding {
    /// There is no checkpoint file.
    CheckpointMissing,
    /// The checkpoint is not a signed note with origin, size and root.
    CheckpointMalformed { reason: String },
    /// The checkpoint names the trusted key, and the signature does not verify.
    CheckpointSignature,
    /// No signature on the checkpoint is by the trusted key.
    CheckpointUnknownKey { signed_by: String },
    /// The checkpoint is of another log.
    WrongOrigin { found: String, expected: String },
    /// The files agree with each other, and make another root than the checkpoint signs.
    RootDiffers { size: u64 },
    /// A file that the checkpoint's size requires is missing.
    FileMissing { file: String },
    /// A file cannot be read.
    FileUnreadable { file: String, reason: String },
    /// A file ends too early: it holds fewer whole items than it must.
    FileTruncated {
        file: String,
        held: u64,
        expected: u64,
    },
    /// A file goes on after its last item.
    TrailingBytes { file: String },
    /// From this entry on, the lengths in a bundle do not fit.
    BundleFraming { file: String, index: u64 },
    /// An entry is not what was logged: its hash in the tile fits the tree, the entry does not.
    EntryEdited { index: u64 },
    /// Two entries stand in each other's place.
    EntriesSwapped { first: u64, second: u64 },
    /// One entry was taken out of a bundle; the following ones moved up.
    EntryRemoved { index: u64 },
    /// A hash in a tile is not what the tree needs; what lies under it fits.
    HashEdited { level: u8, index: u64 },
    /// The leaves under a node, together with their hashes, were replaced: they do not fit the tree above.
    LeavesReplaced {
        level: u8,
        index: u64,
        first_leaf: u64,
        last_leaf: u64,
    },
    /// A hash and what lies under it disagree, and the tree confirms neither.
    Disagree { level: u8, index: u64 },
    /// A leaf is not canonical format 1.
    LeafMalformed { index: u64, reason: String },
    /// The files hold fewer entries than the checkpoint says.
    TailTruncated { held: u64, size: u64 },
    /// A partial tile from an earlier checkpoint, or one beyond it, contradicts the tile of the same place.
    PartialDiffers { file: String },
    /// A file holds entries or hashes beyond the checkpoint.
    BeyondCheckpoint { file: String },
    /// A file, link or folder that is no part of a log.
    StrayFile { file: String },
    /// What to compare against is itself unusable.
    AgainstUnusable { reason: String },
    /// The published log is smaller than one seen before.
    RolledBack { saved: u64, published: u64 },
    /// The published log does not extend the one seen before.
    Forked { saved: u64 },
    /// The leaf that a receipt proves is not in the published log.
    ReceiptDiffers { index: u64 },
    /// The files are too damaged to be compared with the one seen before.
    AgainstUnclear { saved: u64 },
}

impl Finding {
    /// How much it weighs.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::BeyondCheckpoint { .. } | Self::StrayFile { .. } => Severity::Warning,
            Self::CheckpointMissing
            | Self::CheckpointMalformed { .. }
            | Self::CheckpointSignature
            | Self::CheckpointUnknownKey { .. }
            | Self::WrongOrigin { .. }
            | Self::RootDiffers { .. }
            | Self::FileMissing { .. }
            | Self::FileUnreadable { .. }
            | Self::FileTruncated { .. }
            | Self::TrailingBytes { .. }
            | Self::BundleFraming { .. }
            | Self::EntryEdited { .. }
            | Self::EntriesSwapped { .. }
            | Self::EntryRemoved { .. }
            | Self::HashEdited { .. }
            | Self::LeavesReplaced { .. }
            | Self::Disagree { .. }
            | Self::LeafMalformed { .. }
            | Self::TailTruncated { .. }
            | Self::PartialDiffers { .. }
            | Self::AgainstUnusable { .. }
            | Self::RolledBack { .. }
            | Self::Forked { .. }
            | Self::ReceiptDiffers { .. }
            | Self::AgainstUnclear { .. } => Severity::Broken,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::CheckpointMissing | Self::FileMissing { .. } | Self::TailTruncated { .. } => {
                "publish everything again from the store, or restore the folder from a backup"
            }
            Self::CheckpointMalformed { .. } | Self::CheckpointSignature => {
                "somebody edited the checkpoint or it was cut: keep the file, then publish again from the store"
            }
            Self::CheckpointUnknownKey { .. } | Self::WrongOrigin { .. } => {
                "check that the public key given is the one of this log"
            }
            Self::RootDiffers { .. } | Self::LeavesReplaced { .. } | Self::Disagree { .. } => {
                "history was rewritten: keep the folder as evidence and compare it with a backup and with receipts"
            }
            Self::FileUnreadable { .. } => "check the medium and the permissions of the folder",
            Self::FileTruncated { .. }
            | Self::TrailingBytes { .. }
            | Self::BundleFraming { .. } => {
                "keep the file as evidence, remove it from the folder, then publish everything again"
            }
            Self::EntryEdited { .. } | Self::EntriesSwapped { .. } | Self::EntryRemoved { .. } => {
                "the hash tiles still prove what was logged: compare the entry with the store and with receipts"
            }
            Self::HashEdited { .. } | Self::PartialDiffers { .. } => {
                "the entries are whole: keep the tile as evidence, remove it, then publish everything again"
            }
            Self::LeafMalformed { .. } => {
                "the log is whole, but this leaf was not written by this agent's format 1"
            }
            Self::BeyondCheckpoint { .. } => {
                "a publication was interrupted: publish again, then verify again"
            }
            Self::StrayFile { .. } => {
                "remove it; `.pending` is the rest of an interrupted publication"
            }
            Self::AgainstUnusable { .. } => "give a checkpoint or receipt of this log, unchanged",
            Self::RolledBack { .. } | Self::Forked { .. } | Self::ReceiptDiffers { .. } => {
                "two histories were signed: stop grants, keep both, and find out who holds the signing key"
            }
            Self::AgainstUnclear { .. } => "mend the other findings first, then compare again",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CheckpointMissing => write!(f, "the checkpoint is missing"),
            Self::CheckpointMalformed { reason } => {
                write!(f, "the checkpoint is malformed: {reason}")
            }
            Self::CheckpointSignature => write!(f, "the checkpoint's signature does not verify"),
            Self::CheckpointUnknownKey { signed_by } => {
                write!(
                    f,
                    "the checkpoint is not signed by the trusted key, but by {signed_by}"
                )
            }
            Self::WrongOrigin { found, expected } => {
                write!(
                    f,
                    "the checkpoint is of the log `{found}`, expected `{expected}`"
                )
            }
            Self::RootDiffers { size } => {
                write!(
                    f,
                    "the {size} leaves in the files have another root than the checkpoint signs"
                )
            }
            Self::FileMissing { file } => write!(f, "`{file}` is missing"),
            Self::FileUnreadable { file, reason } => write!(f, "`{file}` cannot be read: {reason}"),
            Self::FileTruncated {
                file,
                held,
                expected,
            } => {
                write!(f, "`{file}` is cut: it holds {held} of {expected} items")
            }
            Self::TrailingBytes { file } => write!(f, "`{file}` goes on after its last item"),
            Self::BundleFraming { file, index } => {
                write!(f, "`{file}` cannot be taken apart from entry {index} on")
            }
            Self::EntryEdited { index } => write!(f, "entry {index} is not what was logged"),
            Self::EntriesSwapped { first, second } => {
                write!(f, "entries {first} and {second} are swapped")
            }
            Self::EntryRemoved { index } => write!(f, "entry {index} was removed"),
            Self::HashEdited { level, index } => {
                write!(f, "hash {index} of tile level {level} was edited")
            }
            Self::LeavesReplaced {
                level,
                index,
                first_leaf,
                last_leaf,
            } => write!(
                f,
                "leaves among {first_leaf} to {last_leaf} were replaced with their hashes: they do not fit hash {index} of tile level {level}"
            ),
            Self::Disagree { level, index } => write!(
                f,
                "hash {index} of tile level {level} and what it covers disagree, and the tree confirms neither"
            ),
            Self::LeafMalformed { index, reason } => {
                write!(f, "leaf {index} is malformed: {reason}")
            }
            Self::TailTruncated { held, size } => {
                write!(
                    f,
                    "the tail is missing: the files hold {held} of {size} entries"
                )
            }
            Self::PartialDiffers { file } => {
                write!(f, "`{file}` contradicts the tile of its place")
            }
            Self::BeyondCheckpoint { file } => write!(f, "`{file}` goes beyond the checkpoint"),
            Self::StrayFile { file } => write!(f, "`{file}` is no part of a log"),
            Self::AgainstUnusable { reason } => {
                write!(f, "the saved checkpoint or receipt is unusable: {reason}")
            }
            Self::RolledBack { saved, published } => {
                write!(
                    f,
                    "rolled back: {saved} leaves were signed before, only {published} are published"
                )
            }
            Self::Forked { saved } => write!(
                f,
                "forked: the log does not extend the {saved} leaves signed before"
            ),
            Self::ReceiptDiffers { index } => {
                write!(f, "leaf {index} is not the one that the receipt proves")
            }
            Self::AgainstUnclear { saved } => {
                write!(
                    f,
                    "the files are too damaged to be compared with the {saved} leaves signed before"
                )
            }
        }
    }
}
