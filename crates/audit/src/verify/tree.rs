//! One pass over the tiles from the leaves up: each level is compared with what lies under it and with what is above.

use super::blame::{Blame, chosen, disagreements, settle};
use super::files::Held;
use super::{Finding, Report};
use crate::hash::Digest;
use crate::merkle::{fold_peaks, peaks_of, root_of};
use crate::reader::TileFolder;
use crate::tile::{FULL, MAX_LEVEL, TILE_WIDTH, Tile, decode_hashes, nodes_at, width_at};

/// Edited entries remembered to find swaps across tiles.
const MAX_EDITED: usize = 4096;

/// What is to be checked.
pub(super) struct Tree<'a> {
    pub(super) folder: &'a TileFolder,
    /// Leaves that the checkpoint states, or that the files hold if there is none.
    pub(super) size: u64,
    /// Root that the checkpoint states.
    pub(super) root: Option<Digest>,
    pub(super) held: Held,
    pub(super) opaque_leaves: bool,
}

/// An entry whose hash is not the one that the tree confirms.
struct Edited {
    index: u64,
    logged: Digest,
    found: Digest,
}

/// A tile at the right edge, which no tile above covers.
struct EdgeTile {
    level: u8,
    index: u64,
    stored: Vec<Digest>,
    below: Vec<Option<Digest>>,
    places: Vec<usize>,
}

/// What the pass carries along.
pub(super) struct Pass<'r> {
    pub(super) report: &'r mut Report,
    /// Per level, the hashes found from below for the tile now being filled.
    below: Vec<Vec<Option<Digest>>>,
    /// Per level, the hash tile last read ahead as a parent.
    parents: Vec<Option<(u64, Option<Vec<Digest>>)>>,
    edge: Vec<EdgeTile>,
    /// Whether some node of the right edge is unknown, so that no root can be computed.
    edge_unknown: bool,
    edited: Vec<Edited>,
}

impl Tree<'_> {
    /// Checks all of it. Memory: one bundle, and one tile per level.
    pub(super) fn check(&self, report: &mut Report, progress: &mut dyn FnMut(u64, u64)) {
        let levels = usize::from(MAX_LEVEL) + 1;
        let mut pass = Pass {
            report,
            below: vec![Vec::new(); levels],
            parents: vec![None; levels],
            edge: Vec::new(),
            edge_unknown: false,
            edited: Vec::new(),
        };
        // A checkpoint may claim any size; the loop ends where the files end.
        let reach = self.size.min(self.held.entries.max(self.held.hashes));
        let mut entries_held = self.held.entries.min(self.size);
        for index in 0..reach.div_ceil(TILE_WIDTH) {
            let width = width_at(0, index, self.size);
            let (stored, finding) = self.read_hashes(Tile::hashes(0, index, width));
            let (below, held) =
                self.check_bundle(Tile::entries(index, width), stored.as_deref(), &mut pass);
            let start = index.saturating_mul(TILE_WIDTH);
            if start.saturating_add(u64::from(width)) >= entries_held {
                entries_held = entries_held.min(start.saturating_add(held));
            }
            self.settle_level(0, index, (stored, finding), below, &mut pass);
            self.climb(index, &mut pass);
            progress(
                self.size.min(start.saturating_add(u64::from(width))),
                self.size,
            );
        }
        if entries_held < self.size {
            pass.report.add(Finding::TailTruncated {
                held: entries_held,
                size: self.size,
            });
        }
        self.finish_edge(reach, &mut pass);
        report_edited(pass);
    }

    /// After level-0 tile `index`: settles every tile above that is now complete.
    fn climb(&self, index: u64, pass: &mut Pass<'_>) {
        let mut done = index.saturating_add(1);
        let mut level = 1;
        while done.is_multiple_of(TILE_WIDTH) && level <= MAX_LEVEL {
            done /= TILE_WIDTH;
            let index = done.saturating_sub(1);
            if width_at(level, index, self.size) == FULL {
                self.settle_upper(level, index, pass);
            }
            level += 1;
        }
    }

    /// Settles a hash tile of level 1 or above from what was collected under it.
    fn settle_upper(&self, level: u8, index: u64, pass: &mut Pass<'_>) {
        let width = width_at(level, index, self.size);
        let below = pass
            .below
            .get_mut(usize::from(level))
            .map(std::mem::take)
            .unwrap_or_default();
        let read = self.read_hashes(Tile::hashes(level, index, width));
        self.settle_level(level, index, read, below, pass);
    }

    /// Settles the partial tiles of levels 1 and above, then compares the right edge with the signed root.
    fn finish_edge(&self, reach: u64, pass: &mut Pass<'_>) {
        for level in 1..=MAX_LEVEL {
            let nodes = nodes_at(level, self.size);
            if !nodes.is_multiple_of(TILE_WIDTH) {
                self.settle_upper(level, nodes / TILE_WIDTH, pass);
            }
        }
        if reach < self.size && self.size.div_ceil(TILE_WIDTH) != reach.div_ceil(TILE_WIDTH) {
            pass.edge_unknown = true;
        }
        let edge = std::mem::take(&mut pass.edge);
        let Some(root) = self.root else {
            return pass.edge_unclear(&edge);
        };
        if pass.edge_unknown {
            return pass.edge_unclear(&edge);
        }
        let places: usize = edge.iter().map(|tile| tile.places.len()).sum();
        match settle(places, |choice| edge_root(&edge, choice) == root) {
            Blame::BelowIsWrong(choice) => {
                let mut choice = choice.into_iter();
                for tile in &edge {
                    for (place, below_wrong) in tile.places.iter().zip(choice.by_ref()) {
                        pass.blame(tile, *place, below_wrong);
                    }
                }
            }
            Blame::Unclear => {
                pass.edge_unclear(&edge);
                pass.report.add(Finding::RootDiffers { size: self.size });
            }
        }
    }

    /// Compares one hash tile with what lies under it and, if full, with its hash in the tile above; hands the
    /// confirmed hash up.
    fn settle_level(
        &self,
        level: u8,
        index: u64,
        (stored, finding): (Option<Vec<Digest>>, Option<Finding>),
        mut below: Vec<Option<Digest>>,
        pass: &mut Pass<'_>,
    ) {
        if let Some(finding) = finding {
            pass.report.add(finding);
        }
        let width = width_at(level, index, self.size);
        below.resize(usize::from(width), None);
        // A lost tile is made again from below, if all of that is there.
        let known = stored.or_else(|| below.iter().copied().collect());
        let Some(stored) = known else {
            if width == FULL {
                return pass.hand_up(level, None);
            }
            pass.edge_unknown = true;
            return;
        };
        let places = disagreements(&stored, &below);
        let tile = EdgeTile {
            level,
            index,
            stored,
            below,
            places,
        };
        if width < FULL {
            return pass.edge.push(tile);
        }
        let parent = self.parent_hash(level, index, pass);
        let own = root_of(&tile.stored);
        if tile.places.is_empty() {
            return pass.hand_up(level, Some(own));
        }
        let Some(parent) = parent else {
            pass.unclear(&tile);
            return pass.hand_up(level, Some(own));
        };
        let makes = |choice: &[bool]| {
            root_of(&chosen(&tile.stored, &tile.below, &tile.places, choice)) == parent
        };
        match settle(tile.places.len(), makes) {
            Blame::BelowIsWrong(choice) => {
                for (place, below_wrong) in tile.places.iter().zip(choice) {
                    pass.blame(&tile, *place, below_wrong);
                }
            }
            Blame::Unclear => pass.unclear(&tile),
        }
        // The damage is reported; handing up the parent's own hash keeps it from being reported again above.
        pass.hand_up(level, Some(parent));
    }

    /// The hash that the tile above holds for a full tile, if that tile can be read.
    fn parent_hash(&self, level: u8, index: u64, pass: &mut Pass<'_>) -> Option<Digest> {
        let above = level.checked_add(1)?;
        let tile = index / TILE_WIDTH;
        let cached = pass.parents.get_mut(usize::from(above))?;
        if cached.as_ref().is_none_or(|(known, _)| *known != tile) {
            let width = width_at(above, tile, self.size);
            // Its own damage is reported when its turn comes.
            *cached = Some((tile, self.read_hashes(Tile::hashes(above, tile, width)).0));
        }
        let (_, hashes) = cached.as_ref()?;
        hashes
            .as_ref()?
            .get(usize::try_from(index % TILE_WIDTH).ok()?)
            .copied()
    }

    /// Reads a hash tile: its hashes if they are all there, and what is wrong with the file.
    fn read_hashes(&self, tile: Tile) -> (Option<Vec<Digest>>, Option<Finding>) {
        let file = tile.to_string();
        let (bytes, full) = match self.folder.tile_bytes(tile) {
            Ok(Some(found)) => found,
            Ok(None) => return (None, Some(Finding::FileMissing { file })),
            Err(e) => {
                return (
                    None,
                    Some(Finding::FileUnreadable {
                        file,
                        reason: e.to_string(),
                    }),
                );
            }
        };
        let width = if full { FULL } else { tile.width };
        let length = usize::from(width) * Digest::LEN;
        let finding = if bytes.len() < length {
            let held = u64::try_from(bytes.len() / Digest::LEN).unwrap_or(0);
            Some(Finding::FileTruncated {
                file,
                held,
                expected: u64::from(width),
            })
        } else if bytes.len() > length {
            Some(Finding::TrailingBytes { file })
        } else {
            None
        };
        let mut hashes = bytes
            .get(..length)
            .and_then(|bytes| decode_hashes(bytes, width));
        if let Some(hashes) = hashes.as_mut() {
            hashes.truncate(usize::from(tile.width));
        }
        (hashes, finding)
    }
}

impl Pass<'_> {
    /// Gives the hash of a full tile to the level above.
    fn hand_up(&mut self, level: u8, hash: Option<Digest>) {
        if let Some(below) = self.below.get_mut(usize::from(level) + 1) {
            below.push(hash);
        }
    }

    /// Reports one settled disagreement.
    fn blame(&mut self, tile: &EdgeTile, place: usize, below_wrong: bool) {
        let index = place_index(tile, place);
        match (below_wrong, tile.level) {
            (false, level) => self.report.add(Finding::HashEdited { level, index }),
            (true, 0) => {
                if let (Some(logged), Some(Some(found))) =
                    (tile.stored.get(place), tile.below.get(place))
                {
                    let edited = Edited {
                        index,
                        logged: *logged,
                        found: *found,
                    };
                    if self.edited.len() < MAX_EDITED {
                        self.edited.push(edited);
                    } else {
                        self.report.add(Finding::EntryEdited { index });
                    }
                }
            }
            (true, level) => {
                let leaves = 1u64.checked_shl(u32::from(level) * 8).unwrap_or(u64::MAX);
                let first_leaf = index.saturating_mul(leaves);
                let last_leaf = first_leaf.saturating_add(leaves - 1);
                self.report.add(Finding::LeavesReplaced {
                    level,
                    index,
                    first_leaf,
                    last_leaf,
                });
            }
        }
    }

    /// Reports the disagreements of a tile that could not be settled.
    fn unclear(&mut self, tile: &EdgeTile) {
        for place in &tile.places {
            self.report.add(Finding::Disagree {
                level: tile.level,
                index: place_index(tile, *place),
            });
        }
    }

    /// The same for the whole right edge.
    fn edge_unclear(&mut self, edge: &[EdgeTile]) {
        for tile in edge {
            self.unclear(tile);
        }
    }
}

/// Position of a place within the whole level.
fn place_index(tile: &EdgeTile, place: usize) -> u64 {
    tile.index
        .saturating_mul(TILE_WIDTH)
        .saturating_add(u64::try_from(place).unwrap_or(0))
}

/// Root that the right edge makes under a choice. Tiles come lowest level first; the highest holds the largest trees.
fn edge_root(edge: &[EdgeTile], choice: &[bool]) -> Digest {
    let mut rest = choice;
    let mut per_level = Vec::new();
    for tile in edge {
        let (own, others) = rest
            .split_at_checked(tile.places.len())
            .unwrap_or((rest, &[]));
        rest = others;
        per_level.push(peaks_of(&chosen(
            &tile.stored,
            &tile.below,
            &tile.places,
            own,
        )));
    }
    per_level.reverse();
    fold_peaks(&per_level.concat())
}

/// Reports edited entries; two that stand in each other's place are a swap.
fn report_edited(pass: Pass<'_>) {
    let Pass {
        report, mut edited, ..
    } = pass;
    edited.sort_by_key(|entry| entry.index);
    let mut rest = edited
        .into_iter()
        .collect::<std::collections::VecDeque<_>>();
    while let Some(one) = rest.pop_front() {
        let partner = rest
            .iter()
            .position(|other| one.logged == other.found && one.found == other.logged);
        match partner.and_then(|at| rest.remove(at)) {
            Some(other) => report.add(Finding::EntriesSwapped {
                first: one.index,
                second: other.index,
            }),
            None => report.add(Finding::EntryEdited { index: one.index }),
        }
    }
}
