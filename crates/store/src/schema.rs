//! The tables, and how older ones become today's.

use rusqlite::Connection;

/// Version of the tables, kept in `PRAGMA user_version`.
pub(crate) const VERSION: u32 = 2;

/// Migrations in order; number `n` leads from version `n` to `n + 1`.
const MIGRATIONS: [&str; VERSION as usize] = [
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
];

/// Brings the tables to [`VERSION`]. `Ok(false)` when the file is of a newer version, which is left alone.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<bool> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > VERSION {
        return Ok(false);
    }
    for (migration, to) in MIGRATIONS.iter().zip(1_u32..).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", to)?;
        transaction.commit()?;
    }
    Ok(true)
}
