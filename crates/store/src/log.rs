//! The log inside the database: how a leaf is made, appended and read.

use std::collections::BTreeMap;

use audit::checkpoint::SignedCheckpoint;
use audit::reader::ReadError;
use audit::{
    Appender, Digest, Leaf, PersonKey, TileReader, VerifierKey, commitment, keyed_digest,
    person_hash,
};
use decision::time::Timestamp;
use ports::store::{Category, CommitError, LeafDraft};
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

/// Where the salts of commitments come from.
#[derive(Debug)]
pub enum Salts {
    /// From the operating system.
    System,
    /// From a seed: reproducible, and worth nothing outside a demo.
    Seeded {
        /// The seed.
        seed: [u8; 32],
        /// How many were taken.
        taken: u64,
    },
}

impl Salts {
    /// The next salt.
    pub(crate) fn next(&mut self) -> Result<[u8; 32], CommitError> {
        let mut salt = [0; 32];
        match self {
            Self::System => getrandom::fill(&mut salt)
                .map_err(|error| CommitError::Storage(format!("no randomness: {error}")))?,
            Self::Seeded { seed, taken } => {
                salt = Sha256::new()
                    .chain_update(*seed)
                    .chain_update(taken.to_be_bytes())
                    .finalize()
                    .into();
                *taken = taken.wrapping_add(1);
            }
        }
        Ok(salt)
    }
}

/// The tree's right edge and newest checkpoint.
pub(crate) struct Head {
    pub(crate) frontier: Vec<u8>,
    pub(crate) checkpoint: String,
}

/// The head; `None` before the first leaf.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    connection
        .query_row("SELECT frontier, checkpoint FROM log_head", [], |row| {
            Ok(Head {
                frontier: row.get(0)?,
                checkpoint: row.get(1)?,
            })
        })
        .optional()
}

/// Why the stored head is not the right edge that this process opened with or signed itself; `None` when it is. The
/// outer error is the database's. Who can write the file can write a head, and leaves for it: nothing is signed on top.
pub(crate) fn trouble(
    connection: &Connection,
    edge: &Appender,
    key: &VerifierKey,
) -> Result<Option<String>, CommitError> {
    let Some(head) = head(connection).map_err(storage)? else {
        let is_new = edge.frontier().size() == 0;
        return Ok((!is_new).then(|| "the log has lost its head".to_owned()));
    };
    let checkpoint = match SignedCheckpoint::verify(head.checkpoint.as_bytes(), key) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Ok(Some(format!("the stored checkpoint: {error}"))),
    };
    let is_ours = edge.matches(&checkpoint) && head.frontier == edge.frontier().to_bytes();
    Ok((!is_ours).then(|| "its head was changed by somebody else since the start".to_owned()))
}

/// A digest as a leaf holds it. INVARIANT(erasable): the digest alone would tell whoever can guess what has it.
fn said_of(key: &PersonKey, request: &str, name: &str, digest: &str) -> String {
    let keyed = keyed_digest(key, request, name, digest);
    format!("hmac-sha256:{}", keyed.to_hex())
}

/// What a leaf of `request` would say of `digest` in the field `name`, in the form of what it says there. Leaves of
/// earlier versions say the digest itself.
pub(crate) fn in_form_of(
    said: &str,
    key: &PersonKey,
    request: &str,
    name: &str,
    digest: &str,
) -> String {
    if said.starts_with("sha256:") {
        digest.to_owned()
    } else {
        said_of(key, request, name, digest)
    }
}

/// Appends a draft within the open transaction and gives its index and leaf.
pub(crate) fn append(
    connection: &Connection,
    appender: &mut Appender,
    draft: &LeafDraft,
    at: Timestamp,
    person_key: &PersonKey,
    salts: &mut Salts,
) -> Result<(u64, Leaf), CommitError> {
    let mut clear = draft.clear.clone();
    if let Some(person) = &draft.person {
        clear.insert(
            "person".to_owned(),
            person_hash(person_key, person).to_hex(),
        );
    }
    for (name, digest) in &draft.keyed {
        let said = said_of(person_key, &draft.request, name, digest);
        clear.insert(name.clone(), said);
    }
    let mut committed = BTreeMap::new();
    let mut openings = Vec::with_capacity(draft.committed.len());
    for (name, value) in &draft.committed {
        let salt = salts.next()?;
        committed.insert(name.clone(), commitment(&salt, name, value).to_hex());
        openings.push((name, salt, value));
    }
    let leaf = Leaf {
        at: at.to_string(),
        category: match draft.category {
            Category::Request => audit::Category::Request,
            Category::PolicyCheck => audit::Category::PolicyCheck,
            Category::PreparedChange => audit::Category::PreparedChange,
            Category::Approvals => audit::Category::Approvals,
            Category::Effect => audit::Category::Effect,
            Category::Administration => audit::Category::Administration,
        },
        clear,
        committed,
        event: draft.event.to_owned(),
        format: audit::leaf::LEAF_FORMAT,
        request: draft.request.clone(),
    };
    let bytes = leaf
        .to_bytes()
        .map_err(|error| CommitError::Storage(error.to_string()))?;
    let appended = appender
        .append(&bytes)
        .map_err(|error| CommitError::Storage(error.to_string()))?;
    let mut insert = connection
        .prepare_cached("INSERT INTO log_leaf VALUES (?1, ?2)")
        .map_err(storage)?;
    insert
        .execute(params![appended.index, bytes])
        .map_err(storage)?;
    let mut insert = connection
        .prepare_cached("INSERT INTO log_tile VALUES (?1, ?2, ?3)")
        .map_err(storage)?;
    for node in &appended.nodes {
        insert
            .execute(params![node.level, node.index, node.hash.0.as_slice()])
            .map_err(storage)?;
    }
    let mut insert = connection
        .prepare_cached("INSERT INTO opening VALUES (?1, ?2, ?3, ?4)")
        .map_err(storage)?;
    for (name, salt, value) in openings {
        insert
            .execute(params![appended.index, name, salt.as_slice(), value])
            .map_err(storage)?;
    }
    Ok((appended.index, leaf))
}

/// A database error as a commit error.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(crate) fn storage(error: rusqlite::Error) -> CommitError {
    CommitError::Storage(error.to_string())
}

/// The tables as a source of tiles.
pub(crate) struct Database<'a>(pub(crate) &'a Connection);

impl Database<'_> {
    fn rows<T>(
        &self,
        query: &str,
        level: u8,
        tile: u64,
        width: u16,
        make: impl Fn(Vec<u8>) -> Option<T>,
    ) -> Result<Vec<T>, ReadError> {
        let name = || format!("level {level}, tile {tile}");
        let first = tile
            .checked_mul(256)
            .ok_or_else(|| ReadError::Missing(name()))?;
        let mut statement = self.0.prepare_cached(query).map_err(ReadError::source)?;
        let rows = statement
            .query_map(
                params![level, first, first.saturating_add(u64::from(width))],
                |row| row.get::<_, Vec<u8>>(0),
            )
            .map_err(ReadError::source)?;
        let mut found = Vec::with_capacity(usize::from(width));
        for row in rows {
            let item = make(row.map_err(ReadError::source)?);
            found.push(item.ok_or_else(|| ReadError::Malformed(name()))?);
        }
        if found.len() == usize::from(width) {
            Ok(found)
        } else {
            Err(ReadError::Missing(name()))
        }
    }
}

impl TileReader for Database<'_> {
    fn hashes(&self, level: u8, tile: u64, width: u16) -> Result<Vec<Digest>, ReadError> {
        self.rows(
            "SELECT hash FROM log_tile WHERE level = ?1 AND number >= ?2 AND number < ?3 ORDER BY number",
            level,
            tile,
            width,
            |bytes| Some(Digest(bytes.try_into().ok()?)),
        )
    }

    fn entries(&self, tile: u64, width: u16) -> Result<Vec<Vec<u8>>, ReadError> {
        self.rows(
            "SELECT bytes FROM log_leaf WHERE ?1 = 0 AND number >= ?2 AND number < ?3 ORDER BY number",
            0,
            tile,
            width,
            Some,
        )
    }
}
