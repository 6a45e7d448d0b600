//! One entry bundle: taking it apart, and saying what happened to one that cannot be.

use super::Finding;
use super::tree::{Pass, Tree};
use crate::hash::{Digest, leaf_hash};
use crate::leaf::Leaf;
use crate::tile::{Bundle, FULL, TILE_WIDTH, Tile, decode_entries};

impl Tree<'_> {
    /// Reads a bundle, reports what is wrong with its form, and returns the hashes of its entries and how many
    /// whole entries it holds.
    pub(super) fn check_bundle(
        &self,
        tile: Tile,
        stored: Option<&[Digest]>,
        pass: &mut Pass<'_>,
    ) -> (Vec<Option<Digest>>, u64) {
        let file = tile.to_string();
        let start = tile.index.saturating_mul(TILE_WIDTH);
        let (bytes, full) = match self.folder.tile_bytes(tile) {
            Ok(Some(found)) => found,
            Ok(None) => {
                pass.report.add(Finding::FileMissing { file });
                return (
                    Vec::new(),
                    self.held
                        .entries
                        .saturating_sub(start)
                        .min(u64::from(tile.width)),
                );
            }
            Err(e) => {
                pass.report.add(Finding::FileUnreadable {
                    file,
                    reason: e.to_string(),
                });
                return (Vec::new(), 0);
            }
        };
        let expected = usize::from(if full { FULL } else { tile.width });
        let Bundle { entries, rest } = decode_entries(&bytes);
        let mut hashes: Vec<Option<Digest>> =
            entries.iter().map(|entry| Some(leaf_hash(entry))).collect();
        let held = u64::try_from(entries.len()).unwrap_or(0);
        if entries.len() != expected || rest != 0 {
            let framing = Framing {
                file,
                start,
                expected,
                rest,
                stored: stored.unwrap_or_default(),
            };
            pass.report.add(framing.diagnose(&mut hashes));
        }
        hashes.truncate(usize::from(tile.width));
        for (index, (entry, hash)) in (start..).zip(entries.iter().zip(&hashes)) {
            pass.report.entries_checked = pass.report.entries_checked.saturating_add(1);
            let at = usize::try_from(index.saturating_sub(start)).unwrap_or(usize::MAX);
            // Of an entry that was edited, the edit is the finding, not its form.
            let as_logged = stored.is_none_or(|stored| stored.get(at).copied() == *hash);
            if let (false, true, Err(e)) = (self.opaque_leaves, as_logged, Leaf::parse(entry)) {
                pass.report.add(Finding::LeafMalformed {
                    index,
                    reason: e.to_string(),
                });
            }
        }
        (hashes, held)
    }
}

/// A bundle whose framing is off.
struct Framing<'a> {
    file: String,
    start: u64,
    expected: usize,
    rest: usize,
    stored: &'a [Digest],
}

impl Framing<'_> {
    /// Says what happened to the bundle, and forgets the hashes that are only its consequence.
    fn diagnose(self, hashes: &mut Vec<Option<Digest>>) -> Finding {
        let held = hashes.len();
        let differs = |(hash, stored): (&Option<Digest>, &Digest)| *hash != Some(*stored);
        let first = hashes
            .iter()
            .zip(self.stored)
            .position(differs)
            .unwrap_or(held);
        let index = self.start.saturating_add(u64::try_from(first).unwrap_or(0));
        let after = self
            .stored
            .get(first.saturating_add(1)..)
            .unwrap_or_default();
        let moved_up = hashes
            .iter()
            .skip(first)
            .copied()
            .eq(after.iter().copied().map(Some));
        if self.rest == 0 && held + 1 == self.expected && moved_up && first < held {
            hashes.insert(first, None);
            return Finding::EntryRemoved { index };
        }
        if first < held {
            hashes.truncate(first);
            return Finding::BundleFraming {
                file: self.file,
                index,
            };
        }
        if held == self.expected {
            return Finding::TrailingBytes { file: self.file };
        }
        Finding::FileTruncated {
            file: self.file,
            held: u64::try_from(held).unwrap_or(0),
            expected: u64::try_from(self.expected).unwrap_or(0),
        }
    }
}
