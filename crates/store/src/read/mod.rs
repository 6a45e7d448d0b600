//! What a store can be asked.

mod confirm;
mod rows;

use audit::{FolderDisk, Receipt, Scope};
use decision::evidence::record::{EarlierGrant, LogState, Reserved};
use decision::time::Timestamp;
use ports::store::{
    Budgets, CommitError, Committal, GrantRow, GrantState, RequestRow, ReviewRow, Store,
    StoreError, StoredRuling, Transition,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use self::rows::{GRANT_COLUMNS, RULING_COLUMNS, grant_row, review_row, ruling_row, timestamp};
use crate::group::locked;
use crate::log::{Database, head};
use crate::open::SqliteStore;

impl Store for SqliteStore {
    fn commit(&self, transitions: &[Transition]) -> Vec<Result<Committal, CommitError>> {
        self.commit_grouped(transitions)
    }

    fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        self.reading(|connection| {
            connection
                .query_row(
                    "SELECT id, revision, content_digest, requester, body FROM request WHERE id = ?1
                     ORDER BY revision DESC LIMIT 1",
                    [id],
                    |row| {
                        Ok(RequestRow {
                            id: row.get(0)?,
                            revision: row.get(1)?,
                            content_digest: row.get(2)?,
                            requester: row.get(3)?,
                            body: row.get(4)?,
                        })
                    },
                )
                .optional()
        })
    }

    fn latest_ruling(&self, request: &str) -> Result<Option<StoredRuling>, StoreError> {
        self.reading(|connection| {
            let query =
                format!("{RULING_COLUMNS} WHERE r.request = ?1 ORDER BY r.number DESC LIMIT 1");
            connection
                .prepare_cached(&query)?
                .query_row([request], ruling_row)
                .optional()
        })
    }

    fn rulings(&self, limit: u32) -> Result<Vec<StoredRuling>, StoreError> {
        self.reading(|connection| {
            let query = format!(
                "{RULING_COLUMNS} WHERE r.number IN (SELECT MAX(number) FROM ruling GROUP BY request)
                 ORDER BY r.number DESC LIMIT ?1"
            );
            connection.prepare_cached(&query)?.query_map([limit], ruling_row)?.collect()
        })
    }

    fn ruling_count(&self, request: &str) -> Result<u32, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached("SELECT COUNT(*) FROM ruling WHERE request = ?1")?
                .query_row([request], |row| row.get(0))
        })
    }

    fn reviews(&self, request: &str) -> Result<Vec<ReviewRow>, StoreError> {
        let connection = locked(&self.writer);
        let failed = |error: rusqlite::Error| StoreError(error.to_string());
        let mut query = connection
            .prepare_cached(
                "SELECT id, request, kind, body, leaf FROM review WHERE request = ?1 ORDER BY number",
            )
            .map_err(failed)?;
        let mut rows = query.query([request]).map_err(failed)?;
        let mut reviews = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let review = review_row(row)?;
            let leaf: u64 = row.get("leaf").map_err(failed)?;
            if !self.is_logged(&connection, &review, leaf) {
                return Err(StoreError(format!(
                    "the log does not confirm a review of `{request}`: the database was changed behind its back"
                )));
            }
            reviews.push(review);
        }
        Ok(reviews)
    }

    fn person_version(&self, person: &str) -> Result<u64, StoreError> {
        self.reading(|connection| person_version(connection, person))
    }

    fn reserved(&self, person: &str, except: &str) -> Result<Vec<Reserved>, StoreError> {
        self.reading(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT id, request, entitlement FROM access_grant
                 WHERE person = ?1 AND id <> ?2 AND state IN ('committed', 'unknown', 'revoking') ORDER BY id",
            )?;
            let rows = query.query_map([person, except], |row| {
                Ok(Reserved { grant: row.get(0)?, request: row.get(1)?, entitlement: row.get(2)? })
            })?;
            rows.collect()
        })
    }

    fn earlier(
        &self,
        person: &str,
        entitlement: &str,
        since: Timestamp,
        except: &str,
    ) -> Result<Vec<EarlierGrant>, StoreError> {
        self.reading(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT id, entitlement, starts, COALESCE(ends, 253402300799) AS until FROM access_grant
                 WHERE person = ?1 AND entitlement = ?2 AND id <> ?4 AND until > ?3
                 AND state NOT IN ('refused', 'withdrawn') ORDER BY starts, id",
            )?;
            let rows = query.query_map(params![person, entitlement, since.seconds(), except], |row| {
                Ok(EarlierGrant {
                    grant: row.get(0)?,
                    entitlement: row.get(1)?,
                    start: timestamp(row, "starts")?,
                    end: timestamp(row, "until")?,
                })
            })?;
            rows.collect()
        })
    }

    fn filed_since(
        &self,
        requester: &str,
        since: Timestamp,
        except: &str,
    ) -> Result<u32, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached(
                    "SELECT COUNT(DISTINCT id) FROM request WHERE requester = ?1 AND filed_at > ?2 AND id <> ?3",
                )?
                .query_row(params![requester, since.seconds(), except], |row| row.get(0))
        })
    }

    fn bound_power(&self, entitlement: &str) -> Result<Option<String>, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached("SELECT power FROM binding WHERE entitlement = ?1")?
                .query_row([entitlement], |row| row.get(0))
                .optional()
        })
    }

    fn brakes(
        &self,
        person: &str,
        entitlement: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        self.reading(|connection| brakes(connection, &self.budgets, person, entitlement, now))
    }

    fn active_policy(&self) -> Result<Option<String>, StoreError> {
        self.reading(|connection| meta(connection, "active_policy"))
    }

    fn is_overridden(&self, digest: &str) -> Result<bool, StoreError> {
        self.reading(|connection| {
            connection
                .query_row(
                    "SELECT COUNT(*) FROM automatic_override WHERE digest = ?1",
                    [digest],
                    |row| row.get::<_, u32>(0),
                )
                .map(|count| count > 0)
        })
    }

    fn grant(&self, id: &str) -> Result<Option<GrantRow>, StoreError> {
        self.reading(|connection| {
            let query = format!("SELECT {GRANT_COLUMNS} FROM access_grant WHERE id = ?1");
            connection
                .prepare_cached(&query)?
                .query_row([id], grant_row)
                .optional()
        })
    }

    fn grants(&self, states: &[GrantState], limit: u32) -> Result<Vec<GrantRow>, StoreError> {
        self.reading(|connection| {
            let names: Vec<String> = states
                .iter()
                .map(|state| format!("'{}'", state.name()))
                .collect();
            let filter = if names.is_empty() {
                String::new()
            } else {
                format!("WHERE state IN ({})", names.join(", "))
            };
            let query = format!(
                "SELECT {GRANT_COLUMNS} FROM access_grant {filter} ORDER BY starts, id LIMIT ?1"
            );
            connection
                .prepare(&query)?
                .query_map([limit], grant_row)?
                .collect()
        })
    }

    fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<GrantRow>, StoreError> {
        self.reading(|connection| {
            let query = format!(
                "SELECT {GRANT_COLUMNS} FROM access_grant
                 WHERE state IN ('applied', 'unknown') AND ends <= ?1 ORDER BY ends, id LIMIT ?2"
            );
            connection
                .prepare_cached(&query)?
                .query_map(params![now.seconds(), limit], grant_row)?
                .collect()
        })
    }

    fn leaf_confirms(&self, grant: &GrantRow) -> Result<bool, StoreError> {
        let connection = locked(&self.writer);
        Ok(self.is_grant_logged(&connection, grant))
    }

    fn receipt(&self, leaf: u64) -> Result<String, StoreError> {
        let connection = locked(&self.writer);
        let checkpoint = self.checkpoint(&connection)?;
        let bytes: Vec<u8> = connection
            .query_row(
                "SELECT bytes FROM log_leaf WHERE number = ?1",
                [leaf],
                |row| row.get(0),
            )
            .map_err(|error| StoreError(error.to_string()))?;
        let receipt = Receipt::new(&Database(&connection), &checkpoint, leaf)
            .map_err(|error| StoreError(error.to_string()))?;
        Ok(receipt.with_leaf(&bytes).to_string())
    }

    fn log_state(&self) -> LogState {
        self.log_state
    }

    fn publish(&self) -> Result<(), StoreError> {
        let connection = locked(&self.writer);
        if head(&connection)
            .map_err(|error| StoreError(error.to_string()))?
            .is_none()
        {
            return Ok(());
        }
        let checkpoint = self.checkpoint(&connection)?;
        audit::publish(
            &FolderDisk::new(&self.tiles),
            &Database(&connection),
            &checkpoint,
            Scope::SinceLast,
        )
        .map(|_| ())
        .map_err(|error| StoreError(error.to_string()))
    }

    fn highest_time(&self) -> Result<Timestamp, StoreError> {
        let text = self.reading(|connection| meta(connection, "highest_time"))?;
        Ok(Timestamp::from_seconds(
            text.and_then(|text| text.parse().ok()).unwrap_or(0),
        ))
    }
}

impl SqliteStore {
    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        read(&locked(&self.writer)).map_err(|error| StoreError(error.to_string()))
    }
}

pub(crate) fn meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()
}

pub(crate) fn person_version(connection: &Connection, person: &str) -> rusqlite::Result<u64> {
    let mut query =
        connection.prepare_cached("SELECT version FROM person_version WHERE person = ?1")?;
    Ok(query
        .query_row([person], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// Budgets that a further automatic grant would exceed. Refused grants gave nothing and do not count.
pub(crate) fn brakes(
    connection: &Connection,
    budgets: &Budgets,
    person: &str,
    entitlement: &str,
    now: Timestamp,
) -> rusqlite::Result<Vec<String>> {
    let since = now.minus(budgets.window).seconds();
    let mut query = connection.prepare_cached(
        "SELECT COUNT(*), COALESCE(SUM(person = ?2), 0), COALESCE(SUM(entitlement = ?3), 0) FROM access_grant
         WHERE authority = 'automatic' AND starts > ?1 AND state <> 'refused'",
    )?;
    let (all, own, same): (u32, u32, u32) = query
        .query_row(params![since, person, entitlement], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let window = budgets.window;
    let candidates = [
        (
            own >= budgets.per_person,
            format!(
                "{} automatic grants for one person in {window}",
                budgets.per_person
            ),
        ),
        (
            same >= budgets.per_entitlement,
            format!(
                "{} automatic grants of one entitlement in {window}",
                budgets.per_entitlement
            ),
        ),
        (
            all >= budgets.in_all,
            format!("{} automatic grants in {window}", budgets.in_all),
        ),
    ];
    Ok(candidates
        .into_iter()
        .filter(|(used, _)| *used)
        .map(|(_, name)| name)
        .collect())
}
