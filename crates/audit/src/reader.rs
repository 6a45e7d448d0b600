//! Reading a log: one small trait that a database and a folder of tiles both implement.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::hash::Digest;
use crate::merkle::{HashReader, root_of};
use crate::tile::{Bundle, FULL, Kind, TILE_WIDTH, Tile, decode_entries, decode_hashes, width_at};

/// Most bytes an entry bundle may have: 256 entries of 65,535 bytes and their lengths.
pub const MAX_BUNDLE_BYTES: u64 = 256 * (2 + 65_535);
/// Hash tiles kept in memory by one [`TreeHashes`].
const CACHED_TILES: usize = 32;

/// Why something of the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The source does not hold what was asked for.
    #[error("`{0}` is missing")]
    Missing(String),
    /// The source holds something else than what was asked for (length, count, or framing).
    #[error("`{0}` is malformed")]
    Malformed(String),
    /// The source failed.
    #[error("the log cannot be read")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ReadError {
    /// Wraps the error of a database or file system.
    pub fn source(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Source(Box::new(error))
    }
}

/// A source of hash tiles and entry bundles.
///
/// A database that stores the [`crate::Node`]s returned by each append under `(level, index)` answers
/// [`TileReader::hashes`] with one range query: `index` from `tile * 256`, `width` rows, in order.
pub trait TileReader {
    /// The first `width` (1 to 256) hashes of a hash tile.
    ///
    /// # Errors
    /// [`ReadError`]; fewer hashes than asked for is an error, never a short answer.
    fn hashes(&self, level: u8, tile: u64, width: u16) -> Result<Vec<Digest>, ReadError>;

    /// The first `width` (1 to 256) entries of an entry bundle.
    ///
    /// # Errors
    /// As [`TileReader::hashes`].
    fn entries(&self, tile: u64, width: u16) -> Result<Vec<Vec<u8>>, ReadError>;
}

/// Node hashes of the tree of `size` leaves, computed from a [`TileReader`]. Caches a bounded number of tiles.
pub struct TreeHashes<'a, R: ?Sized> {
    reader: &'a R,
    size: u64,
    cache: RefCell<VecDeque<(u8, u64, Vec<Digest>)>>,
}

impl<'a, R: TileReader + ?Sized> TreeHashes<'a, R> {
    /// Hashes of the first `size` leaves that `reader` holds.
    pub fn new(reader: &'a R, size: u64) -> Self {
        Self {
            reader,
            size,
            cache: RefCell::new(VecDeque::new()),
        }
    }

    /// Applies `f` to the hashes of a tile at the width this tree gives it.
    fn with_tile<T>(
        &self,
        level: u8,
        tile: u64,
        f: impl FnOnce(&[Digest]) -> Option<T>,
    ) -> Result<T, ReadError> {
        let width = width_at(level, tile, self.size);
        let path = || Tile::hashes(level, tile, width.max(1)).to_string();
        let mut cache = self.cache.borrow_mut();
        let known = cache.iter().position(|(l, t, _)| (*l, *t) == (level, tile));
        let entry = match known.and_then(|at| cache.remove(at)) {
            Some(entry) => entry,
            None if width == 0 => return Err(ReadError::Missing(path())),
            None => (level, tile, self.reader.hashes(level, tile, width)?),
        };
        let found = f(&entry.2);
        cache.push_front(entry);
        cache.truncate(CACHED_TILES);
        found.ok_or_else(|| ReadError::Malformed(path()))
    }
}

impl<R: TileReader + ?Sized> HashReader for TreeHashes<'_, R> {
    type Error = ReadError;

    fn node(&self, height: u8, index: u64) -> Result<Digest, ReadError> {
        let (level, within) = (height / 8, height % 8);
        let first = index.checked_shl(u32::from(within)).unwrap_or(u64::MAX);
        let offset = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
        let count = 1usize << within;
        self.with_tile(level, first / TILE_WIDTH, |hashes| {
            let under = hashes.get(offset..offset.checked_add(count)?)?;
            Some(root_of(under))
        })
    }
}

/// A folder of tiles, as [`crate::publish()`] writes it.
#[derive(Debug, Clone)]
pub struct TileFolder {
    root: PathBuf,
}

impl TileFolder {
    /// The log below `root`. Reads nothing yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Bytes of a file below the folder, `None` if it does not exist. A longer file is cut at `limit` bytes: ask for
    /// one more than is allowed, and a surplus shows.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        read_bounded(&self.root.join(path), limit)
    }

    /// The bytes of a tile, or else of the full tile that replaced it, and whether it was the latter.
    pub(crate) fn tile_bytes(&self, tile: Tile) -> io::Result<Option<(Vec<u8>, bool)>> {
        let limit = max_bytes(tile.kind);
        if let Some(bytes) = self.read(&tile.to_string(), limit)? {
            return Ok(Some((bytes, false)));
        }
        // tlog-tiles: a log may delete a partial tile once the full one exists.
        if tile.is_full() {
            return Ok(None);
        }
        let full = self.read(&tile.with_width(FULL).to_string(), limit)?;
        Ok(full.map(|bytes| (bytes, true)))
    }
}

/// Most bytes a file of this kind may have, plus one so that a longer file shows itself.
fn max_bytes(kind: Kind) -> u64 {
    match kind {
        Kind::Entries => MAX_BUNDLE_BYTES + 1,
        Kind::Hashes(_) => TILE_WIDTH * 32 + 1,
    }
}

/// Reads a whole file of at most `limit` bytes; longer files are cut there, so that callers see the surplus byte.
///
/// # Errors
/// What the file system reports, and [`io::ErrorKind::InvalidInput`] for a path that is no regular file: a named pipe in
/// its place would keep the reader waiting for ever.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match open_regular(path, OFlags::empty()) {
        Ok(file) => file,
        // A file where a folder should be is as good as no file.
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens a file without waiting for anything, and refuses what is no regular file. What was opened is looked at, not its
/// name, so it cannot be exchanged in between.
pub(crate) fn open_regular(path: &Path, more: OFlags) -> io::Result<File> {
    let flags = more | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ))
    }
}

impl TileReader for TileFolder {
    fn hashes(&self, level: u8, tile: u64, width: u16) -> Result<Vec<Digest>, ReadError> {
        let tile = Tile::hashes(level, tile, width);
        let found = self.tile_bytes(tile).map_err(ReadError::source)?;
        let (bytes, full) = found.ok_or_else(|| ReadError::Missing(tile.to_string()))?;
        let mut hashes = decode_hashes(&bytes, if full { FULL } else { width })
            .ok_or_else(|| ReadError::Malformed(tile.to_string()))?;
        hashes.truncate(usize::from(width));
        Ok(hashes)
    }

    fn entries(&self, tile: u64, width: u16) -> Result<Vec<Vec<u8>>, ReadError> {
        let tile = Tile::entries(tile, width);
        let found = self.tile_bytes(tile).map_err(ReadError::source)?;
        let (bytes, full) = found.ok_or_else(|| ReadError::Missing(tile.to_string()))?;
        let Bundle { mut entries, rest } = decode_entries(&bytes);
        if rest != 0 || entries.len() != usize::from(if full { FULL } else { width }) {
            return Err(ReadError::Malformed(tile.to_string()));
        }
        entries.truncate(usize::from(width));
        Ok(entries)
    }
}

/// A whole log in memory: for demonstrations, tests, and receipts inside one transaction.
#[derive(Debug, Clone, Default)]
pub struct MemoryTiles {
    entries: Vec<Vec<u8>>,
    levels: Vec<Vec<Digest>>,
}

impl MemoryTiles {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a leaf and the nodes that its append completed.
    pub fn push(&mut self, leaf: &[u8], nodes: &[crate::Node]) {
        self.entries.push(leaf.to_vec());
        for node in nodes {
            let level = usize::from(node.level);
            while self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            if let Some(hashes) = self.levels.get_mut(level) {
                hashes.push(node.hash);
            }
        }
    }

    /// Items of one tile out of a whole level.
    fn slice<T: Clone>(items: Option<&Vec<T>>, tile: Tile) -> Result<Vec<T>, ReadError> {
        let start = tile
            .index
            .checked_mul(TILE_WIDTH)
            .and_then(|at| usize::try_from(at).ok());
        start
            .and_then(|start| items?.get(start..start.checked_add(usize::from(tile.width))?))
            .map(<[T]>::to_vec)
            .ok_or_else(|| ReadError::Missing(tile.to_string()))
    }
}

impl TileReader for MemoryTiles {
    fn hashes(&self, level: u8, tile: u64, width: u16) -> Result<Vec<Digest>, ReadError> {
        Self::slice(
            self.levels.get(usize::from(level)),
            Tile::hashes(level, tile, width),
        )
    }

    fn entries(&self, tile: u64, width: u16) -> Result<Vec<Vec<u8>>, ReadError> {
        Self::slice(Some(&self.entries), Tile::entries(tile, width))
    }
}
