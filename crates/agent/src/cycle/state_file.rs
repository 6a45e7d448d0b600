//! The state file for people and other tools: when the last run was, and what was acted upon. The store does not need it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Most bytes that are read: about 1.5 million ids.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// When the last run ended, RFC 3339.
    #[serde(default)]
    pub last_run: Option<String>,
    /// Ids of requests that were approved, rejected or closed.
    #[serde(default)]
    pub actioned_ids: BTreeSet<String>,
}

impl StateFile {
    /// Reads the file; one that is not there says nothing.
    ///
    /// # Errors
    /// When it is there and cannot be read: then nobody knows what another tool did.
    pub fn read(path: &Path) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| {
            format!(
                "the state file `{}` cannot be read: {error}; mend it, or move it away",
                path.display()
            )
        };
        let metadata = match std::fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(told(&error)),
        };
        if !metadata.is_file() || metadata.len() > BYTES_MAX {
            return Err(told(&"it is no plain file of at most 64 MiB"));
        }
        let bytes = std::fs::read(path).map_err(|error| told(&error))?;
        serde_json::from_slice(&bytes).map_err(|error| told(&error))
    }

    /// Writes the file in one step, readable by its owner alone.
    ///
    /// # Errors
    /// When the folder or the disk does not let it.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}
