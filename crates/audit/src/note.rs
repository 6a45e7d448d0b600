//! Signed notes (C2SP signed-note): text, blank line, signature lines; Ed25519 keys and their textual form.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::hash::to_hex;

/// Most bytes of a signed note that are looked at.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
/// Most signature lines of a note. The specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;
/// Signature type byte of plain Ed25519 (C2SP signed-note, "Signature types").
const ED25519: u8 = 0x01;
/// What begins a signature line: em dash and space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// Why a note or a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a signed note; the reason says which rule is broken.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// No signature is by the key that is trusted.
    #[error("no signature by the key `{0}`")]
    NoKnownSignature(String),
    /// A signature names the trusted key and does not verify.
    #[error("the signature by `{0}` does not verify")]
    BadSignature(String),
    /// Not a key in the textual form `name+hexid+base64`, or its id does not fit name and key.
    #[error("not an Ed25519 note key: {0}")]
    BadKey(&'static str),
}

/// Whether a key name is allowed: not empty, at most 255 bytes, no Unicode space, control character or plus.
fn valid_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// First four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`.
fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ED25519]);
    hasher.update(public);
    let digest: [u8; 32] = hasher.finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// The parts of a key in textual form: name, id, and the 32 bytes of a public key or a seed.
type KeyParts<'a> = (&'a str, [u8; 4], Zeroizing<[u8; 32]>);

/// Takes apart `name+hexid+base64(type || 32 bytes)`; the result borrows the name.
fn split_key(text: &str) -> Result<KeyParts<'_>, NoteError> {
    if text.len() > 1024 {
        return Err(NoteError::BadKey("longer than 1024 bytes"));
    }
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::BadKey("not of the form name+id+key"));
    };
    if !valid_name(name) {
        return Err(NoteError::BadKey("empty, overlong or spaced name"));
    }
    let body = Zeroizing::new(
        STANDARD
            .decode(body)
            .map_err(|_| NoteError::BadKey("not canonical base64"))?,
    );
    let (kind, key) = body.split_first().ok_or(NoteError::BadKey("empty key"))?;
    let key = <[u8; 32]>::try_from(key).map_err(|_| NoteError::BadKey("not 32 bytes"))?;
    if *kind != ED25519 {
        return Err(NoteError::BadKey("not of type Ed25519"));
    }
    let digits: Option<Vec<u8>> = id
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let id_bytes = digits
        .and_then(|d| <[u8; 4]>::try_from(d).ok())
        .ok_or(NoteError::BadKey("not an id of 4 bytes"))?;
    if to_hex(&id_bytes) != id {
        return Err(NoteError::BadKey("the id is not lower-case hexadecimal"));
    }
    Ok((name, id_bytes, Zeroizing::new(key)))
}

/// A key that signatures are checked with. Its name is the log's origin.
///
/// `Display` and [`VerifierKey::parse`] use the textual form `name+hexid+base64(0x01 || public key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    /// Reads the textual form; one trailing newline is allowed.
    ///
    /// # Errors
    /// [`NoteError::BadKey`]: form, type, id or point.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, bytes) = split_key(text.strip_suffix('\n').unwrap_or(text))?;
        let key = VerifyingKey::from_bytes(&bytes)
            .map_err(|_| NoteError::BadKey("not a point of the curve"))?;
        if key.is_weak() || key_id(name, &bytes) != id {
            return Err(NoteError::BadKey("the id does not fit name and key"));
        }
        Ok(Self {
            name: name.to_owned(),
            id,
            key,
        })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = vec![ED25519];
        body.extend_from_slice(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name,
            to_hex(&self.id),
            STANDARD.encode(body)
        )
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// A key that signs notes. The secret is wiped when dropped; `Debug` prints dots for it.
pub struct SigningKey {
    name: String,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key from 32 secret bytes: the same seed gives the same key and signatures (Ed25519 is deterministic).
    /// For demonstrations and tests; real keys come from [`crate::key::load_or_create`].
    ///
    /// # Errors
    /// [`NoteError::BadKey`] if the name is empty, longer than 255 bytes, or holds a space, control character or plus.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, NoteError> {
        let seed = Zeroizing::new(seed);
        if !valid_name(name) {
            return Err(NoteError::BadKey("empty, overlong or spaced name"));
        }
        Ok(Self {
            name: name.to_owned(),
            secret: ed25519_dalek::SigningKey::from_bytes(&seed),
        })
    }

    /// The key's name, which is the origin of every checkpoint it seals.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        let key = self.secret.verifying_key();
        VerifierKey {
            name: self.name.clone(),
            id: key_id(&self.name, key.as_bytes()),
            key,
        }
    }

    /// Signs a text and returns the whole note.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] if the text is empty, lacks its final newline, or holds another control character.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') || text.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed(
                "text without final newline, or with control characters",
            ));
        }
        Ok(format!("{text}\n{}", self.signature_line(text)))
    }

    /// The signature line over `text`, with its newline.
    pub(crate) fn signature_line(&self, text: &str) -> String {
        let mut body = self.verifier().id.to_vec();
        body.extend_from_slice(&self.secret.sign(text.as_bytes()).to_bytes());
        format!(
            "{SIGNATURE_PREFIX}{} {}\n",
            self.name,
            STANDARD.encode(body)
        )
    }

    /// The textual form `PRIVATE+KEY+name+hexid+base64(0x01 || seed)`, as note tools of other languages read it.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let mut body = Zeroizing::new(vec![ED25519]);
        body.extend_from_slice(self.secret.as_bytes());
        let encoded = Zeroizing::new(STANDARD.encode(&*body));
        Zeroizing::new(format!(
            "PRIVATE+KEY+{}+{}+{}",
            self.name,
            to_hex(&self.verifier().id),
            *encoded
        ))
    }

    /// Reads the textual form.
    pub(crate) fn from_text(text: &str) -> Result<Self, NoteError> {
        let rest = text
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(NoteError::BadKey("not a private key"))?;
        let (name, id, seed) = split_key(rest)?;
        let key = Self::from_seed(name, *seed)?;
        if key.verifier().id == id {
            Ok(key)
        } else {
            Err(NoteError::BadKey("the id does not fit name and key"))
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("name", &self.name)
            .field("secret", &"…")
            .finish()
    }
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// A note whose form is right and whose signatures nobody has checked yet.
///
/// The text must not be used before [`Note::verify`] has returned it; [`Note::unverified_text`] is for diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`NoteError::Malformed`]: not UTF-8, control characters, no blank line, no signature, more than
    /// [`MAX_SIGNATURES`], longer than [`MAX_NOTE_BYTES`], or a signature line that is not canonical.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Malformed("too long"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed("not UTF-8"))?;
        if whole.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed("control characters"));
        }
        let (text, lines) = whole
            .rsplit_once("\n\n")
            .ok_or(NoteError::Malformed("no blank line"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("no final newline"))?;
        let signatures: Vec<SignatureLine> = lines
            .split('\n')
            .take(MAX_SIGNATURES + 1)
            .map(signature_line)
            .collect::<Result<_, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("too many signatures"));
        }
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }

    /// The text, if the key has signed it. Signatures by other keys are ignored.
    ///
    /// # Errors
    /// [`NoteError::NoKnownSignature`] and [`NoteError::BadSignature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        let mut known = false;
        for line in self
            .signatures
            .iter()
            .filter(|line| line.name == key.name && line.id == key.id)
        {
            let signature = Signature::from_slice(&line.bytes);
            let good =
                signature.is_ok_and(|s| key.key.verify_strict(self.text.as_bytes(), &s).is_ok());
            if !good {
                return Err(NoteError::BadSignature(key.name.clone()));
            }
            known = true;
        }
        if known {
            Ok(&self.text)
        } else {
            Err(NoteError::NoKnownSignature(key.name.clone()))
        }
    }

    /// The text, believed by nobody yet. Ends in a newline.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// Names of the keys that claim to have signed.
    pub fn claimed_names(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|line| line.name.as_str())
    }
}

/// Reads a signature line without its newline.
fn signature_line(line: &str) -> Result<SignatureLine, NoteError> {
    let malformed = NoteError::Malformed("signature line");
    let rest = line
        .strip_prefix(SIGNATURE_PREFIX)
        .ok_or_else(|| malformed.clone())?;
    let (name, body) = rest.split_once(' ').ok_or_else(|| malformed.clone())?;
    let body = STANDARD.decode(body).map_err(|_| malformed.clone())?;
    let (id, bytes) = body
        .split_first_chunk::<4>()
        .ok_or_else(|| malformed.clone())?;
    if !valid_name(name) || bytes.is_empty() {
        return Err(malformed);
    }
    Ok(SignatureLine {
        name: name.to_owned(),
        id: *id,
        bytes: bytes.to_vec(),
    })
}
