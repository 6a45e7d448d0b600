//! Publishing: the log as files, a projection of the store that can be made again at any time.

use std::io;

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::disk::{Disk, LOCK};
use crate::hash::Digest;
use crate::merkle::root_at;
use crate::note::{MAX_NOTE_BYTES, Note};
use crate::reader::{MAX_BUNDLE_BYTES, ReadError, TileReader, TreeHashes};
use crate::tile::{FULL, Kind, TILE_WIDTH, Tile, changed, encode_entries, encode_hashes, nodes_at};

/// Name of the checkpoint's file.
pub const CHECKPOINT: &str = "checkpoint";

/// How much to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What the published checkpoint does not cover yet: the ordinary case.
    SinceLast,
    /// Every file, to fill gaps that [`crate::verify()`] found. Files that are right are left alone.
    Everything,
}

/// What publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Leaves that the files covered before.
    pub old_size: u64,
    /// Leaves that they cover now.
    pub new_size: u64,
    /// Files written (those already right are not counted).
    pub files_written: u64,
}

/// Why publishing stopped. Nothing that was published before is lost or changed; run it again once mended.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A step on the file system failed.
    #[error("`{path}` cannot be published")]
    Io {
        /// File or folder below the log's folder.
        path: String,
        /// What the system reports.
        source: io::Error,
    },
    /// Another process is publishing to the same folder.
    #[error("another process is publishing to this folder")]
    Busy,
    /// The store cannot be read.
    #[error("the store's log cannot be read")]
    Read(#[source] ReadError),
    /// A tile is there with other bytes. Published tiles never change: somebody edited it, or the store was.
    #[error("`{0}` is published with other bytes")]
    TileDiffers(String),
    /// The published checkpoint cannot be read.
    #[error("the published checkpoint is malformed")]
    CheckpointMalformed,
    /// The published log is larger: the store was rolled back.
    #[error("{published} leaves are published, the store has only {ours}")]
    RolledBack {
        /// Size in the published checkpoint.
        published: u64,
        /// Size in ours.
        ours: u64,
    },
    /// The published log is no prefix of the store's.
    #[error("the published log of {0} leaves is not a prefix of the store's")]
    Forked(u64),
    /// The checkpoint to be published does not describe the store's leaves.
    #[error("the checkpoint does not describe the store's {0} leaves")]
    CheckpointDiffers(u64),
}

impl PublishError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => {
                "check free space and permissions of the log's folder, then publish again"
            }
            Self::Busy => "wait for the other process to finish",
            Self::Read(_) => "check the store",
            Self::TileDiffers(_) | Self::CheckpointMalformed => {
                "run `audit verify` on the folder to see what was changed"
            }
            Self::RolledBack { .. } => {
                "the store was restored from an older state: grant nothing until that is explained"
            }
            Self::Forked(_) => {
                "the folder belongs to another history: grant nothing until that is explained"
            }
            Self::CheckpointDiffers(_) => "the store's right edge is damaged: verify the store",
        }
    }
}

/// Writes the files of the tree that `checkpoint` signs: entry bundles, hash tiles, and last the checkpoint.
///
/// Each file is written aside, flushed, renamed, and its folders flushed; a file that is already right is left
/// alone. So a crash at any point leaves the old log whole, and running again completes the new one. A tile with
/// other bytes is never overwritten. Before anything is written the published log must prove to be a prefix of ours,
/// and our leaves must have the root that the checkpoint signs.
///
/// # Errors
/// [`PublishError`]; each has a [`PublishError::hint`].
pub fn publish<D: Disk, R: TileReader + ?Sized>(
    disk: &D,
    reader: &R,
    checkpoint: &SignedCheckpoint,
    scope: Scope,
) -> Result<Published, PublishError> {
    let busy = |e: &io::Error| e.kind() == io::ErrorKind::WouldBlock;
    let _guard = disk.lock().map_err(|e| {
        if busy(&e) {
            PublishError::Busy
        } else {
            at(LOCK)(e)
        }
    })?;
    let new_size = checkpoint.size();
    let tree = TreeHashes::new(reader, new_size);
    if root_at(&tree, new_size).map_err(PublishError::Read)? != checkpoint.root() {
        return Err(PublishError::CheckpointDiffers(new_size));
    }
    let old_size = match published(disk)? {
        None => 0,
        Some((size, _)) if size > new_size => {
            return Err(PublishError::RolledBack {
                published: size,
                ours: new_size,
            });
        }
        Some((size, root)) => {
            if root_at(&tree, size).map_err(PublishError::Read)? != root {
                return Err(PublishError::Forked(size));
            }
            size
        }
    };
    let from = match scope {
        Scope::SinceLast => old_size,
        Scope::Everything => 0,
    };
    let mut files_written = 0;
    for tile in changed(from, new_size) {
        files_written += u64::from(write_tile(disk, reader, tile)?);
    }
    files_written += u64::from(write(disk, CHECKPOINT, checkpoint.text().as_bytes())?);
    remove_outgrown(disk, old_size, new_size)?;
    Ok(Published {
        old_size,
        new_size,
        files_written,
    })
}

/// Size and root that are published, unverified: they only decide what to refuse.
fn published<D: Disk>(disk: &D) -> Result<Option<(u64, Digest)>, PublishError> {
    let limit = u64::try_from(MAX_NOTE_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let Some(bytes) = disk.read(CHECKPOINT, limit).map_err(at(CHECKPOINT))? else {
        return Ok(None);
    };
    let note = Note::parse(&bytes).map_err(|_| PublishError::CheckpointMalformed)?;
    let head =
        Checkpoint::parse(note.unverified_text()).map_err(|_| PublishError::CheckpointMalformed)?;
    Ok(Some((head.size, head.root)))
}

/// Writes one tile unless it is there; `true` if it was written.
fn write_tile<D: Disk, R: TileReader + ?Sized>(
    disk: &D,
    reader: &R,
    tile: Tile,
) -> Result<bool, PublishError> {
    let path = tile.to_string();
    let bytes = match tile.kind {
        Kind::Hashes(level) => encode_hashes(
            &reader
                .hashes(level, tile.index, tile.width)
                .map_err(PublishError::Read)?,
        ),
        Kind::Entries => {
            let entries = reader
                .entries(tile.index, tile.width)
                .map_err(PublishError::Read)?;
            encode_entries(&entries)
                .ok_or_else(|| PublishError::Read(ReadError::Malformed(path.clone())))?
        }
    };
    match disk.read(&path, MAX_BUNDLE_BYTES + 1).map_err(at(&path))? {
        None => write(disk, &path, &bytes),
        Some(found) if found == bytes => {
            // A crash may have come between its renaming and the flush of its folder.
            disk.sync_folders(&path).map_err(at(&path))?;
            Ok(false)
        }
        Some(_) => Err(PublishError::TileDiffers(path)),
    }
}

/// Writes one file whole or not at all; `false` if it already had these bytes.
fn write<D: Disk>(disk: &D, path: &str, bytes: &[u8]) -> Result<bool, PublishError> {
    let limit = u64::try_from(bytes.len())
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let same = disk
        .read(path, limit)
        .map_err(at(path))?
        .is_some_and(|found| found == bytes);
    if !same {
        disk.write_pending(bytes).map_err(at(path))?;
        disk.name_pending(path).map_err(at(path))?;
    }
    disk.sync_folders(path).map_err(at(path))?;
    Ok(!same)
}

/// Removes partial tiles whose full tile is now published (tlog-tiles, "Partial Tiles"); with one leaf per
/// checkpoint they would take 128 times the room of the entries.
fn remove_outgrown<D: Disk>(disk: &D, old_size: u64, new_size: u64) -> Result<(), PublishError> {
    for tile in changed(old_size, new_size).filter(Tile::is_full) {
        // Only the tile in which the old tree ended can have had partial forms.
        if nodes_at(tile.level(), old_size) > tile.index.saturating_mul(TILE_WIDTH) {
            let folder = format!("{}.p", tile.with_width(FULL));
            disk.remove_folder(&folder).map_err(at(&folder))?;
        }
    }
    Ok(())
}

/// Names the file an error is about.
fn at(path: &str) -> impl Fn(io::Error) -> PublishError {
    move |source| PublishError::Io {
        path: path.to_owned(),
        source,
    }
}
