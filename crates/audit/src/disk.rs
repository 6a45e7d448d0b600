//! The few file-system steps that publishing takes, as a trait, so that a test can fail any one of them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::reader::read_bounded;

/// Name of the one unfinished file. Left over after a crash, overwritten by the next write.
pub const PENDING: &str = ".pending";
/// Name of the empty file that publishers lock.
pub const LOCK: &str = ".lock";

/// The steps. Paths are relative to the log's folder, with `/` between parts.
pub trait Disk {
    /// Held while somebody publishes; dropping it lets the next one in.
    type Guard;

    /// Locks the folder for one publisher, creating it if needed.
    ///
    /// # Errors
    /// Kind `WouldBlock` if another publisher holds it, else what the system reports.
    fn lock(&self) -> io::Result<Self::Guard>;

    /// A file's bytes, at most `limit`; `None` if it does not exist.
    ///
    /// # Errors
    /// What the system reports.
    fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>>;

    /// Writes [`PENDING`] whole and flushes it to the medium.
    ///
    /// # Errors
    /// What the system reports.
    fn write_pending(&self, bytes: &[u8]) -> io::Result<()>;

    /// Gives [`PENDING`] its name, replacing what is there, and creates the folders on the way.
    ///
    /// # Errors
    /// What the system reports.
    fn name_pending(&self, path: &str) -> io::Result<()>;

    /// Flushes the folders from `path`'s up to the log's, so that new names survive a power cut.
    ///
    /// # Errors
    /// What the system reports.
    fn sync_folders(&self, path: &str) -> io::Result<()>;

    /// Removes a folder and the files in it; none there is no error.
    ///
    /// # Errors
    /// What the system reports.
    fn remove_folder(&self, path: &str) -> io::Result<()>;
}

/// A folder on the real file system.
#[derive(Debug, Clone)]
pub struct FolderDisk {
    root: PathBuf,
}

impl FolderDisk {
    /// The folder at `root`, created when first locked.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

/// Opens a file for writing without waiting for anything: a named pipe that nobody reads is an error.
fn writing(path: &Path, truncate: bool) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    File::options()
        .create(true)
        .truncate(truncate)
        .write(true)
        .custom_flags(flags)
        .open(path)
}

impl Disk for FolderDisk {
    type Guard = File;

    fn lock(&self) -> io::Result<File> {
        if !self.root.exists() {
            fs::create_dir_all(&self.root)?;
            // The folder's own name must survive a power cut as well.
            if let Some(parent) = self.root.parent().filter(|p| !p.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
        }
        let file = writing(&self.root.join(LOCK), false)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(io::Error::from(io::ErrorKind::WouldBlock)),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        read_bounded(&self.root.join(path), limit)
    }

    fn write_pending(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = writing(&self.root.join(PENDING), true)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn name_pending(&self, path: &str) -> io::Result<()> {
        let target = self.root.join(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(self.root.join(PENDING), target)
    }

    fn sync_folders(&self, path: &str) -> io::Result<()> {
        let target = self.root.join(path);
        // Whoever wrote a folder may have crashed before flushing its own name, so go all the way up.
        for folder in target.ancestors().skip(1) {
            File::open(folder)?.sync_all()?;
            if folder == self.root {
                break;
            }
        }
        Ok(())
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        match fs::remove_dir_all(self.root.join(path)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}
