//! Inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2; checks after RFC 9162 sections 2.1.3.2, 2.1.4.2).

use crate::hash::{Digest, empty_root, node_hash};
use crate::merkle::{HashReader, MAX_LEAVES, range_root};

/// Most hashes a proof may hold. A tree of [`MAX_LEAVES`] leaves needs 40 for inclusion, 41 for consistency.
pub const MAX_PROOF_HASHES: usize = 64;

/// Why a proof does not prove its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index lies outside the tree, or the sizes are out of order or above [`MAX_LEAVES`].
    #[error("index or sizes are out of range")]
    OutOfRange,
    /// The proof has more or fewer hashes than a tree of this shape needs.
    #[error("the proof has the wrong number of hashes")]
    WrongLength,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    RootDiffers,
}

/// Largest power of two strictly below `n`, for `n >= 2`: where RFC 6962 splits a tree.
fn split(n: u64) -> u64 {
    match n.saturating_sub(1).checked_ilog2() {
        Some(bits) => 1 << bits,
        None => 0,
    }
}

/// Inclusion proof of leaf `index` in the tree of the first `size` leaves, from the leaf's sibling to the root's
/// child (RFC 6962 section 2.1.1). `Ok(None)` if the index is not below the size or the size is above [`MAX_LEAVES`].
///
/// # Errors
/// What the reader reports.
pub fn prove_inclusion<R: HashReader>(
    reader: &R,
    index: u64,
    size: u64,
) -> Result<Option<Vec<Digest>>, R::Error> {
    if index >= size || size > MAX_LEAVES {
        return Ok(None);
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_root(reader, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(reader, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// Consistency proof from the first `old` to the first `new` leaves (RFC 6962 section 2.1.2). Empty for `old == 0`
/// and `old == new`. `Ok(None)` if `old > new` or `new` is above [`MAX_LEAVES`].
///
/// # Errors
/// What the reader reports.
pub fn prove_consistency<R: HashReader>(
    reader: &R,
    old: u64,
    new: u64,
) -> Result<Option<Vec<Digest>>, R::Error> {
    if old > new || new > MAX_LEAVES {
        return Ok(None);
    }
    if old == 0 || old == new {
        return Ok(Some(Vec::new()));
    }
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    // Descend to the last subtree of the old tree, noting each sibling.
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_root(reader, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(reader, start, middle)?);
            start = middle;
        }
    }
    // The old root itself is known to the verifier; any other subtree has to be given.
    if start != 0 {
        path.push(range_root(reader, start, end)?);
    }
    path.reverse();
    Ok(Some(path))
}

/// Checks that a leaf hash stands at `index` in the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`ProofError`], naming what does not fit.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size || size > MAX_LEAVES {
        return Err(ProofError::OutOfRange);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A right-edge node without a sibling rises until it is somebody's right child.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::WrongLength);
    }
    if hash == *root {
        Ok(())
    } else {
        Err(ProofError::RootDiffers)
    }
}

/// Checks that the tree of `new` leaves extends the tree of `old` leaves (RFC 9162 section 2.1.4.2).
///
/// A tree of size 0 is extended by every tree; its root must be [`empty_root`] and its proof empty.
///
/// # Errors
/// [`ProofError`], naming what does not fit.
pub fn verify_consistency(
    old: u64,
    old_root: &Digest,
    new: u64,
    new_root: &Digest,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if old > new || new > MAX_LEAVES {
        return Err(ProofError::OutOfRange);
    }
    if old == 0 || old == new {
        let expected = if old == new { *new_root } else { empty_root() };
        if !proof.is_empty() {
            return Err(ProofError::WrongLength);
        }
        return if *old_root == expected {
            Ok(())
        } else {
            Err(ProofError::RootDiffers)
        };
    }
    // A complete old tree is itself the first subtree, so the proof leaves it out.
    let (first, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::WrongLength)?
    };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::WrongLength);
    }
    if old_hash == *old_root && new_hash == *new_root {
        Ok(())
    } else {
        Err(ProofError::RootDiffers)
    }
}
