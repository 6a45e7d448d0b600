//! Runs over a vault, as the log and the rows have them.

use audit::Leaf;
use ports::store::StoreError;
use rusqlite::params;

use crate::open::SqliteStore;

/// The inputs of an action that a run committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAction {
    /// Its key.
    pub key: String,
    /// The run and the evidence as JSON; `None` when the row is gone.
    pub inputs: Option<String>,
    /// Index of the leaf that the row names.
    leaf: u64,
}

impl SqliteStore {
    /// Digest of the record of a run, by the log, with the index of its leaf. `None` when the log has no such run.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run_record(&self, run: &str) -> Result<Option<(u64, String)>, StoreError> {
        let leaves = self.leaves_of("vault.analysed")?.into_iter();
        let mut own =
            leaves.filter(|(_, leaf)| leaf.clear.get("run").is_some_and(|own| own == run));
        Ok(own.find_map(|(number, leaf)| Some((number, leaf.clear.get("record")?.clone()))))
    }

    /// Index of the leaf by which the record of a run was erased, by the log. `None` when the log does not say so.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run_erased(&self, run: &str) -> Result<Option<u64>, StoreError> {
        let mut leaves = self.leaves_of("vault.erased")?.into_iter();
        let erased = leaves.find(|(_, leaf)| {
            let runs = leaf.clear.get("runs");
            runs.is_some_and(|runs| runs.lines().any(|erased| erased == run))
        });
        Ok(erased.map(|(number, _)| number))
    }

    /// The leaves of an event, with their indices.
    fn leaves_of(&self, event: &str) -> Result<Vec<(u64, Leaf)>, StoreError> {
        let named = format!("\"event\":\"{event}\"").into_bytes();
        let leaves = self.reading(|connection| {
            connection
                .prepare(
                    "SELECT number, bytes FROM log_leaf WHERE instr(bytes, ?1) > 0 ORDER BY number",
                )?
                .query_map(params![named], |row| {
                    Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let leaves = leaves.into_iter().filter_map(|(number, bytes)| {
            let leaf = Leaf::parse(&bytes).ok()?;
            (leaf.event == event).then_some((number, leaf))
        });
        Ok(leaves.collect())
    }

    /// The actions of a run: those that the signed log has, each with the inputs of its row when there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn actions_of_run(&self, run: &str) -> Result<Vec<RunAction>, StoreError> {
        let mut found: Vec<RunAction> = self.reading(|connection| {
            connection
                .prepare(
                    "SELECT key, evidence, leaf FROM vault_action WHERE run = ?1 ORDER BY number",
                )?
                .query_map([run], |row| {
                    Ok(RunAction {
                        key: row.get(0)?,
                        inputs: Some(row.get(1)?),
                        leaf: row.get(2)?,
                    })
                })?
                .collect()
        })?;
        let signed: Vec<String> = self.signed(|signed| {
            let own = signed.vault.actions.iter();
            let own = own.filter(|(_, record)| record.run == run);
            own.map(|(key, _)| key.clone()).collect()
        });
        for key in signed {
            if !found.iter().any(|action| action.key == key) {
                found.push(RunAction {
                    key,
                    inputs: None,
                    leaf: 0,
                });
            }
        }
        Ok(found)
    }

    /// Whether the log has this action with evidence of this digest (hexadecimal): a row can be edited, its leaf cannot.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_logged_action(&self, action: &RunAction, evidence: &str) -> Result<bool, StoreError> {
        let bytes: Option<Vec<u8>> = self.reading(|connection| {
            use rusqlite::OptionalExtension as _;
            connection
                .query_row(
                    "SELECT bytes FROM log_leaf WHERE number = ?1",
                    [action.leaf],
                    |row| row.get(0),
                )
                .optional()
        })?;
        let leaf = bytes.and_then(|bytes| Leaf::parse(&bytes).ok());
        Ok(leaf.is_some_and(|leaf| {
            leaf.clear.get("key") == Some(&action.key)
                && self.says_digest(&leaf, "evidence", evidence)
        }))
    }
}
