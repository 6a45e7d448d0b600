//! What a verification can find, in words: each finding names the place and has a hint.

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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the fields are named by the sentence that describes each variant"
)]
pub enum Finding {
    /// There is no checkpoint file.
    #[error("the checkpoint is missing")]
    CheckpointMissing,
    /// The checkpoint is not a signed note with origin, size and root.
    #[error("the checkpoint is malformed: {reason}")]
    CheckpointMalformed { reason: String },
    /// The checkpoint names the trusted key, and the signature does not verify.
    #[error("the checkpoint's signature does not verify")]
    CheckpointSignature,
    /// No signature on the checkpoint is by the trusted key.
    #[error("the checkpoint is not signed by the trusted key, but by {signed_by}")]
    CheckpointUnknownKey { signed_by: String },
    /// The checkpoint is of another log.
    #[error("the checkpoint is of the log `{found}`, expected `{expected}`")]
    WrongOrigin { found: String, expected: String },
    /// The files agree with each other, and make another root than the checkpoint signs.
    #[error("the {size} leaves in the files have another root than the checkpoint signs")]
    RootDiffers { size: u64 },
    /// A file that the checkpoint's size requires is missing.
    #[error("`{file}` is missing")]
    FileMissing { file: String },
    /// A file cannot be read.
    #[error("`{file}` cannot be read: {reason}")]
    FileUnreadable { file: String, reason: String },
    /// A file ends too early: it holds fewer whole items than it must.
    #[error("`{file}` is cut: it holds {held} of {expected} items")]
    FileTruncated {
        file: String,
        held: u64,
        expected: u64,
    },
    /// A file goes on after its last item.
    #[error("`{file}` goes on after its last item")]
    TrailingBytes { file: String },
    /// From this entry on, the lengths in a bundle do not fit.
    #[error("`{file}` cannot be taken apart from entry {index} on")]
    BundleFraming { file: String, index: u64 },
    /// An entry is not what was logged: its hash in the tile fits the tree, the entry does not.
    #[error("entry {index} is not what was logged")]
    EntryEdited { index: u64 },
    /// Two entries stand in each other's place.
    #[error("entries {first} and {second} are swapped")]
    EntriesSwapped { first: u64, second: u64 },
    /// One entry was taken out of a bundle; the following ones moved up.
    #[error("entry {index} was removed")]
    EntryRemoved { index: u64 },
    /// A hash in a tile is not what the tree needs; what lies under it fits.
    #[error("hash {index} of tile level {level} was edited")]
    HashEdited { level: u8, index: u64 },
    /// The leaves under a node, together with their hashes, were replaced: they do not fit the tree above.
    #[error(
        "leaves among {first_leaf} to {last_leaf} were replaced with their hashes: they do not fit hash {index} of tile level {level}"
    )]
    LeavesReplaced {
        level: u8,
        index: u64,
        first_leaf: u64,
        last_leaf: u64,
    },
    /// A hash and what lies under it disagree, and the tree confirms neither.
    #[error(
        "hash {index} of tile level {level} and what it covers disagree, and the tree confirms neither"
    )]
    Disagree { level: u8, index: u64 },
    /// A leaf is not canonical format 1.
    #[error("leaf {index} is malformed: {reason}")]
    LeafMalformed { index: u64, reason: String },
    /// The files hold fewer entries than the checkpoint says.
    #[error("the tail is missing: the files hold {held} of {size} entries")]
    TailTruncated { held: u64, size: u64 },
    /// A partial tile from an earlier checkpoint, or one beyond it, contradicts the tile of the same place.
    #[error("`{file}` contradicts the tile of its place")]
    PartialDiffers { file: String },
    /// A file holds entries or hashes beyond the checkpoint.
    #[error("`{file}` goes beyond the checkpoint")]
    BeyondCheckpoint { file: String },
    /// A file, link or folder that is no part of a log.
    #[error("`{file}` is no part of a log")]
    StrayFile { file: String },
    /// What to compare against is itself unusable.
    #[error("the saved checkpoint or receipt is unusable: {reason}")]
    AgainstUnusable { reason: String },
    /// The published log is smaller than one seen before.
    #[error("rolled back: {saved} leaves were signed before, only {published} are published")]
    RolledBack { saved: u64, published: u64 },
    /// The published log does not extend the one seen before.
    #[error("forked: the log does not extend the {saved} leaves signed before")]
    Forked { saved: u64 },
    /// The leaf that a receipt proves is not in the published log.
    #[error("leaf {index} is not the one that the receipt proves")]
    ReceiptDiffers { index: u64 },
    /// The files are too damaged to be compared with the one seen before.
    #[error("the files are too damaged to be compared with the {saved} leaves signed before")]
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
