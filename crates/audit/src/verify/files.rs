//! Walking the folder: how far the files reach, and those that the tree itself does not need.

use std::fs;
use std::io;

use super::{Finding, Report};
use crate::disk::LOCK;
use crate::publish::CHECKPOINT;
use crate::reader::TileFolder;
use crate::tile::{Kind, TILE_WIDTH, Tile, decode_entries, decode_hashes, width_at};

/// Deepest folder that a log has: `tile`, level, four groups, `.p`. Deeper ones are strays and not entered.
const MAX_DEPTH: usize = 8;

/// How far the files reach, judged by their names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    /// Entries, if every bundle before the last were whole.
    pub(super) entries: u64,
    /// The same for leaf hashes.
    pub(super) hashes: u64,
}

/// Finds how far bundles and level-0 tiles reach.
pub(super) fn held(folder: &TileFolder, report: &mut Report) -> Held {
    let mut held = Held::default();
    let result = walk(folder, String::new(), 0, &mut |path, _| {
        if let Some(tile) = Tile::from_path(&path) {
            let end = tile
                .index
                .saturating_mul(TILE_WIDTH)
                .saturating_add(u64::from(tile.width));
            match tile.kind {
                Kind::Entries => held.entries = held.entries.max(end),
                Kind::Hashes(0) => held.hashes = held.hashes.max(end),
                Kind::Hashes(_) => {}
            }
        }
    });
    note_failure(result, report);
    held
}

/// Checks the files that the tree of `size` leaves does not itself need: partial tiles of earlier checkpoints, tiles
/// beyond the checkpoint, and strays.
pub(super) fn check_others(folder: &TileFolder, size: u64, report: &mut Report) {
    let result = walk(folder, String::new(), 0, &mut |path, regular| {
        let Some(tile) = Tile::from_path(&path).filter(|_| regular) else {
            let known =
                regular && (path == CHECKPOINT || (path == LOCK && is_empty(folder, &path)));
            if !known {
                report.add(Finding::StrayFile { file: path });
            }
            return;
        };
        let expected = width_at(tile.level(), tile.index, size);
        if tile.width == expected {
            return;
        }
        if tile.width > expected {
            report.add(Finding::BeyondCheckpoint { file: path.clone() });
        }
        if expected > 0 && contradicts(folder, tile, expected) {
            report.add(Finding::PartialDiffers { file: path });
        }
    });
    note_failure(result, report);
}

/// Whether a tile of another width than the checkpoint needs is malformed or contradicts the one that it needs.
fn contradicts(folder: &TileFolder, tile: Tile, expected: u16) -> bool {
    let read = |width: u16| {
        folder
            .tile_bytes(tile.with_width(width))
            .ok()
            .flatten()
            .map(|(bytes, _)| bytes)
    };
    let Some(bytes) = read(tile.width) else {
        return true;
    };
    let whole = match tile.kind {
        Kind::Hashes(_) => decode_hashes(&bytes, tile.width).is_some(),
        Kind::Entries => {
            let bundle = decode_entries(&bytes);
            bundle.rest == 0 && bundle.entries.len() == usize::from(tile.width)
        }
    };
    // Both files list the same items from the same start, so the shorter is a prefix of the longer.
    let agrees = match read(expected) {
        Some(needed) if tile.width < expected => needed.starts_with(&bytes),
        Some(needed) => bytes.starts_with(&needed),
        None => true, // The missing file is its own finding.
    };
    !whole || !agrees
}

fn is_empty(folder: &TileFolder, path: &str) -> bool {
    folder
        .read(path, 1)
        .ok()
        .flatten()
        .is_some_and(|bytes| bytes.is_empty())
}

fn note_failure(result: io::Result<()>, report: &mut Report) {
    match result {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            report.add(Finding::FileUnreadable {
                file: ".".to_owned(),
                reason: e.to_string(),
            });
        }
        Ok(()) | Err(_) => {}
    }
}

/// Calls `visit` with the path of everything below `at` that is not a folder, and whether it is a regular file.
/// Links are not followed. Memory: the names of one folder per depth.
fn walk(
    folder: &TileFolder,
    at: String,
    depth: usize,
    visit: &mut dyn FnMut(String, bool),
) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.root().join(&at))? {
        let entry = entry?;
        names.push((entry.file_name(), entry.file_type()?));
    }
    // Sorted, so that two runs report in the same order.
    names.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, kind) in names {
        // A name that is not UTF-8 is no part of a log; it shows with its odd bytes replaced.
        let name = name.to_string_lossy();
        let path = if at.is_empty() {
            name.into_owned()
        } else {
            format!("{at}/{name}")
        };
        if kind.is_dir() && depth < MAX_DEPTH {
            walk(folder, path, depth.saturating_add(1), visit)?;
        } else {
            visit(path, kind.is_file());
        }
    }
    Ok(())
}
