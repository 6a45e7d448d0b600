//! The look at the log when a store is opened: head, signature, tail, and what was published.

use std::path::Path;

use audit::checkpoint::SignedCheckpoint;
use audit::hash::leaf_hash;
use audit::merkle::root_at;
use audit::reader::TreeHashes;
use audit::{Appender, Frontier, SigningKey, TileFolder};
use rusqlite::Connection;

use crate::log::{Database, head};

/// Longest checkpoint that is read.
pub(crate) const CHECKPOINT_BYTES_MAX: u64 = 64 * 1024;

/// What is wrong, or `None`. `audit verify` checks every leaf; this checks what a start must not build upon.
pub(crate) fn log(connection: &Connection, key: &SigningKey, tiles: &Path) -> Option<String> {
    match database(connection, key) {
        Ok(size) => published(connection, key, tiles, size),
        Err(trouble) => Some(trouble),
    }
}

fn database(connection: &Connection, key: &SigningKey) -> Result<u64, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let (leaves, nodes): (u64, u64) = connection
        .query_row(
            "SELECT (SELECT COUNT(*) FROM log_leaf), (SELECT COUNT(*) FROM log_tile WHERE level = 0)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(|error| text(&error))?;
    let Some(head) = head(connection).map_err(|error| text(&error))? else {
        return if leaves == 0 && nodes == 0 {
            Ok(0)
        } else {
            Err("the log has leaves but no head".to_owned())
        };
    };
    let frontier = Frontier::from_bytes(&head.frontier).map_err(|error| text(&error))?;
    let checkpoint = SignedCheckpoint::verify(head.checkpoint.as_bytes(), &key.verifier())
        .map_err(|error| format!("the stored checkpoint: {error}"))?;
    if !Appender::new(frontier).matches(&checkpoint) {
        return Err("the stored checkpoint is not that of the tree's right edge".to_owned());
    }
    let size = checkpoint.size();
    if leaves != size || nodes != size {
        return Err(format!(
            "the checkpoint counts {size} leaves, the table has {leaves} with {nodes} hashes"
        ));
    }
    let database = Database(connection);
    let root = root_at(&TreeHashes::new(&database, size), size).map_err(|error| text(&error))?;
    if root != checkpoint.root() {
        return Err("the tree in the database has another root than its checkpoint".to_owned());
    }
    if let Some(last) = size.checked_sub(1) {
        let tail: (Vec<u8>, Vec<u8>) = connection
            .query_row(
                "SELECT l.bytes, t.hash FROM log_leaf l JOIN log_tile t ON t.level = 0 AND t.number = l.number WHERE l.number = ?1",
                [last],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(|error| text(&error))?;
        if leaf_hash(&tail.0).0.as_slice() != tail.1.as_slice() {
            return Err(format!("the last leaf ({last}) is not what its hash says"));
        }
    }
    Ok(size)
}

/// A published tree that is larger than the database's, or that the database's does not continue, means that the
/// database was rolled back or exchanged.
fn published(connection: &Connection, key: &SigningKey, tiles: &Path, size: u64) -> Option<String> {
    let bytes = match TileFolder::new(tiles).read("checkpoint", CHECKPOINT_BYTES_MAX) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return None,
        Err(error) => return Some(format!("the published checkpoint cannot be read: {error}")),
    };
    let checkpoint = match SignedCheckpoint::verify(&bytes, &key.verifier()) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Some(format!("the published checkpoint: {error}")),
    };
    if checkpoint.size() > size {
        return Some(format!(
            "the published log has {} leaves and the database only {size}: the database was rolled back",
            checkpoint.size()
        ));
    }
    let database = Database(connection);
    match root_at(&TreeHashes::new(&database, size), checkpoint.size()) {
        Ok(root) if root == checkpoint.root() => None,
        Ok(_) => Some("the published log is not a beginning of the database's".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}
