//! The file of the person key: 32 secret bytes, under the same rules as the signing key's file.

use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::commitment::PersonKey;
use crate::key::{KeyError, at, install, open};
use crate::note::NoteError;

/// Reads the person key at `path`, or makes one if there is none: 32 bytes of the operating system's randomness, written
/// with mode 0600 and flushed before the name appears.
///
/// # Errors
/// [`KeyError`]; each has a [`KeyError::hint`].
pub fn load_or_create(path: &Path) -> Result<PersonKey, KeyError> {
    if let Some(key) = load(path)? {
        return Ok(key);
    }
    let mut bytes = Zeroizing::new([0u8; 32]);
    getrandom::fill(&mut *bytes).map_err(|_| KeyError::NoRandomness)?;
    install(path, &*bytes, 0o600)?;
    // Read back: another process may have been first, and what counts is what the disk holds.
    load(path)?.ok_or_else(|| at(path)(std::io::Error::from(std::io::ErrorKind::NotFound)))
}

fn load(path: &Path) -> Result<Option<PersonKey>, KeyError> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    file.take(33).read_to_end(&mut bytes).map_err(at(path))?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeyError::Malformed {
        path: path.to_owned(),
        source: NoteError::BadKey("not 32 bytes"),
    })?;
    Ok(Some(PersonKey::new(key)))
}
