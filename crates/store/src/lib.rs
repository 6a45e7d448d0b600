//! The embedded store: one SQLite file, changed by one call, [`SqliteStore`]'s `commit`.
//!
//! Rulings, reservations, intents, reviews and the leaves of the log are written in one transaction; tiles and
//! checkpoint are published from it afterwards. WAL, `synchronous=FULL`, one writer, group commit.

mod apply;
mod check;
mod compare;
mod group;
mod log;
mod open;
mod read;
mod schema;
mod signed;

pub use compare::Comparison;
pub use log::Salts;
pub use open::{OpenError, Options, SqliteStore};
pub use read::RunAction;
