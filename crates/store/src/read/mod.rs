//! What a store can be asked.

mod confirm;
mod grants;
pub(crate) mod rows;
mod runs;

use audit::{FolderDisk, Receipt, Scope};
use decision::evidence::record::{EarlierGrant, LogState, Reserved};
use decision::time::Timestamp;
use decision::vault::Action;
use ports::store::{
    Budgets, CommitError, Committal, GrantRow, GrantState, Listing, Page, PolicySource, PostState,
    Posted, RequestRow, ReviewRow, Store, StoreError, StoredRuling, Transition, VaultState,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use self::rows::{RULING_COLUMNS, letters, page, review_row, ruling_row};
pub use self::runs::RunAction;
use crate::group::locked;
use crate::log::{Database, head};
use crate::open::SqliteStore;
use crate::signed::{SignedState, vault};

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

    fn ruling_is_logged(&self, ruling: &StoredRuling) -> Result<bool, StoreError> {
        Ok(self.is_ruling_logged(&locked(&self.writer), ruling))
    }

    fn ruling_of(&self, grant: &GrantRow) -> Result<Option<StoredRuling>, StoreError> {
        self.reading(|connection| {
            let query = format!("{RULING_COLUMNS} WHERE r.request = ?1 AND r.leaf = ?2");
            connection
                .prepare_cached(&query)?
                .query_row(params![grant.request, grant.leaf], ruling_row)
                .optional()
        })
    }

    fn rulings(&self, listing: Listing, limit: u32) -> Result<Page, StoreError> {
        self.reading(|connection| page(connection, listing, limit))
    }

    fn rulings_after(
        &self,
        number: u64,
        limit: u32,
    ) -> Result<Vec<(u64, StoredRuling)>, StoreError> {
        self.reading(|connection| {
            let query = format!(
                "SELECT r.number, {} WHERE r.number > ?1 ORDER BY r.number LIMIT ?2",
                RULING_COLUMNS.trim_start_matches("SELECT ")
            );
            connection
                .prepare_cached(&query)?
                .query_map(params![number, limit], |row| {
                    Ok((row.get("number")?, ruling_row(row)?))
                })?
                .collect()
        })
    }

    fn policy(&self, digest: &str) -> Result<Option<PolicySource>, StoreError> {
        self.reading(|connection| {
            connection
                .query_row(
                    "SELECT digest, file, source, guardrails FROM policy WHERE digest = ?1",
                    [digest],
                    |row| {
                        Ok(PolicySource {
                            digest: row.get(0)?,
                            file: row.get(1)?,
                            source: row.get(2)?,
                            guardrails: row.get(3)?,
                        })
                    },
                )
                .optional()
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
        Ok(self.reserved_grants(person, except))
    }

    fn earlier(
        &self,
        person: &str,
        entitlement: &str,
        since: Timestamp,
        except: &str,
    ) -> Result<Vec<EarlierGrant>, StoreError> {
        self.earlier_grants(person, entitlement, since, except)
            .map_err(failed)
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
        Ok(self.signed(|state| state.bound.get(entitlement).cloned()))
    }

    fn brakes(
        &self,
        person: &str,
        entitlement: &str,
        now: Timestamp,
        except: &str,
    ) -> Result<Vec<String>, StoreError> {
        let mut used = self.reading(|connection| {
            brakes(connection, &self.budgets, person, entitlement, now, except)
        })?;
        if self.is_held() {
            used.insert(0, "the kill switch is on".to_owned());
        }
        Ok(used)
    }

    fn active_policy(&self) -> Result<Option<String>, StoreError> {
        Ok(self.signed(|state| state.active_policy.clone()))
    }

    fn put_in_force(&self, person: &str) -> Result<bool, StoreError> {
        let hash = self.person_hash(person);
        Ok(self.signed(|state| state.activated_by.as_ref() == Some(&hash)))
    }

    fn is_overridden(&self, digest: &str) -> Result<bool, StoreError> {
        Ok(self.signed(|state| state.allowed.contains(digest)))
    }

    fn grant(&self, id: &str) -> Result<Option<GrantRow>, StoreError> {
        self.grant_as_signed(id).map_err(failed)
    }

    fn granted(&self, request: &str) -> Result<Option<String>, StoreError> {
        Ok(self.signed(|state| state.granted.get(request).cloned()))
    }

    fn grants(&self, states: &[GrantState], limit: u32) -> Result<Vec<GrantRow>, StoreError> {
        self.grants_as_signed(states, limit).map_err(failed)
    }

    fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<GrantRow>, StoreError> {
        self.expired_grants(now, limit).map_err(failed)
    }

    fn leaf_confirms(&self, grant: &GrantRow) -> Result<bool, StoreError> {
        Ok(self.signed(|state| {
            let signed = state.grant(&grant.id);
            signed.is_some_and(|signed| self.difference(grant, signed).is_none())
        }))
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
        match self.log_trouble() {
            None => LogState::Verified,
            Some(_) => LogState::Broken,
        }
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

    fn vault(&self) -> Result<VaultState, StoreError> {
        Ok(self.signed(|signed| signed.vault.clone()))
    }

    fn is_stopped(&self) -> Result<bool, StoreError> {
        Ok(self.signed(|signed| signed.vault.stopped))
    }

    fn vault_brakes(
        &self,
        action: Action,
        requester: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let hash = self.person_hash(requester);
        Ok(self.signed(|signed| vault::brakes(&signed.vault, &self.budgets, action, &hash, now)))
    }

    fn letters(&self, states: &[PostState], limit: u32) -> Result<Vec<Posted>, StoreError> {
        self.reading(|connection| letters(connection, states, limit))
    }

    fn letter_is_logged(&self, posted: &Posted) -> Result<bool, StoreError> {
        Ok(self.signed(|state| self.is_letter_logged(state, posted)))
    }

    fn highest_time(&self) -> Result<Timestamp, StoreError> {
        Ok(self.signed(|state| state.highest_time))
    }
}

impl SqliteStore {
    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        read(&locked(&self.writer)).map_err(failed)
    }

    /// What the signed leaves say, as of the last commit.
    fn signed<T>(&self, read: impl FnOnce(&SignedState) -> T) -> T {
        let _no_commit_under_way = locked(&self.writer);
        read(&locked(&self.signed))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: rusqlite::Error) -> StoreError {
    StoreError(error.to_string())
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
    except: &str,
) -> rusqlite::Result<Vec<String>> {
    let since = now.minus(budgets.window).seconds();
    let mut query = connection.prepare_cached(
        "SELECT COUNT(*), COALESCE(SUM(person = ?2), 0), COALESCE(SUM(entitlement = ?3), 0) FROM access_grant
         WHERE authority = 'automatic' AND starts > ?1 AND state <> 'refused' AND id <> ?4",
    )?;
    let (all, own, same): (u32, u32, u32) = query
        .query_row(params![since, person, entitlement, except], |row| {
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

impl SqliteStore {
    /// Whether the kill switch holds grants and decisions back, by the log or by the file, which somebody may have written since
    /// this process began. A commit asks this while it holds the writer, so only the signed state is locked here, never the writer.
    pub(crate) fn is_held(&self) -> bool {
        let file = self.stop_file.as_ref();
        locked(&self.signed).vault.stopped || file.is_some_and(|file| file.exists())
    }
}
