//! The state, saved under the log's key, so that a start reads new leaves only.
//!
//! Whoever cannot sign can take it away or put an older one back. Then a start reads more leaves and knows the same.

use audit::note::Note;
use audit::{Appender, Frontier, NoteError, SigningKey, VerifierKey};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::SignedState;

/// First line of the note. A checkpoint has its origin there and a number after it, this has a digest: neither can be
/// taken for the other.
const HEADER: &str = "access-request-agent/signed-state/v2";

#[derive(Serialize, Deserialize)]
struct Saved {
    /// The tree's right edge, as `Frontier` writes it.
    edge: Vec<u8>,
    state: SignedState,
}

/// Saves the state after the leaves left of `edge`, in place of what was saved before.
pub(crate) fn save(
    connection: &Connection,
    key: &SigningKey,
    state: &SignedState,
    edge: &Appender,
) -> rusqlite::Result<()> {
    let saved = Saved {
        edge: edge.frontier().to_bytes(),
        state: state.clone(),
    };
    let body = serde_json::to_string(&saved).map_err(unusable)?;
    let note = key.sign(&text(&body)).map_err(unusable)?;
    connection
        .execute(
            "INSERT OR REPLACE INTO signed_state VALUES (1, ?1, ?2)",
            params![body, note],
        )
        .map(|_| ())
}

/// What was saved; `None` when there is nothing, or nothing that the key signed.
pub(super) fn load(connection: &Connection, key: &VerifierKey) -> Option<(SignedState, Frontier)> {
    let (body, note): (String, String) = connection
        .query_row("SELECT body, note FROM signed_state", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .ok()??;
    is_signed(&body, &note, key).ok().filter(|signed| *signed)?;
    let Saved { edge, mut state } = serde_json::from_str(&body).ok()?;
    state.index();
    Some((state, Frontier::from_bytes(&edge).ok()?))
}

fn is_signed(body: &str, note: &str, key: &VerifierKey) -> Result<bool, NoteError> {
    Ok(Note::parse(note.as_bytes())?.verify(key)? == text(body))
}

fn text(body: &str) -> String {
    let digest = audit::Digest(Sha256::digest(body).into());
    format!("{HEADER}\n{}\n", digest.to_hex())
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
