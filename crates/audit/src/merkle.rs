//! The tree: an append-only right edge, roots and proofs from any source of node hashes (RFC 6962 section 2.1).

use crate::hash::{Digest, empty_root, leaf_hash, node_hash};

/// Most leaves a log may hold: 2^40. Sizes above it are refused before any arithmetic is done with them.
pub const MAX_LEAVES: u64 = 1 << 40;

/// Version byte at the head of a serialised [`Frontier`].
const FRONTIER_VERSION: u8 = 1;

/// The hash of a complete subtree whose height is a multiple of eight: exactly what hash tiles hold.
///
/// Level 0 is a leaf hash; at level `l` the node covers the `256^l` leaves from `index * 256^l`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Tile level, 0 for leaf hashes.
    pub level: u8,
    /// Position within the level, from 0.
    pub index: u64,
    /// The RFC 6962 hash of the subtree.
    pub hash: Digest,
}

/// The right edge of the tree: the roots of the complete subtrees a size is made of, largest first.
///
/// Append and root cost O(log n). [`Frontier::to_bytes`] gives a form that a database row can hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

/// Why a leaf cannot be added or a serialised edge cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The log holds [`MAX_LEAVES`] leaves.
    #[error("the log is full: it holds {MAX_LEAVES} leaves")]
    Full,
    /// The bytes are not version 1 of the serialised form, or their length does not fit the size they state.
    #[error("the serialised right edge is malformed")]
    Malformed,
}

impl Frontier {
    /// The edge of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf hash and returns every [`Node`] that became complete: the leaf itself, then at most five above.
    ///
    /// # Errors
    /// [`FrontierError::Full`] at [`MAX_LEAVES`].
    pub fn append(&mut self, leaf: Digest) -> Result<Vec<Node>, FrontierError> {
        if self.size >= MAX_LEAVES {
            return Err(FrontierError::Full);
        }
        let mut nodes = vec![Node {
            level: 0,
            index: self.size,
            hash: leaf,
        }];
        let mut hash = leaf;
        // Each trailing one bit of the old size is a complete subtree that this leaf closes.
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else {
                return Err(FrontierError::Malformed);
            };
            hash = node_hash(&left, &hash);
            if let (0, Ok(level)) = (height % 8, u8::try_from(height / 8)) {
                nodes.push(Node {
                    level,
                    index: self.size >> height,
                    hash,
                });
            }
        }
        self.peaks.push(hash);
        self.size += 1;
        Ok(nodes)
    }

    /// Root of the tree at the present size.
    #[must_use]
    pub fn root(&self) -> Digest {
        fold_peaks(&self.peaks)
    }

    /// Serialised form: `0x01 || size as 8 bytes big-endian || peaks, 32 bytes each, largest subtree first`.
    /// At most 9 + 41 * 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FRONTIER_VERSION];
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for peak in &self.peaks {
            bytes.extend_from_slice(&peak.0);
        }
        bytes
    }

    /// Reads the serialised form.
    ///
    /// # Errors
    /// [`FrontierError::Malformed`] unless version, size and length agree exactly. The hashes themselves cannot be
    /// checked here: compare [`Frontier::root`] with a signed checkpoint of the same size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (head, rest) = bytes
            .split_first_chunk::<9>()
            .ok_or(FrontierError::Malformed)?;
        let [version, size @ ..] = *head;
        let size = u64::from_be_bytes(size);
        let (chunks, remainder) = rest.as_chunks::<32>();
        let peaks: Vec<Digest> = chunks.iter().map(|chunk| Digest(*chunk)).collect();
        let expected = usize::try_from(size.count_ones()).map_err(|_| FrontierError::Malformed)?;
        let fits = version == FRONTIER_VERSION
            && size <= MAX_LEAVES
            && remainder.is_empty()
            && peaks.len() == expected;
        if fits {
            Ok(Self { size, peaks })
        } else {
            Err(FrontierError::Malformed)
        }
    }
}

/// Joins the roots of complete subtrees, largest first, into the root of the whole.
pub(crate) fn fold_peaks(peaks: &[Digest]) -> Digest {
    let mut from_right = peaks.iter().rev();
    let Some(last) = from_right.next() else {
        return empty_root();
    };
    from_right.fold(*last, |right, left| node_hash(left, &right))
}

/// Root of a tree whose leaf hashes are all at hand. Memory and time are linear; for tiles and tests.
#[must_use]
pub fn root_of(leaf_hashes: &[Digest]) -> Digest {
    fold_peaks(&peaks_of(leaf_hashes))
}

/// Roots of the complete subtrees that these hashes make up, largest first.
pub(crate) fn peaks_of(leaf_hashes: &[Digest]) -> Vec<Digest> {
    let mut peaks: Vec<Digest> = Vec::new();
    for (index, leaf) in leaf_hashes.iter().enumerate() {
        let mut hash = *leaf;
        for _ in 0..index.trailing_ones() {
            if let Some(left) = peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        peaks.push(hash);
    }
    peaks
}

/// Root of a tree given by its leaves. See [`root_of`].
#[must_use]
pub fn root_of_leaves<L: AsRef<[u8]>>(leaves: &[L]) -> Digest {
    let hashes: Vec<Digest> = leaves.iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
    root_of(&hashes)
}

/// A source of the hashes of complete subtrees.
pub trait HashReader {
    /// What reading may fail with.
    type Error;

    /// Hash of the complete subtree of `2^height` leaves that starts at leaf `index * 2^height`.
    ///
    /// # Errors
    /// Whatever the source reports; it must be an error, never a made-up hash, if the subtree is not complete.
    fn node(&self, height: u8, index: u64) -> Result<Digest, Self::Error>;
}

/// Root of the first `size` leaves of `reader`. At most 41 reads.
///
/// # Errors
/// What the reader reports.
pub fn root_at<R: HashReader>(reader: &R, size: u64) -> Result<Digest, R::Error> {
    range_root(reader, 0, size)
}

/// Root of leaves `start..end`, where `start` is a multiple of the smallest power of two that is not below the
/// length (true of every right-hand part of an RFC 6962 split).
pub(crate) fn range_root<R: HashReader>(
    reader: &R,
    start: u64,
    end: u64,
) -> Result<Digest, R::Error> {
    let mut peaks = Vec::new();
    let mut at = start;
    while at < end {
        let left = end - at;
        // The largest complete subtree that still fits: sizes fall, so each start stays aligned.
        let height = left.ilog2();
        peaks.push(reader.node(u8::try_from(height).unwrap_or(u8::MAX), at >> height)?);
        at += 1 << height;
    }
    Ok(fold_peaks(&peaks))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The eight leaves of the certificate-transparency reference tests, as hexadecimal.
    const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    /// Their roots at sizes 1 to 8, as published with those tests.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn published_roots() {
        let mut edge = Frontier::new();
        let mut leaves = Vec::new();
        for (leaf, root) in LEAVES.iter().zip(ROOTS) {
            leaves.push(unhex(leaf));
            edge.append(leaf_hash(&unhex(leaf))).unwrap();
            assert_eq!(edge.root().to_hex(), root);
            assert_eq!(root_of_leaves(&leaves).to_hex(), root);
        }
    }

    #[test]
    fn edge_serialises_and_refuses_damage() {
        let mut edge = Frontier::new();
        for n in 0..70u8 {
            let bytes = edge.to_bytes();
            assert_eq!(Frontier::from_bytes(&bytes).unwrap(), edge);
            for cut in 0..bytes.len() {
                assert!(Frontier::from_bytes(&bytes[..cut]).is_err());
            }
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(Frontier::from_bytes(&longer).is_err());
            let mut other_version = bytes;
            other_version[0] = 2;
            assert!(Frontier::from_bytes(&other_version).is_err());
            edge.append(leaf_hash(&[n])).unwrap();
        }
        let mut huge = vec![1];
        huge.extend_from_slice(&(1u64 << 41).to_be_bytes());
        huge.extend_from_slice(&[0; 32]);
        assert_eq!(Frontier::from_bytes(&huge), Err(FrontierError::Malformed));
    }

    #[test]
    fn append_reports_tile_nodes_when_they_complete() {
        let mut edge = Frontier::new();
        let mut leaves = Vec::new();
        let mut above = Vec::new();
        for n in 0..1100u64 {
            leaves.push(n.to_be_bytes());
            let nodes = edge.append(leaf_hash(&n.to_be_bytes())).unwrap();
            assert_eq!((nodes[0].level, nodes[0].index), (0, n));
            above.extend(nodes.into_iter().skip(1));
        }
        assert_eq!(above.len(), 4);
        for (i, node) in above.iter().enumerate() {
            assert_eq!((node.level, node.index), (1, i as u64));
            assert_eq!(node.hash, root_of_leaves(&leaves[i * 256..(i + 1) * 256]));
        }
    }
}
