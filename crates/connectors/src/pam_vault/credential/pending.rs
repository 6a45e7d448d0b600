//! The pending file: which request for a secret is under way. Written at once, whole or not at all, for its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use thiserror::Error;

use super::super::bounds::PENDING_BYTES_MAX;
use super::super::values;

/// A request that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Id of the asset.
    pub asset: String,
    /// The action type under which the vault knows the request.
    pub action: String,
    /// Id of the request; `None` when the vault did not say.
    pub request: Option<String>,
}

/// Where it is kept, `.pending_request.json` by custom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingFile {
    path: PathBuf,
}

/// A pending file that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PendingError {
    /// It is about another asset.
    #[error("the pending file {} is about the asset `{asset}`", .path.display())]
    OtherAsset {
        /// Where it is.
        path: PathBuf,
        /// The asset that it names.
        asset: String,
    },
    /// It is a link, a folder or the like.
    #[error("the pending file {} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// It holds something else.
    #[error("the pending file {} cannot be read: {why}", .path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be written or removed.
    #[error("the pending file {} cannot be written: {why}", .path.display())]
    Unwritable {
        /// Where it is.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
}

impl PendingError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherAsset { .. } => {
                "give each asset a pending file of its own, or remove it when its request is over"
            }
            Self::NotAFile(_) => "somebody put something in its place; look at it and remove it",
            Self::Unreadable { .. } => {
                "look at it and remove it; a request that still waits is found again"
            }
            Self::Unwritable { .. } => "give the agent's account the right to write in its folder",
        }
    }
}

impl PendingFile {
    /// The file at this path, which need not be there.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is under way for `asset`; `None` when there is no file.
    ///
    /// # Errors
    /// When it is about another asset, is not a regular file, or cannot be read.
    pub fn read(&self, asset: &str) -> Result<Option<Pending>, PendingError> {
        let unreadable = |why: String| PendingError::Unreadable {
            path: self.path.clone(),
            why,
        };
        let before = match fs::symlink_metadata(&self.path) {
            Ok(before) => before,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        if !before.is_file() {
            return Err(PendingError::NotAFile(self.path.clone()));
        }
        let file = File::open(&self.path).map_err(|error| unreadable(error.to_string()))?;
        let opened = file
            .metadata()
            .map_err(|error| unreadable(error.to_string()))?;
        if (opened.dev(), opened.ino()) != (before.dev(), before.ino()) {
            // Somebody exchanged it between the look and the opening.
            return Err(PendingError::NotAFile(self.path.clone()));
        }
        let mut bytes = Vec::new();
        file.take(PENDING_BYTES_MAX.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 > PENDING_BYTES_MAX {
            return Err(unreadable(format!(
                "it is longer than {PENDING_BYTES_MAX} bytes"
            )));
        }
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|_| unreadable("it is not JSON".to_owned()))?;
        let (Some(named), Some(action)) = (
            values::id(&value, &["asset"]),
            values::id(&value, &["action"]),
        ) else {
            return Err(unreadable("it names no asset or no action".to_owned()));
        };
        if named != asset {
            return Err(PendingError::OtherAsset {
                path: self.path.clone(),
                asset: named,
            });
        }
        Ok(Some(Pending {
            asset: named,
            action,
            request: values::id(&value, &["request"]),
        }))
    }

    /// Writes what is under way: into a new file of mode 0600, which then takes the place of the old one.
    ///
    /// # Errors
    /// When that cannot be done; the old file stays as it was.
    pub fn write(&self, pending: &Pending) -> Result<(), PendingError> {
        let unwritable = |error: std::io::Error| PendingError::Unwritable {
            path: self.path.clone(),
            why: error.to_string(),
        };
        let text =
            json!({ "asset": pending.asset, "action": pending.action, "request": pending.request });
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let new = self.path.with_file_name(name);
        // Left over by a process of the same number that was killed.
        let _ = fs::remove_file(&new);
        let written = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&new)?;
            file.write_all(text.to_string().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&new, &self.path)?;
            self.sync_folder()
        };
        written().map_err(|error| {
            let _ = fs::remove_file(&new);
            unwritable(error)
        })
    }

    /// Removes it, if it is there.
    ///
    /// # Errors
    /// When it stays.
    pub fn remove(&self) -> Result<(), PendingError> {
        match fs::remove_file(&self.path).and_then(|()| self.sync_folder()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(PendingError::Unwritable {
                path: self.path.clone(),
                why: error.to_string(),
            }),
        }
    }

    /// A name that appeared or went is on disk only when its folder is.
    fn sync_folder(&self) -> std::io::Result<()> {
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn pending() -> Pending {
        Pending {
            asset: "a-1".into(),
            action: "AssetUnlock".into(),
            request: Some("r-1".into()),
        }
    }

    #[test]
    fn what_is_written_is_read_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = PendingFile::at(folder.path().join(".pending_request.json"));
        assert_eq!(file.read("a-1"), Ok(None));
        file.write(&Pending {
            request: None,
            ..pending()
        })
        .unwrap();
        file.write(&pending()).unwrap();
        assert_eq!(file.read("a-1"), Ok(Some(pending())));
        assert_eq!(
            fs::metadata(file.path()).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(
            matches!(file.read("a-2"), Err(PendingError::OtherAsset { asset, .. }) if asset == "a-1")
        );
        file.remove().unwrap();
        file.remove().unwrap();
        assert_eq!(file.read("a-1"), Ok(None));
    }

    #[test]
    fn what_is_no_pending_file_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = PendingFile::at(folder.path().join("p"));
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, r#"{"asset":"a-1","action":"x"}"#).unwrap();
        std::os::unix::fs::symlink(&elsewhere, file.path()).unwrap();
        assert!(matches!(file.read("a-1"), Err(PendingError::NotAFile(_))));
        fs::remove_file(file.path()).unwrap();
        fs::create_dir(file.path()).unwrap();
        assert!(matches!(file.read("a-1"), Err(PendingError::NotAFile(_))));
        fs::remove_dir(file.path()).unwrap();
        let long = " ".repeat(10_000);
        for text in [
            "",
            "{",
            "[]",
            r#"{"asset":"a-1"}"#,
            r#"{"asset":"a-1","action":"a b"}"#,
            &long,
        ] {
            fs::write(file.path(), text).unwrap();
            assert!(
                matches!(file.read("a-1"), Err(PendingError::Unreadable { .. })),
                "{text}"
            );
        }
    }
}
