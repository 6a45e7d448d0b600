//! Grants as the signed log tells them. Rows add what the log does not hold in clear, and what is over.

use std::collections::BTreeSet;

use decision::evidence::record::{EarlierGrant, Reserved};
use decision::time::Timestamp;
use ports::store::{GrantRow, GrantState};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::{GRANT_COLUMNS, grant_row, timestamp};
use crate::group::locked;
use crate::open::SqliteStore;
use crate::signed::{SignedGrant, is_over};

/// The last second of the year 9999: until when a standing grant counts.
const STANDING: i64 = 253_402_300_799;

impl SqliteStore {
    pub(crate) fn row_of(
        &self,
        connection: &Connection,
        id: &str,
    ) -> rusqlite::Result<Option<GrantRow>> {
        let query = format!("SELECT {GRANT_COLUMNS} FROM access_grant WHERE id = ?1");
        connection
            .prepare_cached(&query)?
            .query_row([id], grant_row)
            .optional()
    }

    pub(super) fn grant_as_signed(&self, id: &str) -> rusqlite::Result<Option<GrantRow>> {
        let connection = locked(&self.writer);
        let row = self.row_of(&connection, id)?;
        let state = locked(&self.signed);
        Ok(match state.grant(id) {
            Some(signed) => Some(self.as_signed(id, signed, row)),
            None => row,
        })
    }

    pub(super) fn grants_as_signed(
        &self,
        states: &[GrantState],
        limit: u32,
    ) -> rusqlite::Result<Vec<GrantRow>> {
        let connection = locked(&self.writer);
        let state = locked(&self.signed);
        let wanted = |state: GrantState| states.is_empty() || states.contains(&state);
        let mut found = Vec::new();
        for (id, signed) in state.grants().filter(|(_, signed)| wanted(signed.state)) {
            found.push(self.as_signed(id, signed, self.row_of(&connection, id)?));
        }
        // What the log does not know as live: what is over, and rows that somebody else wrote.
        let names: Vec<&str> = GrantState::ALL
            .into_iter()
            .filter(|state| wanted(*state))
            .map(GrantState::name)
            .collect();
        let query = format!(
            "SELECT {GRANT_COLUMNS} FROM access_grant WHERE state IN ('{}') ORDER BY starts, id LIMIT ?1",
            names.join("', '")
        );
        // Rows of live grants are read too, and left out.
        let rows = i64::try_from(found.len()).unwrap_or(i64::MAX);
        for row in connection
            .prepare(&query)?
            .query_map([i64::from(limit).saturating_add(rows)], grant_row)?
        {
            let row = row?;
            if state.grant(&row.id).is_none() {
                found.push(row);
            }
        }
        found.sort_by(|one, other| (one.starts, &one.id).cmp(&(other.starts, &other.id)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// On a log that does not verify, grants that were under way are included, and what either leaves or rows say has
    /// ended: taking back is always allowed.
    pub(super) fn expired_grants(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> rusqlite::Result<Vec<GrantRow>> {
        let connection = locked(&self.writer);
        let state = locked(&self.signed);
        let may_be_there = |state| {
            self.log_trouble().is_some()
                || matches!(state, GrantState::Applied | GrantState::Unknown)
        };
        let mut ended: Vec<(Timestamp, &str, &SignedGrant)> = state
            .grants()
            .filter(|(_, signed)| may_be_there(signed.state))
            .filter_map(|(id, signed)| Some((signed.ends?, id, signed)))
            .filter(|(ends, ..)| *ends <= now)
            .collect();
        ended.sort_by_key(|(ends, id, _)| (*ends, *id));
        ended.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut found = Vec::with_capacity(ended.len());
        for (_, id, signed) in ended {
            found.push(self.as_signed(id, signed, self.row_of(&connection, id)?));
        }
        if !self.is_signed {
            let query = format!(
                "SELECT {GRANT_COLUMNS} FROM access_grant WHERE ends <= ?1
                 AND state NOT IN ('refused', 'revoked', 'withdrawn') ORDER BY ends, id LIMIT ?2"
            );
            let known: BTreeSet<String> = found.iter().map(|row| row.id.clone()).collect();
            let mut query = connection.prepare(&query)?;
            for row in query.query_map(params![now.seconds(), limit], grant_row)? {
                let row = row?;
                if !known.contains(&row.id) {
                    found.push(row);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn reserved_grants(&self, person: &str, except: &str) -> Vec<Reserved> {
        let hash = self.person_hash(person);
        self.signed(|state| {
            state
                .grants_of(&hash)
                .filter(|(id, signed)| *id != except && signed.state != GrantState::Applied)
                .map(|(id, signed)| Reserved {
                    grant: id.to_owned(),
                    request: signed.request.clone(),
                    entitlement: signed.entitlement.clone(),
                })
                .collect()
        })
    }

    pub(super) fn earlier_grants(
        &self,
        person: &str,
        entitlement: &str,
        since: Timestamp,
        except: &str,
    ) -> rusqlite::Result<Vec<EarlierGrant>> {
        let hash = self.person_hash(person);
        let connection = locked(&self.writer);
        let state = locked(&self.signed);
        let mut found: Vec<EarlierGrant> = state
            .grants_of(&hash)
            .filter(|(_, signed)| signed.entitlement == entitlement)
            .map(|(id, signed)| EarlierGrant {
                grant: id.to_owned(),
                entitlement: entitlement.to_owned(),
                start: signed.starts,
                end: signed.ends.unwrap_or(Timestamp::from_seconds(STANDING)),
            })
            .collect();
        let mut query = connection.prepare_cached(
            "SELECT id, entitlement, starts, COALESCE(ends, ?3) AS until FROM access_grant
             WHERE person = ?1 AND entitlement = ?2 AND until > ?4 AND state NOT IN ('refused', 'withdrawn')",
        )?;
        let since_seconds = since.seconds();
        let rows = query.query_map(
            params![person, entitlement, STANDING, since_seconds],
            |row| {
                Ok(EarlierGrant {
                    grant: row.get(0)?,
                    entitlement: row.get(1)?,
                    start: timestamp(row, "starts")?,
                    end: timestamp(row, "until")?,
                })
            },
        )?;
        for row in rows {
            let row = row?;
            if state.grant(&row.grant).is_none() {
                found.push(row);
            }
        }
        found.retain(|earlier| earlier.grant != except && earlier.end > since);
        found.sort_by(|one, other| (one.start, &one.grant).cmp(&(other.start, &other.grant)));
        Ok(found)
    }

    /// A grant that is not over. The row gives the person when the log's hash is theirs, their login, the digest of the
    /// content when the log's hash is of it, and what was seen last; everything else is the log's.
    fn as_signed(&self, id: &str, signed: &SignedGrant, row: Option<GrantRow>) -> GrantRow {
        let row = row.filter(|row| self.person_hash(&row.person) == signed.person);
        // Without it what the log says stays, which is the digest of nothing.
        let content_digest = row
            .as_ref()
            .filter(|row| self.content_said(signed, row) == signed.content)
            .map_or_else(|| signed.content.clone(), |row| row.content_digest.clone());
        let (person, login, detail) = row.map_or_else(
            || {
                (
                    String::new(),
                    String::new(),
                    "its row is gone or altered".to_owned(),
                )
            },
            |row| {
                let detail = if is_over(row.state) {
                    format!("its row says {}, and the log does not", row.state.name())
                } else {
                    row.detail
                };
                (row.person, row.login, detail)
            },
        );
        GrantRow {
            id: id.to_owned(),
            request: signed.request.clone(),
            // A grant's id is that of its request with the revision behind it.
            revision: id
                .rsplit_once('#')
                .and_then(|(_, revision)| revision.parse().ok())
                .unwrap_or_default(),
            person,
            login,
            entitlement: signed.entitlement.clone(),
            starts: signed.starts,
            ends: signed.ends,
            authority: signed.authority.clone(),
            content_digest,
            state: signed.state,
            detail,
            leaf: signed.leaf,
        }
    }
}
