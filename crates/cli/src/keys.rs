//! The keys of the home folder: made with the store, and never made again for a store that is there.

use std::path::Path;

use audit::key::{self, KeyError};
use audit::{PersonKey, SigningKey};

use crate::error::{Error, Exit};
use crate::settings::Home;

/// The log's key: the one that is there, whatever its name, or a new one.
pub(crate) fn log_key(home: &Home, origin: &str) -> Result<SigningKey, Error> {
    let path = home.log_key();
    let why = "without it nothing can be signed that belongs to this log";
    ready(home, &path, why)?;
    match key::load(&path).map_err(|error| failed(&error))? {
        Some(key) => Ok(key),
        None => key::load_or_create(&path, origin).map_err(|error| failed(&error)),
    }
}

/// The key of the hashes that stand for people: 32 bytes, backed up apart from the log.
pub(crate) fn person_key(home: &Home) -> Result<PersonKey, Error> {
    let path = home.person_key();
    let why = "without it the log no longer says who an entry is about";
    ready(home, &path, why)?;
    audit::secret::load_or_create(&path).map_err(|error| failed(&error))
}

/// Makes the folder of a key. A key that is missing beside a store is lost: a new one would not be the store's.
fn ready(home: &Home, path: &Path, why: &str) -> Result<(), Error> {
    // A link that leads nowhere is there, and is refused as what it is.
    let is_there = path.symlink_metadata().is_ok();
    if !is_there && home.store().exists() {
        return Err(Error::new(
            Exit::Failed,
            format!("the key `{}` of this store is missing", path.display()),
        )
        .hint(format!("put its backup there; {why}")));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(())
}

fn failed(error: &KeyError) -> Error {
    Error::of(Exit::Failed, error).hint(error.hint())
}
