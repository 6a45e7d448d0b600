//! Receipts: a leaf's proof, verifiable offline with nothing but the log's public key (C2SP tlog-proof@v1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::hash::{Digest, leaf_hash, strict_decimal};
use crate::leaf::MAX_LEAF_BYTES;
use crate::merkle::HashReader as _;
use crate::note::{MAX_NOTE_BYTES, Note, VerifierKey};
use crate::proof::{MAX_PROOF_HASHES, ProofError, prove_inclusion, verify_inclusion};
use crate::reader::{ReadError, TileReader, TreeHashes};

/// First line of the format.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Most bytes of a receipt: an embedded leaf in base64, the hashes and the checkpoint.
pub const MAX_RECEIPT_BYTES: usize = 4 * MAX_LEAF_BYTES.div_ceil(3) + 64 * 64 + MAX_NOTE_BYTES;

/// A receipt for one leaf: index, inclusion proof, signed checkpoint, and optionally the leaf's bytes.
///
/// `Display` and [`Receipt::parse`] use the C2SP text; suggested file extension `.tlog-proof`. The leaf, if embedded,
/// is the format's "extra" data: unauthenticated until [`Receipt::verify`] has tied it to the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    extra: Option<Vec<u8>>,
    index: u64,
    proof: Vec<Digest>,
    note: String,
}

/// Why a receipt is refused or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Not the canonical text of the format; the reason says which rule is broken.
    #[error("not a receipt: {0}")]
    Malformed(&'static str),
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The proof does not lead from the leaf to the checkpoint's root.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The leaf in the receipt is not the leaf that it is shown for.
    #[error("the receipt holds another leaf")]
    OtherLeaf,
    /// The receipt holds no leaf, and none was given.
    #[error("the receipt holds no leaf")]
    NoLeaf,
    /// The log could not be read while making the receipt.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
}

impl Receipt {
    /// Makes the receipt of leaf `index` against a sealed checkpoint. `reader` needs to serve hash tiles only.
    ///
    /// The receipt is checked before it is returned: none leaves that does not verify.
    ///
    /// # Errors
    /// [`ReceiptError::Proof`] if the index lies outside the checkpoint or the reader's hashes do not lead to its
    /// root, [`ReceiptError::Read`].
    pub fn new<R: TileReader + ?Sized>(
        reader: &R,
        checkpoint: &SignedCheckpoint,
        index: u64,
    ) -> Result<Self, ReceiptError> {
        let size = checkpoint.size();
        let tree = TreeHashes::new(reader, size);
        let proof = prove_inclusion(&tree, index, size)?.ok_or(ProofError::OutOfRange)?;
        verify_inclusion(
            &tree.node(0, index)?,
            index,
            size,
            &proof,
            &checkpoint.root(),
        )?;
        Ok(Self {
            extra: None,
            index,
            proof,
            note: checkpoint.text().to_owned(),
        })
    }

    /// The same receipt with the leaf's bytes embedded, so that it explains itself. At most
    /// [`MAX_LEAF_BYTES`], which [`Receipt::verify`] and [`Receipt::parse`] enforce.
    #[must_use]
    pub fn with_leaf(self, leaf: &[u8]) -> Self {
        Self {
            extra: Some(leaf.to_vec()),
            ..self
        }
    }

    /// Position of the leaf in the log, unverified.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Checks that `leaf` stands at the receipt's index in the log that `key` signs, and returns the checkpoint.
    ///
    /// # Errors
    /// [`ReceiptError`]: signature, origin, proof, or an embedded leaf that is another one.
    pub fn verify(&self, key: &VerifierKey, leaf: &[u8]) -> Result<Checkpoint, ReceiptError> {
        // The extra data is not covered by any hash: it must be the very leaf, or a reader would believe it.
        if self.extra.as_ref().is_some_and(|extra| extra != leaf) {
            return Err(ReceiptError::OtherLeaf);
        }
        if leaf.len() > MAX_LEAF_BYTES {
            return Err(ReceiptError::Malformed("leaf too long"));
        }
        let signed = SignedCheckpoint::verify(self.note.as_bytes(), key)?;
        let head = signed.checkpoint();
        verify_inclusion(
            &leaf_hash(leaf),
            self.index,
            head.size,
            &self.proof,
            &head.root,
        )?;
        Ok(head.clone())
    }

    /// Checks a receipt that embeds its leaf, and returns the leaf with the checkpoint.
    ///
    /// # Errors
    /// As [`Receipt::verify`], and [`ReceiptError::NoLeaf`].
    pub fn verify_embedded(&self, key: &VerifierKey) -> Result<(&[u8], Checkpoint), ReceiptError> {
        let leaf = self.extra.as_deref().ok_or(ReceiptError::NoLeaf)?;
        Ok((leaf, self.verify(key, leaf)?))
    }

    /// The checkpoint, believed only if `key` signed it. Says nothing about the leaf.
    ///
    /// # Errors
    /// [`ReceiptError::Checkpoint`].
    pub fn checkpoint(&self, key: &VerifierKey) -> Result<SignedCheckpoint, ReceiptError> {
        Ok(SignedCheckpoint::verify(self.note.as_bytes(), key)?)
    }

    /// Whether bytes begin as a receipt does.
    pub(crate) fn looks_like(bytes: &[u8]) -> bool {
        bytes.starts_with(HEADER.as_bytes())
    }

    /// Whether the proof leads from this leaf hash to that checkpoint's root.
    pub(crate) fn proves(&self, leaf: &Digest, checkpoint: &SignedCheckpoint) -> bool {
        verify_inclusion(
            leaf,
            self.index,
            checkpoint.size(),
            &self.proof,
            &checkpoint.root(),
        )
        .is_ok()
    }

    /// Reads the text. Accepts exactly the spelling that `Display` writes.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`], and [`ReceiptError::Checkpoint`] for the form of the checkpoint. Nothing is
    /// verified yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        use ReceiptError::Malformed;
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(Malformed("too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed("not UTF-8"))?;
        // No line before the checkpoint is empty, so the first blank line is the one in between.
        let (head, note) = text.split_once("\n\n").ok_or(Malformed("no blank line"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(Malformed("the first line is not the format's name"));
        }
        let mut line = lines.next().ok_or(Malformed("no index"))?;
        let mut extra = None;
        if let Some(data) = line.strip_prefix("extra ") {
            let data = STANDARD
                .decode(data)
                .map_err(|_| Malformed("extra data is not base64"))?;
            if data.len() > MAX_LEAF_BYTES {
                return Err(Malformed("extra data too long"));
            }
            extra = Some(data);
            line = lines.next().ok_or(Malformed("no index"))?;
        }
        let index = line
            .strip_prefix("index ")
            .and_then(strict_decimal)
            .ok_or(Malformed("no index"))?;
        let proof: Vec<Digest> = lines
            .take(MAX_PROOF_HASHES + 1)
            .map(|line| {
                Digest::from_base64(line).ok_or(Malformed("a proof line is not base64 of 32 bytes"))
            })
            .collect::<Result<_, _>>()?;
        if proof.len() > MAX_PROOF_HASHES {
            return Err(Malformed("too many proof lines"));
        }
        let parsed = Note::parse(note.as_bytes()).map_err(CheckpointError::from)?;
        Checkpoint::parse(parsed.unverified_text())?;
        Ok(Self {
            extra,
            index,
            proof,
            note: note.to_owned(),
        })
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof
            .iter()
            .try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}
