//! The holdings that grants made: a SQLite file of its own, so that effect and commit stay two things.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use decision::time::Timestamp;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior,
    params,
};

use super::bounds::BUSY_TIMEOUT;
use super::{LiveGrant, OpenError};

/// What the file's header says that it is: "arah" in ASCII.
const APPLICATION_ID: i64 = 0x6172_6168;

/// The version of the schema.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE holding (
        person     TEXT NOT NULL,
        entitlement TEXT NOT NULL,
        grant_id   TEXT NOT NULL,
        granted_at INTEGER NOT NULL,
        ends_at    INTEGER,
        PRIMARY KEY (person, entitlement)
    ) STRICT, WITHOUT ROWID;
";

const COLUMNS: &str = "SELECT person, entitlement, grant_id, granted_at, ends_at FROM holding";

/// The database.
#[derive(Debug)]
pub(super) struct Database {
    connection: Mutex<Connection>,
}

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The row is as wanted now, and was not before.
    Made,
    /// It was so already.
    Unneeded,
}

/// A change that failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing changed.
    Before(rusqlite::Error),
    /// While committing: it may have happened or not.
    AtCommit(rusqlite::Error),
}

impl Database {
    /// Opens the file, and makes it when it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        create(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(path, flags).map_err(|error| told(path, &error))?;
        prepare(&mut connection, path)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// The grant of ours by which somebody holds something.
    pub(super) fn find(
        &self,
        person: &str,
        entitlement: &str,
    ) -> rusqlite::Result<Option<LiveGrant>> {
        find(&self.lock(), person, entitlement)
    }

    /// What a grant of ours gave and that is held now.
    pub(super) fn of_grant(&self, grant: &str) -> rusqlite::Result<Option<LiveGrant>> {
        let sql = format!("{COLUMNS} WHERE grant_id = ?1");
        self.lock()
            .prepare_cached(&sql)?
            .query_row([grant], live_grant)
            .optional()
    }

    /// All that a person holds by grants of ours, by entitlement.
    pub(super) fn of_person(&self, person: &str) -> rusqlite::Result<Vec<LiveGrant>> {
        let connection = self.lock();
        let sql = format!("{COLUMNS} WHERE person = ?1 ORDER BY entitlement");
        let mut statement = connection.prepare_cached(&sql)?;
        statement.query_map([person], live_grant)?.collect()
    }

    /// All that grants of ours gave, by person and entitlement.
    pub(super) fn all(&self) -> rusqlite::Result<Vec<LiveGrant>> {
        let connection = self.lock();
        let sql = format!("{COLUMNS} ORDER BY person, entitlement");
        let mut statement = connection.prepare_cached(&sql)?;
        statement.query_map([], live_grant)?.collect()
    }

    /// Gives. A later grant of the same access takes the row over; an earlier one that comes late changes nothing.
    pub(super) fn give(&self, wanted: &LiveGrant) -> Result<Change, Failure> {
        self.change(|transaction| {
            let found = find(transaction, &wanted.person, &wanted.entitlement)?;
            if found
                .is_some_and(|row| row.grant == wanted.grant || row.granted_at > wanted.granted_at)
            {
                return Ok(Change::Unneeded);
            }
            transaction.execute(
                "INSERT OR REPLACE INTO holding VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    wanted.person,
                    wanted.entitlement,
                    wanted.grant,
                    wanted.granted_at.seconds(),
                    wanted.ends_at.map(Timestamp::seconds),
                ],
            )?;
            Ok(Change::Made)
        })
    }

    /// Takes what this grant gave, and nothing that another one did.
    pub(super) fn take(
        &self,
        person: &str,
        entitlement: &str,
        grant: &str,
    ) -> Result<Change, Failure> {
        self.change(|transaction| {
            let sql =
                "DELETE FROM holding WHERE person = ?1 AND entitlement = ?2 AND grant_id = ?3";
            Ok(
                match transaction.execute(sql, [person, entitlement, grant])? {
                    0 => Change::Unneeded,
                    _ => Change::Made,
                },
            )
        })
    }

    /// Hands what this grant gave to another one, so that the access ends with that one.
    pub(super) fn hand_over(&self, from: &str, to: &LiveGrant) -> Result<Change, Failure> {
        self.change(|transaction| {
            let sql = "UPDATE holding SET grant_id = ?4, granted_at = ?5, ends_at = ?6
                       WHERE person = ?1 AND entitlement = ?2 AND grant_id = ?3";
            let changed = transaction.execute(
                sql,
                params![
                    to.person,
                    to.entitlement,
                    from,
                    to.grant,
                    to.granted_at.seconds(),
                    to.ends_at.map(Timestamp::seconds),
                ],
            )?;
            Ok(match changed {
                0 => Change::Unneeded,
                _ => Change::Made,
            })
        })
    }

    fn change(
        &self,
        body: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Change>,
    ) -> Result<Change, Failure> {
        let mut connection = self.lock();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Failure::Before)?;
        // An error here drops the transaction, which rolls it back.
        let change = body(&transaction).map_err(Failure::Before)?;
        if change == Change::Unneeded {
            return Ok(change);
        }
        transaction.commit().map_err(Failure::AtCommit)?;
        Ok(change)
    }

    /// A panic elsewhere leaves the connection usable: its transaction was rolled back when it was dropped.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(
    connection: &Connection,
    person: &str,
    entitlement: &str,
) -> rusqlite::Result<Option<LiveGrant>> {
    let sql = format!("{COLUMNS} WHERE person = ?1 AND entitlement = ?2");
    connection
        .prepare_cached(&sql)?
        .query_row([person, entitlement], live_grant)
        .optional()
}

fn live_grant(row: &Row<'_>) -> rusqlite::Result<LiveGrant> {
    let ends: Option<i64> = row.get(4)?;
    Ok(LiveGrant {
        person: row.get(0)?,
        entitlement: row.get(1)?,
        grant: row.get(2)?,
        granted_at: Timestamp::from_seconds(row.get(3)?),
        ends_at: ends.map(Timestamp::from_seconds),
    })
}

/// Makes the file when it is not there, readable by its owner alone: it says who may do what.
fn create(path: &Path) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(OpenError::Create {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

fn prepare(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let said = |error: rusqlite::Error| told(path, &error);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(said)?;
    // Looking comes first: nothing is written into a file that is not ours.
    if header(connection).map_err(said)? == Header::Empty {
        if connection.is_readonly("main").map_err(said)? {
            return Err(OpenError::ReadOnly(path.to_owned()));
        }
        initialise(connection).map_err(said)?;
    }
    match header(connection).map_err(said)? {
        Header::Ours(SCHEMA_VERSION) => {}
        Header::Ours(found) => {
            return Err(OpenError::Version {
                path: path.to_owned(),
                found,
                known: SCHEMA_VERSION,
            });
        }
        Header::Empty | Header::Foreign => return Err(OpenError::Foreign(path.to_owned())),
    }
    let sound: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(said)?;
    if sound != "ok" {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            reason: sound,
        });
    }
    if connection.is_readonly("main").map_err(said)? {
        return Err(OpenError::ReadOnly(path.to_owned()));
    }
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(said)?;
    if mode != "wal" {
        let reason = format!("its file system allows journal mode {mode} only, not WAL");
        return Err(OpenError::Storage {
            path: path.to_owned(),
            reason,
        });
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(said)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    Empty,
    Ours(i64),
    Foreign,
}

fn header(connection: &Connection) -> rusqlite::Result<Header> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    Ok(
        match (number("application_id")?, number("user_version")?, tables) {
            (0, 0, 0) => Header::Empty,
            (APPLICATION_ID, version, _) => Header::Ours(version),
            _ => Header::Foreign,
        },
    )
}

/// Makes the schema, unless another process just did.
fn initialise(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if header(&transaction)? == Header::Empty {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()
}

/// An error of SQLite while opening, as what a person can do about it.
fn told(path: &Path, error: &rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => OpenError::ReadOnly(path),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path, reason }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Busy(path),
        _ => OpenError::Storage { path, reason },
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;
    use crate::embedded_directory::effect;
    use ports::Effect;

    fn live(grant: &str) -> LiveGrant {
        LiveGrant {
            person: "p".repeat(100_000),
            entitlement: "repo:read".to_owned(),
            grant: grant.to_owned(),
            granted_at: Timestamp::from_seconds(1),
            ends_at: None,
        }
    }

    #[test]
    fn a_full_disk_refuses_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("holdings.db")).unwrap();
        let limit = |pages: u32| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            database.lock().query_row(&sql, [], |_| Ok(())).unwrap();
        };
        limit(3);
        let outcome = database.give(&live("g-1"));
        assert!(
            matches!(&outcome, Err(Failure::Before(error))
            if error.sqlite_error_code() == Some(ErrorCode::DiskFull)),
            "{outcome:?}"
        );
        assert!(matches!(effect(outcome), Effect::NotNow(_)));
        assert_eq!(database.all(), Ok(Vec::new()));
        limit(1_000);
        assert_eq!(effect(database.give(&live("g-1"))), Effect::Applied);
    }

    #[test]
    fn a_failed_commit_is_unknown_unless_it_was_rolled_back() {
        let failed = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            effect(Err(Failure::AtCommit(error)))
        };
        assert!(matches!(failed(ffi::SQLITE_IOERR), Effect::Unknown(_)));
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_FULL] {
            assert!(matches!(failed(code), Effect::NotNow(_)));
        }
    }

    #[test]
    fn errors_say_what_a_person_can_do() {
        let told = |code| {
            told(
                Path::new("h.db"),
                &rusqlite::Error::SqliteFailure(ffi::Error::new(code), None),
            )
        };
        assert!(matches!(told(ffi::SQLITE_READONLY), OpenError::ReadOnly(_)));
        assert!(matches!(
            told(ffi::SQLITE_CORRUPT),
            OpenError::Damaged { .. }
        ));
        assert!(matches!(told(ffi::SQLITE_BUSY), OpenError::Busy(_)));
        assert!(matches!(
            told(ffi::SQLITE_CANTOPEN),
            OpenError::Storage { .. }
        ));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holdings.db");
        let database = Database::open(&path).unwrap();
        database.give(&live("g-1")).unwrap();
        for file in ["holdings.db", "holdings.db-wal", "holdings.db-shm"] {
            let mode = std::fs::metadata(folder.path().join(file))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
