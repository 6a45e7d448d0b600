//! Checkpoints: the signed statement of size and root (C2SP tlog-checkpoint).

use std::fmt;

use crate::hash::{Digest, strict_decimal};
use crate::merkle::MAX_LEAVES;
use crate::note::{Note, NoteError, SigningKey, VerifierKey};

/// What a checkpoint states.
///
/// `Display` is the note's text: origin, size, root in base64, then extension lines, each with a newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's unique name; equals the name of the key that signs.
    pub origin: String,
    /// Number of leaves, at most [`MAX_LEAVES`].
    pub size: u64,
    /// RFC 6962 root of the first `size` leaves.
    pub root: Digest,
    /// Extension lines. We write none and read any.
    pub extensions: Vec<String>,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size, root and non-empty extension lines, in exactly their canonical form.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    /// Signed by the right key, for another log.
    #[error("the checkpoint is of the log `{found}`, expected `{expected}`")]
    WrongOrigin {
        /// Origin in the text.
        found: String,
        /// Name of the key.
        expected: String,
    },
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl Checkpoint {
    /// Reads the text of a note.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text
            .strip_suffix('\n')
            .ok_or(CheckpointError::Malformed("no final newline"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Malformed("fewer than three lines"));
        };
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Malformed("empty line"));
        }
        let size = strict_decimal(size)
            .filter(|size| *size <= MAX_LEAVES)
            .ok_or(CheckpointError::Malformed(
                "size is not a decimal within bounds",
            ))?;
        let root = Digest::from_base64(root)
            .ok_or(CheckpointError::Malformed("root is not base64 of 32 bytes"))?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }
}

/// A checkpoint together with the exact note that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    text: String,
}

impl SignedCheckpoint {
    /// Signs size and root under the key's name as origin.
    #[must_use]
    pub fn seal(size: u64, root: Digest, key: &SigningKey) -> Self {
        let checkpoint = Checkpoint {
            origin: key.name().to_owned(),
            size,
            root,
            extensions: Vec::new(),
        };
        let body = checkpoint.to_string();
        let text = format!("{body}\n{}", key.signature_line(&body));
        Self { checkpoint, text }
    }

    /// Reads a note and believes it only if `key` has signed it and the origin is the key's name.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn verify(bytes: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.verify(key)?)?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::WrongOrigin {
                found: checkpoint.origin,
                expected: key.name().to_owned(),
            });
        }
        // `Note::parse` succeeded, so the bytes are UTF-8 and nothing is replaced.
        Ok(Self {
            checkpoint,
            text: String::from_utf8_lossy(bytes).into_owned(),
        })
    }

    /// Origin, size and root.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.checkpoint.root
    }

    /// The signed note, byte for byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
