//! The tamper-evident log: leaves, Merkle tree, tiles, checkpoints, proofs, receipts.
