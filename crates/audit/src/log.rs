//! Appending and sealing: what the store does inside its transaction.

use crate::checkpoint::SignedCheckpoint;
use crate::hash::{Digest, leaf_hash};
use crate::leaf::{LeafError, check_length};
use crate::merkle::{Frontier, FrontierError, Node};
use crate::note::SigningKey;

/// Why an append is refused. The appender is unchanged then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The leaf is too long.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// The log is full, or the stored right edge is damaged.
    #[error(transparent)]
    Frontier(#[from] FrontierError),
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendedLeaf {
    /// Position in the log, from 0.
    pub index: u64,
    /// Its hash.
    pub leaf_hash: Digest,
    /// Every tile node that is now complete, the leaf's own first. Store each under `(level, index)`: that is all a
    /// [`crate::TileReader`] needs.
    pub nodes: Vec<Node>,
}

/// Adds leaves to the right edge and seals checkpoints over it. Does no I/O.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Appender {
    frontier: Frontier,
}

impl Appender {
    /// Goes on from a stored right edge; [`Frontier::new`] for a new log.
    ///
    /// Compare its size and root with the stored checkpoint first: see [`Appender::matches`].
    #[must_use]
    pub fn new(frontier: Frontier) -> Self {
        Self { frontier }
    }

    /// Adds a leaf: typed ([`crate::Leaf::to_bytes`]) or opaque, at most [`crate::leaf::MAX_LEAF_BYTES`].
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn append(&mut self, leaf: &[u8]) -> Result<AppendedLeaf, AppendError> {
        check_length(leaf)?;
        let index = self.frontier.size();
        let leaf_hash = leaf_hash(leaf);
        let nodes = self.frontier.append(leaf_hash)?;
        Ok(AppendedLeaf {
            index,
            leaf_hash,
            nodes,
        })
    }

    /// Signs size and root; the origin is the key's name.
    #[must_use]
    pub fn seal(&self, key: &SigningKey) -> SignedCheckpoint {
        SignedCheckpoint::seal(self.frontier.size(), self.frontier.root(), key)
    }

    /// Whether a checkpoint describes exactly this edge.
    #[must_use]
    pub fn matches(&self, checkpoint: &SignedCheckpoint) -> bool {
        checkpoint.size() == self.frontier.size() && checkpoint.root() == self.frontier.root()
    }

    /// The right edge, to be stored with the leaves.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }
}
