//! The tamper-evident log: leaves, Merkle tree, tiles, checkpoints, proofs, receipts.
//!
//! An append-only log in the formats of C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-proof) over the tree of
//! RFC 6962. The crate computes and checks; where leaves are kept is the caller's business, through [`TileReader`].
//! It reads no clock, and randomness only to make a key.
//!
//! ```
//! use audit::{Appender, FolderDisk, Frontier, MemoryTiles, Options, Receipt, Scope, SigningKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path().join("log");
//! let key = SigningKey::from_seed("example.com/log", [7; 32])?; // Real keys: audit::key::load_or_create.
//!
//! // In the store's transaction: append, keep leaf and nodes, seal, keep right edge and checkpoint.
//! let mut appender = Appender::new(Frontier::new());
//! let mut tiles = MemoryTiles::new(); // Stands for the tables.
//! for leaf in [&b"first"[..], b"second", b"third"] {
//!     let appended = appender.append(leaf)?;
//!     tiles.push(leaf, &appended.nodes);
//! }
//! let checkpoint = appender.seal(&key);
//! let row = appender.frontier().to_bytes();
//! assert!(Appender::new(Frontier::from_bytes(&row)?).matches(&checkpoint));
//!
//! // Afterwards, as often as needed: the files.
//! audit::publish(&FolderDisk::new(&folder), &tiles, &checkpoint, Scope::SinceLast)?;
//!
//! // For whoever asks: a receipt, checked with the public key alone.
//! let receipt = Receipt::new(&tiles, &checkpoint, 1)?.with_leaf(b"second").to_string();
//! Receipt::parse(receipt.as_bytes())?.verify(&key.verifier(), b"second")?;
//!
//! // For the auditor: everything, from files alone, against what was seen before.
//! let options = Options { against: Some(receipt.as_bytes()), opaque_leaves: true };
//! let report = audit::verify(&folder, &key.verifier(), options, &mut |_, _| {});
//! assert!(report.is_clean());
//! # Ok(())
//! # }
//! ```

pub mod checkpoint;
pub mod commitment;
pub mod disk;
pub mod hash;
pub mod key;
pub mod leaf;
pub mod log;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod publish;
pub mod reader;
pub mod receipt;
pub mod secret;
pub mod tile;
pub mod verify;

pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use commitment::{Opening, PersonKey, commitment, keyed_digest, person_hash};
pub use disk::{Disk, FolderDisk};
pub use hash::Digest;
pub use leaf::{Category, Leaf, LeafError};
pub use log::{AppendError, AppendedLeaf, Appender};
pub use merkle::{Frontier, FrontierError, Node};
pub use note::{NoteError, SigningKey, VerifierKey};
pub use publish::{PublishError, Published, Scope, publish};
pub use reader::{MemoryTiles, ReadError, TileFolder, TileReader};
pub use receipt::{Receipt, ReceiptError};
pub use verify::{Finding, Options, Report, Severity, verify};
