//! Opening a store: the lock, the tables, and a look at the log before anything is built upon it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use audit::{Appender, PersonKey, SigningKey};
use ports::store::Budgets;
use rusqlite::Connection;
use thiserror::Error;

use crate::group::{Queue, locked};
use crate::log::Salts;
use crate::signed::{SignedState, from_published, from_saved, save};
use crate::{check, schema};

/// So many leaves are read at a start before what they say is saved. Reading one takes a few microseconds.
const SAVE_AFTER: u64 = 1_024;

/// The embedded store. One process writes at a time; threads share it.
pub struct SqliteStore {
    pub(crate) writer: Mutex<Connection>,
    pub(crate) queue: Queue,
    pub(crate) key: SigningKey,
    pub(crate) person_key: PersonKey,
    pub(crate) salts: Mutex<Salts>,
    pub(crate) tiles: PathBuf,
    pub(crate) budgets: Budgets,
    pub(crate) stop_file: Option<PathBuf>,
    /// What the signed leaves say. Taken after `writer`, never before it.
    pub(crate) signed: Mutex<SignedState>,
    /// Whether every leaf is what was signed, whatever the rows of grants say.
    pub(crate) is_signed: bool,
    /// The right edge that was verified at the start, or signed since. Taken after `writer`, never before it.
    pub(crate) edge: Mutex<Appender>,
    trouble: OnceLock<String>,
    _lock: File,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SqliteStore")
            .field("log", &self.tiles)
            .finish_non_exhaustive()
    }
}

/// What a store is opened with.
#[derive(Debug)]
pub struct Options {
    /// Key that signs checkpoints. Its name is the log's origin.
    pub key: SigningKey,
    /// Key of the hashes that stand for people in the log. Without it, hashes cannot be told back to people.
    pub person_key: PersonKey,
    /// Where salts come from.
    pub salts: Salts,
    /// Budgets of automatic grants.
    pub budgets: Budgets,
    /// While this file is there, nothing is granted, approved or rejected, whether or not the log says so yet.
    pub stop_file: Option<PathBuf>,
}

/// Why a store cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the store `{0}` is in use by another process")]
    InUse(PathBuf),
    /// The folder or a file cannot be read or written.
    #[error("`{path}` cannot be used")]
    Files {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a database of ours, or is damaged.
    #[error("`{path}` cannot be opened as a store")]
    Database {
        /// The path.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A newer version wrote it.
    #[error("`{0}` was written by a newer version of this program")]
    Newer(PathBuf),
}

impl OpenError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InUse(_) => "wait until the other process has finished, or stop it",
            Self::Files { .. } => {
                "check that the folder exists, is writable for this user and that the disk is not full"
            }
            Self::Database { .. } => {
                "restore the file from a backup; the published log tells what it must hold"
            }
            Self::Newer(_) => "run the newer version",
        }
    }
}

impl SqliteStore {
    /// Opens or creates the store in `folder`: `store.db`, a lock file, and `log/` for the published tiles. The log's
    /// head, signature and tail are checked, every leaf since the last save, and the rows of grants that are
    /// not over. When they do not hold, the store opens with a broken log, on which nothing can be granted.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = lock(folder)?;
        let path = folder.join("store.db");
        private(&path)?;
        let database = |source| OpenError::Database {
            path: path.clone(),
            source,
        };
        let mut connection = Connection::open(&path).map_err(database)?;
        // INVARIANT(record-first): what was acknowledged survives a power cut.
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(database)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(database)?;
        connection
            .pragma_update(None, "foreign_keys", "ON")
            .map_err(database)?;
        connection.set_prepared_statement_cache_capacity(64);
        if !schema::migrate(&mut connection).map_err(database)? {
            return Err(OpenError::Newer(path));
        }
        let tiles = folder.join("log");
        let mut reading = from_saved(&connection, &options.key.verifier());
        let log = check::log(&connection, &options.key, &tiles).or(reading.trouble);
        // When the database's leaves are not what was signed, the published ones still tell when grants end.
        if log.is_some()
            && let Some(published) = from_published(&tiles, &options.key.verifier())
        {
            reading.state = published;
        }
        let store = Self {
            writer: Mutex::new(connection),
            queue: Queue::default(),
            signed: Mutex::new(reading.state),
            is_signed: log.is_none(),
            edge: Mutex::new(reading.edge),
            trouble: OnceLock::new(),
            key: options.key,
            person_key: options.person_key,
            salts: Mutex::new(options.salts),
            budgets: options.budgets,
            stop_file: options.stop_file,
            tiles,
            _lock: lock,
        };
        if let Some(what) = log {
            store.does_not_verify(&what);
        } else if let Some(what) = store.rows_trouble().map_err(database)? {
            store.is_broken(what);
        } else if reading.read >= SAVE_AFTER {
            let (connection, state) = (locked(&store.writer), locked(&store.signed));
            // What is not saved is read again at the next start: a full disk stops nothing here.
            let _ = save(&connection, &store.key, &state, &locked(&store.edge));
        }
        Ok(store)
    }

    /// What the rows of grants say against the signed log.
    fn rows_trouble(&self) -> rusqlite::Result<Option<String>> {
        let (connection, state) = (locked(&self.writer), locked(&self.signed));
        let differences = self.live_differences(&connection, &state)?;
        let more = match differences.len() {
            0 | 1 => String::new(),
            all => format!(" (the first of {all})"),
        };
        Ok(differences.first().map(|first| {
            format!("the database is not what was signed: {first}{more}; `audit verify --store` tells all")
        }))
    }

    /// What is wrong, as a sentence: the log did not verify, at the start or at a commit, or a row of a grant differed
    /// from it at the start.
    #[must_use]
    pub fn log_trouble(&self) -> Option<&str> {
        self.trouble.get().map(String::as_str)
    }

    pub(crate) fn does_not_verify(&self, what: &str) {
        self.is_broken(format!("the log does not verify: {what}"));
    }

    /// The log counts as broken until the store is opened again; the first trouble is told.
    fn is_broken(&self, trouble: String) {
        let _ = self.trouble.set(trouble);
    }

    /// The public key that checkpoints and receipts verify with.
    #[must_use]
    pub fn verifier(&self) -> audit::VerifierKey {
        self.key.verifier()
    }
}

/// Evidence and openings are personal: the database, and with it its journal, is for its owner alone.
fn private(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let files = |source| OpenError::Files {
        path: path.to_owned(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(files)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))
        .map_err(files)
}

/// One writing process: an advisory lock that the operating system drops with the process.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let files = |path: &Path, source| OpenError::Files {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(|error| files(folder, error))?;
    let path = folder.join("store.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| files(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(files(&path, error)),
    }
}
