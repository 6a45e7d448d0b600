//! Holding rows against the signed leaves. INVARIANT(signed-state).

mod vault;

use std::collections::BTreeMap;

use audit::person_hash;
use ports::store::{GrantRow, ReviewRow, StoreError};
use rusqlite::Connection;

use self::vault::SignedDoor;
use crate::check;
use crate::group::locked;
use crate::log::in_form_of;
use crate::open::SqliteStore;
use crate::read::rows::{GRANT_COLUMNS, grant_row, review_row};
use crate::signed::{SignedGrant, SignedState, from_first_leaf};

/// What holding the whole database against the signed log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Number of entries of the log.
    pub entries: u64,
    /// Number of grants in the log.
    pub grants: u64,
    /// Number of reviews in the log.
    pub reviews: u64,
    /// Number of actions on workflow requests in the log.
    pub actions: u64,
    /// Number of letters in the log.
    pub letters: u64,
    /// Where the database and the log differ, in words: what, where, and what the log says. Empty: nowhere.
    pub differences: Vec<String>,
}

impl SqliteStore {
    /// Reads every leaf, holds all of them against the signed checkpoint and against the published log's, and every
    /// grant, review, action of the vault's door and letter of the tables against its leaf, both ways. Time and memory are
    /// linear in the log.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn compare(&self) -> Result<Comparison, StoreError> {
        let connection = locked(&self.writer);
        let failed = |error: rusqlite::Error| StoreError(error.to_string());
        let mut grants = BTreeMap::new();
        let mut reviews = BTreeMap::new();
        let mut door = SignedDoor::default();
        let key = self.key.verifier();
        let reading = from_first_leaf(&connection, &key, &mut |number, leaf, over| {
            grants.extend(over);
            door.take_in(number, leaf);
            if let Some(review) = leaf.clear.get("review") {
                reviews.insert(review.clone(), number);
            }
        });
        let live = reading.state.grants();
        grants.extend(live.map(|(id, grant)| (id.to_owned(), grant.clone())));
        let mut comparison = Comparison {
            entries: reading.read,
            grants: count(grants.len()),
            reviews: count(reviews.len()),
            actions: door.actions(),
            letters: door.letters(),
            differences: Vec::new(),
        };
        let log = check::log(&connection, &self.key, &self.tiles).or(reading.trouble);
        comparison.differences.extend(log);
        let rows = self.grant_rows(&connection, "1 = 1").map_err(failed)?;
        comparison
            .differences
            .extend(self.differences(rows, &mut grants));
        comparison
            .differences
            .extend(grants.iter().map(|(id, grant)| missing(id, grant)));
        let found = self.review_differences(&connection, reviews)?;
        comparison.differences.extend(found);
        let found = self.door_differences(&connection, door)?;
        comparison.differences.extend(found);
        Ok(comparison)
    }

    /// Where the rows of grants that are not over, in the table or in the log, differ from the log. Time is linear in
    /// the number of such grants.
    pub(crate) fn live_differences(
        &self,
        connection: &Connection,
        state: &SignedState,
    ) -> rusqlite::Result<Vec<String>> {
        let mut signed: BTreeMap<String, SignedGrant> = state
            .grants()
            .map(|(id, grant)| (id.to_owned(), grant.clone()))
            .collect();
        let over = "state IN ('refused', 'revoked', 'withdrawn')";
        let rows = self.grant_rows(connection, &format!("NOT {over}"))?;
        let mut differences = self.differences(rows, &mut signed);
        for (id, grant) in &signed {
            differences.extend(match self.row_of(connection, id)? {
                None => Some(missing(id, grant)),
                Some(row) => self.difference(&row, grant),
            });
        }
        Ok(differences)
    }

    /// Differences of rows; those that have a row are taken out of `signed`.
    fn differences(
        &self,
        rows: Vec<GrantRow>,
        signed: &mut BTreeMap<String, SignedGrant>,
    ) -> Vec<String> {
        rows.iter()
            .filter_map(|row| match signed.remove(&row.id) {
                Some(grant) => self.difference(row, &grant),
                None => Some(format!(
                    "grant `{}`: table access_grant says `{}`, the signed log knows no such grant",
                    row.id,
                    row.state.name()
                )),
            })
            .collect()
    }

    /// The first column in which a row is not what the log says.
    pub(crate) fn difference(&self, row: &GrantRow, grant: &SignedGrant) -> Option<String> {
        let standing = || "standing".to_owned();
        let ends = |ends: Option<decision::time::Timestamp>| {
            ends.map_or_else(standing, |ends| ends.to_string())
        };
        let columns = [
            ("request", row.request.clone(), grant.request.clone()),
            (
                "person",
                self.person_hash(&row.person),
                grant.person.clone(),
            ),
            (
                "entitlement",
                row.entitlement.clone(),
                grant.entitlement.clone(),
            ),
            ("starts", row.starts.to_string(), grant.starts.to_string()),
            ("ends", ends(row.ends), ends(grant.ends)),
            ("authority", row.authority.clone(), grant.authority.clone()),
            (
                "content_digest",
                self.content_said(grant, row),
                grant.content.clone(),
            ),
            (
                "state",
                row.state.name().to_owned(),
                grant.state.name().to_owned(),
            ),
            ("leaf", row.leaf.to_string(), grant.leaf.to_string()),
        ];
        let (column, said, signed) = columns
            .into_iter()
            .find(|(_, said, signed)| said != signed)?;
        Some(format!(
            "grant `{}`: column {column} of table access_grant says `{said}`, the signed log says `{signed}` (entry {})",
            row.id, grant.leaf
        ))
    }

    /// What the log would say of the content that a row names.
    pub(crate) fn content_said(&self, grant: &SignedGrant, row: &GrantRow) -> String {
        let (key, request) = (&self.person_key, &grant.request);
        in_form_of(&grant.content, key, request, "content", &row.content_digest)
    }

    /// The keyed hash by which the log names a person, in hexadecimal.
    pub(crate) fn person_hash(&self, person: &str) -> String {
        person_hash(&self.person_key, person).to_hex()
    }

    fn grant_rows(
        &self,
        connection: &Connection,
        condition: &str,
    ) -> rusqlite::Result<Vec<GrantRow>> {
        connection
            .prepare(&format!(
                "SELECT {GRANT_COLUMNS} FROM access_grant WHERE {condition} ORDER BY id"
            ))?
            .query_map([], grant_row)?
            .collect()
    }

    fn review_differences(
        &self,
        connection: &Connection,
        mut signed: BTreeMap<String, u64>,
    ) -> Result<Vec<String>, StoreError> {
        let failed = |error: rusqlite::Error| StoreError(error.to_string());
        let mut differences = Vec::new();
        let mut query = connection
            .prepare("SELECT id, request, kind, body, leaf FROM review ORDER BY number")
            .map_err(failed)?;
        let mut rows = query.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let id: String = row.get("id").map_err(failed)?;
            let leaf: u64 = row.get("leaf").map_err(failed)?;
            signed.remove(&id);
            let review: Result<ReviewRow, StoreError> = review_row(row);
            if !review.is_ok_and(|review| self.is_logged(connection, &review, leaf)) {
                differences.push(format!(
                    "review `{id}`: table review says something that the signed log does not confirm (entry {leaf})"
                ));
            }
        }
        differences.extend(signed.into_iter().map(|(id, leaf)| {
            format!(
                "review `{id}`: table review has no such row, the signed log has it (entry {leaf})"
            )
        }));
        Ok(differences)
    }
}

fn missing(id: &str, grant: &SignedGrant) -> String {
    format!(
        "grant `{id}`: table access_grant has no such row, the signed log says `{}` (entry {})",
        grant.state.name(),
        grant.leaf
    )
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
