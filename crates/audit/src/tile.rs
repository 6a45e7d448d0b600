//! Where the log's files lie and which of them an append changes (C2SP tlog-tiles).

use std::fmt;

use crate::hash::{Digest, strict_decimal};
use crate::merkle::MAX_LEAVES;

/// Entries or hashes in a full tile or bundle.
pub const TILE_WIDTH: u64 = 256;
/// The same as a width.
pub const FULL: u16 = 256;
/// Tile levels a log of [`MAX_LEAVES`] leaves can have: 0 to 5.
pub const MAX_LEVEL: u8 = 5;

/// What a file of the log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Log entries: `tile/entries/…`.
    Entries,
    /// Hashes of one tile level, 0 to [`MAX_LEVEL`]: `tile/<level>/…`.
    Hashes(u8),
}

/// One file of the log: a hash tile or an entry bundle, full (256) or partial (1 to 255).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Entries or hashes.
    pub kind: Kind,
    /// Position within the level, from 0.
    pub index: u64,
    /// Items held, 1 to 256.
    pub width: u16,
}

/// `Display` is the path below the log's folder, for example `tile/0/x001/067` or `tile/entries/000.p/17`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Entries => f.write_str("tile/entries")?,
            Kind::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            let mark = if groups.is_empty() { "" } else { "x" };
            write!(f, "/{mark}{group:03}")?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl Tile {
    /// An entry bundle.
    #[must_use]
    pub fn entries(index: u64, width: u16) -> Self {
        Self {
            kind: Kind::Entries,
            index,
            width,
        }
    }

    /// A hash tile.
    #[must_use]
    pub fn hashes(level: u8, index: u64, width: u16) -> Self {
        Self {
            kind: Kind::Hashes(level),
            index,
            width,
        }
    }

    /// Whether it holds 256 items.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.width == FULL
    }

    /// The same tile with another width.
    #[must_use]
    pub fn with_width(self, width: u16) -> Self {
        Self { width, ..self }
    }

    /// Reads a path below the log's folder. `None` unless it is exactly the path some tile prints as: level at most
    /// [`MAX_LEVEL`], groups of three digits, no needless leading group, partial width 1 to 255.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        // The longest valid path is well below this; the bound keeps hostile names cheap.
        if path.len() > 64 {
            return None;
        }
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = if kind == "entries" {
            Kind::Entries
        } else {
            Kind::Hashes(
                u8::try_from(strict_decimal(kind)?)
                    .ok()
                    .filter(|level| *level <= MAX_LEVEL)?,
            )
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (
                groups,
                u16::try_from(strict_decimal(width)?)
                    .ok()
                    .filter(|w| (1..FULL).contains(w))?,
            ),
            None => (rest, FULL),
        };
        let mut index: u64 = 0;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Self { kind, index, width };
        // Printing back settles the rest: a needless x000, a missing or surplus x. Comparing beats a second grammar.
        (index < MAX_LEAVES / TILE_WIDTH && tile.to_string() == path).then_some(tile)
    }

    /// Tile level that decides its place: 0 for bundles.
    #[must_use]
    pub fn level(&self) -> u8 {
        match self.kind {
            Kind::Entries => 0,
            Kind::Hashes(level) => level,
        }
    }
}

/// Nodes of tile level `level` in a tree of `size` leaves: `floor(size / 256^level)`.
#[must_use]
pub fn nodes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * 8).unwrap_or(0)
}

/// Width of tile `index` of `level` in a tree of `size` leaves: 0 (it does not exist) to 256.
#[must_use]
pub fn width_at(level: u8, index: u64, size: u64) -> u16 {
    let start = index.saturating_mul(TILE_WIDTH);
    let held = nodes_at(level, size).saturating_sub(start).min(TILE_WIDTH);
    u16::try_from(held).unwrap_or(FULL)
}

/// Every tile and bundle that a tree of `new` leaves has and one of `old` leaves has not, bundles first, then hash
/// tiles from level 0 up. Empty if `new <= old`.
pub fn changed(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    let kinds = std::iter::once(Kind::Entries).chain((0..=MAX_LEVEL).map(Kind::Hashes));
    kinds.flat_map(move |kind| {
        let level = Tile {
            kind,
            index: 0,
            width: FULL,
        }
        .level();
        let (from, to) = (nodes_at(level, old), nodes_at(level, new));
        // The tile in which the old tree ended changes too, unless it was full.
        let tiles = if to > from {
            from / TILE_WIDTH..to.div_ceil(TILE_WIDTH)
        } else {
            0..0
        };
        tiles.map(move |index| Tile {
            kind,
            index,
            width: width_at(level, index, new),
        })
    })
}

/// Bytes of a hash tile: the hashes one after another.
#[must_use]
pub fn encode_hashes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Reads a hash tile of exactly `width` hashes. `None` if the length differs.
#[must_use]
pub fn decode_hashes(bytes: &[u8], width: u16) -> Option<Vec<Digest>> {
    let (chunks, rest) = bytes.as_chunks::<32>();
    let fits = rest.is_empty() && chunks.len() == usize::from(width);
    fits.then(|| chunks.iter().map(|chunk| Digest(*chunk)).collect())
}

/// Bytes of an entry bundle: each entry after its length as 2 bytes big-endian. `None` if an entry is longer than
/// 65,535 bytes.
#[must_use]
pub fn encode_entries<L: AsRef<[u8]>>(entries: &[L]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        bytes.extend_from_slice(&u16::try_from(entry.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Some(bytes)
}

/// What reading an entry bundle found: the whole entries, and what follows the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Whole entries, at most 256.
    pub entries: Vec<Vec<u8>>,
    /// Bytes after the last whole entry: the start of a cut entry, or garbage after the 256th.
    pub rest: usize,
}

/// Splits the bytes of an entry bundle, at most 256 entries. Total: damage shows in [`Bundle::rest`].
#[must_use]
pub fn decode_entries(bytes: &[u8]) -> Bundle {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while entries.len() < usize::from(FULL) {
        let Some((length, tail)) = rest.split_first_chunk::<2>() else {
            break;
        };
        let Some((entry, tail)) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        else {
            break;
        };
        entries.push(entry.to_vec());
        rest = tail;
    }
    Bundle {
        entries,
        rest: rest.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_specification() {
        assert_eq!(
            Tile::hashes(0, 1_234_067, FULL).to_string(),
            "tile/0/x001/x234/067"
        );
        assert_eq!(Tile::hashes(1, 0, 17).to_string(), "tile/1/000.p/17");
        assert_eq!(
            Tile::entries(1067, FULL).to_string(),
            "tile/entries/x001/067"
        );
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/6/000",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/017",
            "tile/0/000.p/",
            "tile/0/000.p/1.p/1",
            "tile/0/+01",
            "tile/entries/../000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/data/000",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::from_path(path), None, "{path}");
        }
    }

    #[test]
    fn widths_of_the_specification() {
        // "A tree of size 70,000 will be represented by 273 full level 0 tiles, one partial of width 112, …"
        assert_eq!(
            (
                width_at(0, 272, 70_000),
                width_at(0, 273, 70_000),
                width_at(0, 274, 70_000)
            ),
            (256, 112, 0)
        );
        assert_eq!(
            (
                width_at(1, 0, 70_000),
                width_at(1, 1, 70_000),
                width_at(1, 2, 70_000)
            ),
            (256, 17, 0)
        );
        assert_eq!((width_at(2, 0, 70_000), width_at(2, 1, 70_000)), (1, 0));
        assert_eq!(
            (
                width_at(0, 0, 256),
                width_at(0, 1, 256),
                width_at(1, 0, 256)
            ),
            (256, 0, 1)
        );
        assert_eq!(changed(0, 70_000).count(), 274 + 274 + 2 + 1);
    }

    #[test]
    fn bundles_round_trip_and_damage_shows() {
        let entries = [b"".to_vec(), b"a".to_vec(), vec![7; 65_535]];
        let bytes = encode_entries(&entries).unwrap();
        assert_eq!(
            decode_entries(&bytes),
            Bundle {
                entries: entries.to_vec(),
                rest: 0
            }
        );
        for cut in [1, 3, 4, 6, bytes.len() - 1] {
            let bundle = decode_entries(&bytes[..cut]);
            assert!(bundle.rest > 0 || bundle.entries.len() < 3, "{cut}");
        }
        assert_eq!(encode_entries(&[vec![0; 65_536]]), None);
        let many = encode_entries(&vec![b"x"; 257]).unwrap();
        assert_eq!(decode_entries(&many).rest, 3);
    }
}
