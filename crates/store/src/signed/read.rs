//! Reading the leaves: from a state that was saved under the log's key, or from the first one.

use std::path::Path;

use audit::checkpoint::SignedCheckpoint;
use audit::{Appender, Frontier, Leaf, TileFolder, TileReader as _, VerifierKey};
use rusqlite::Connection;

use super::{SignedGrant, SignedState, saved};
use crate::check::CHECKPOINT_BYTES_MAX;
use crate::log::head;

/// Length of `{"at":"YYYY-MM-DDTHH:MM:SSZ","category":"`, with which each leaf begins.
const CATEGORY_AT: usize = 41;

/// What came of reading the leaves.
pub(crate) struct Reading {
    /// What they say.
    pub(crate) state: SignedState,
    /// The tree's right edge after the last of them.
    pub(crate) edge: Appender,
    /// Number of leaves that were read.
    pub(crate) read: u64,
    /// Why they are not what was signed; `None` when they are. The state is then the best guess there is.
    pub(crate) trouble: Option<String>,
}

/// Hears of each leaf with its index, and of the grant that is over by it.
pub(crate) type Each<'a> = &'a mut dyn FnMut(u64, &Leaf, Option<(String, SignedGrant)>);

/// Reads what was appended since the state was saved, and holds it against the signed checkpoint.
pub(crate) fn from_saved(connection: &Connection, key: &VerifierKey) -> Reading {
    let (state, edge) = saved::load(connection, key).unwrap_or_default();
    read(connection, key, state, edge, None)
}

/// Reads every leaf, and holds all of them against the signed checkpoint.
pub(crate) fn from_first_leaf(
    connection: &Connection,
    key: &VerifierKey,
    each: Each<'_>,
) -> Reading {
    let (state, edge) = (SignedState::default(), Frontier::new());
    read(connection, key, state, edge, Some(each))
}

/// What the published log says, when its files are what its checkpoint signs: where to look when the database's are not.
pub(crate) fn from_published(folder: &Path, key: &VerifierKey) -> Option<SignedState> {
    let folder = TileFolder::new(folder);
    let note = folder.read("checkpoint", CHECKPOINT_BYTES_MAX).ok()??;
    let checkpoint = SignedCheckpoint::verify(&note, key).ok()?;
    let size = checkpoint.size();
    let mut reading = Reading::from(SignedState::default(), Frontier::new());
    for tile in 0..size.div_ceil(256) {
        let first = tile.checked_mul(256)?;
        let width = u16::try_from(size.saturating_sub(first).min(256)).ok()?;
        for (leaf, number) in folder.entries(tile, width).ok()?.iter().zip(first..) {
            reading.take_in(number, leaf, None).ok()?;
        }
    }
    reading.edge.matches(&checkpoint).then_some(reading.state)
}

fn read(
    connection: &Connection,
    key: &VerifierKey,
    state: SignedState,
    edge: Frontier,
    each: Option<Each<'_>>,
) -> Reading {
    let mut reading = Reading::from(state, edge);
    reading.trouble = leaves(connection, &mut reading, each)
        .and_then(|()| is_signed(connection, key, &reading.edge))
        .err();
    reading
}

fn leaves(
    connection: &Connection,
    reading: &mut Reading,
    mut each: Option<Each<'_>>,
) -> Result<(), String> {
    let failed = |error: rusqlite::Error| error.to_string();
    let mut query = connection
        .prepare("SELECT number, bytes FROM log_leaf WHERE number >= ?1 ORDER BY number")
        .map_err(failed)?;
    let first = reading.edge.frontier().size();
    let mut rows = query.query([first]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let number: u64 = row.get(0).map_err(failed)?;
        let bytes = row.get_ref(1).and_then(|value| Ok(value.as_blob()?));
        // Each reference to `each` ends with its leaf.
        let each: Option<Each<'_>> = match &mut each {
            Some(each) => Some(*each),
            None => None,
        };
        reading.take_in(number, bytes.map_err(failed)?, each)?;
    }
    Ok(())
}

impl Reading {
    fn from(state: SignedState, edge: Frontier) -> Self {
        Self {
            state,
            edge: Appender::new(edge),
            read: 0,
            trouble: None,
        }
    }

    fn take_in(&mut self, number: u64, bytes: &[u8], each: Option<Each<'_>>) -> Result<(), String> {
        let appended = self
            .edge
            .append(bytes)
            .map_err(|error| format!("entry {number}: {error}"))?;
        if appended.index != number {
            return Err(format!("entry {} is missing", appended.index));
        }
        self.read = self.read.saturating_add(1);
        if each.is_none() && !may_change_the_state(bytes) {
            let at = bytes.get(7..27).and_then(|at| str::from_utf8(at).ok());
            self.state.reach(at.unwrap_or_default());
        } else if let Ok(leaf) = Leaf::parse(bytes) {
            let over = self.state.take_in(number, &leaf);
            if let Some(each) = each {
                each(number, &leaf, over);
            }
        }
        Ok(())
    }
}

/// Whether a leaf is of a category that the state is made of. Leaves are canonical, so each begins alike.
fn may_change_the_state(leaf: &[u8]) -> bool {
    let name = leaf.get(CATEGORY_AT..).unwrap_or_default();
    let others = [&b"request\""[..], b"policy_check\"", b"approvals\""];
    !others.iter().any(|other| name.starts_with(other))
}

/// The leaves that were read are those that the newest checkpoint signs.
fn is_signed(connection: &Connection, key: &VerifierKey, edge: &Appender) -> Result<(), String> {
    let size = edge.frontier().size();
    let Some(head) = head(connection).map_err(|error| error.to_string())? else {
        return if size == 0 {
            Ok(())
        } else {
            Err("the log has entries but no head".to_owned())
        };
    };
    let checkpoint = SignedCheckpoint::verify(head.checkpoint.as_bytes(), key)
        .map_err(|error| format!("the stored checkpoint: {error}"))?;
    if edge.matches(&checkpoint) {
        Ok(())
    } else if size > checkpoint.size() {
        Err(format!(
            "{size} entries were signed before and the checkpoint counts {}: the database was rolled back",
            checkpoint.size()
        ))
    } else {
        Err("an entry is not what was signed; `audit verify --store` reads all of them".to_owned())
    }
}
