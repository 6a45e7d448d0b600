//! Rows of the vault's door against the log: the inputs of actions, and letters.

use std::collections::BTreeMap;

use audit::{Category, Digest, Leaf};
use decision::vault::{Evidence, Run};
use ports::store::{Posted, StoreError};
use rusqlite::Connection;
use serde::Deserialize;

use super::count;
use crate::open::SqliteStore;
use crate::read::rows::{LETTER_COLUMNS, letter_row, text_or_none};
use crate::signed::letters::{SignedLetter, take_in};

/// What the leaves say of the vault's door, as they are read.
#[derive(Default)]
pub(super) struct SignedDoor {
    /// Leaves that prepare an action, by their index.
    actions: BTreeMap<u64, Leaf>,
    /// Letters that are not over.
    open: BTreeMap<String, SignedLetter>,
    /// Letters that are.
    over: BTreeMap<String, SignedLetter>,
}

impl SignedDoor {
    pub(super) fn take_in(&mut self, number: u64, leaf: &Leaf) {
        if leaf.category == Category::PreparedChange && leaf.event.starts_with("vault.") {
            self.actions.insert(number, leaf.clone());
        } else if leaf.category == Category::Effect && leaf.event == "mail" {
            self.over.extend(take_in(&mut self.open, number, leaf));
        }
    }

    /// Number of actions.
    pub(super) fn actions(&self) -> u64 {
        count(self.actions.len())
    }

    /// Number of letters.
    pub(super) fn letters(&self) -> u64 {
        count(self.open.len().saturating_add(self.over.len()))
    }
}

/// A row of `vault_action`.
struct ActionRow {
    key: String,
    request: String,
    run: String,
    /// The run and the evidence as JSON.
    inputs: String,
    comment: String,
    leaf: u64,
}

/// What a row of `vault_action` keeps as JSON.
#[derive(Deserialize)]
struct Inputs {
    run: Run,
    evidence: Evidence,
}

impl SqliteStore {
    /// Where rows of actions and of letters differ from the log, both ways.
    pub(super) fn door_differences(
        &self,
        connection: &Connection,
        signed: SignedDoor,
    ) -> Result<Vec<String>, StoreError> {
        let failed = |error: rusqlite::Error| StoreError(error.to_string());
        let mut differences = self
            .action_differences(connection, signed.actions)
            .map_err(failed)?;
        let mut letters = signed.over;
        letters.extend(signed.open);
        let of_letters = self.letter_differences(connection, letters);
        differences.extend(of_letters.map_err(failed)?);
        Ok(differences)
    }

    fn action_differences(
        &self,
        connection: &Connection,
        mut signed: BTreeMap<u64, Leaf>,
    ) -> rusqlite::Result<Vec<String>> {
        let mut query = connection.prepare(
            "SELECT key, request, run, evidence, comment, leaf FROM vault_action ORDER BY number",
        )?;
        let rows = query.query_map([], |row| {
            let text = |column| text_or_none(row, column);
            let leaf = row.get_ref("leaf")?.as_i64().ok();
            Ok(ActionRow {
                key: text("key")?,
                request: text("request")?,
                run: text("run")?,
                inputs: text("evidence")?,
                comment: text("comment")?,
                // No leaf has the highest number.
                leaf: leaf
                    .and_then(|leaf| leaf.try_into().ok())
                    .unwrap_or(u64::MAX),
            })
        })?;
        let mut differences = Vec::new();
        for row in rows {
            let row = row?;
            let leaf = signed.remove(&row.leaf);
            if !leaf.is_some_and(|leaf| self.is_action(connection, &row, &leaf)) {
                differences.push(format!(
                    "action `{}`: table vault_action says something that the signed log does not confirm (entry {})",
                    row.key, row.leaf
                ));
            }
        }
        differences.extend(signed.into_iter().map(|(number, leaf)| {
            let key = leaf.clear.get("key").map_or("", String::as_str);
            format!(
                "action `{key}`: table vault_action has no such row, the signed log has it (entry {number})"
            )
        }));
        Ok(differences)
    }

    /// Whether a leaf says of an action what its row says, the comment and all inputs included.
    fn is_action(&self, connection: &Connection, row: &ActionRow, leaf: &Leaf) -> bool {
        let Ok(Inputs { run, evidence }) = serde_json::from_str(&row.inputs) else {
            return false;
        };
        let digest = Digest(evidence.digest(&run.digest())).to_hex();
        let says = |name: &str, value: &String| leaf.clear.get(name) == Some(value);
        says("key", &row.key)
            && says("run", &row.run)
            && leaf.request == row.request
            && self.says_digest(leaf, "evidence", &digest)
            && self.opens(connection, row.leaf, leaf, "comment", &row.comment)
    }

    fn letter_differences(
        &self,
        connection: &Connection,
        mut signed: BTreeMap<String, SignedLetter>,
    ) -> rusqlite::Result<Vec<String>> {
        let query = format!("SELECT {LETTER_COLUMNS} FROM outbox ORDER BY number");
        let mut query = connection.prepare(&query)?;
        let mut differences = Vec::new();
        for row in query.query_map([], letter_row)? {
            let row = row?;
            let signed = signed.remove(&row.letter.id);
            differences.extend(self.letter_difference(&row, signed));
        }
        differences.extend(signed.into_iter().map(|(id, signed)| {
            format!(
                "letter `{id}`: table outbox has no such row, the signed log says `{}` (entry {})",
                signed.state.name(),
                signed.leaf
            )
        }));
        Ok(differences)
    }

    fn letter_difference(&self, row: &Posted, signed: Option<SignedLetter>) -> Option<String> {
        let id = &row.letter.id;
        let Some(signed) = signed else {
            return Some(format!(
                "letter `{id}`: table outbox says `{}`, the signed log never queued it",
                row.state.name()
            ));
        };
        // What was queued by earlier versions has no words in the log.
        if !signed.letter.is_empty() && !self.is_letter(&signed.letter, &row.letter) {
            return Some(format!(
                "letter `{id}`: table outbox has other addresses or words than the signed log (entry {})",
                signed.leaf
            ));
        }
        (row.state != signed.state).then(|| {
            format!(
                "letter `{id}`: column state of table outbox says `{}`, the signed log says `{}` (entry {})",
                row.state.name(),
                signed.state.name(),
                signed.leaf
            )
        })
    }
}
