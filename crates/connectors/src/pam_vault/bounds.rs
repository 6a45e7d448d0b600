//! Every limit on what the vault's client reads and sends, in one place.

use std::time::Duration;

/// Longest answer that is read, in bytes after decompression.
pub const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest piece of an answer that a message repeats, in characters.
pub const QUOTED_CHARS_MAX: usize = 300;
/// Longest name, such as that of an asset or a requester, in characters.
pub const NAME_CHARS_MAX: usize = 512;
/// Most further notations of a requester.
pub const NOTATIONS_MAX: usize = 8;
/// Longest id, in characters. A longer one is not an id.
pub const ID_CHARS_MAX: usize = 200;
/// Longest justification, in characters.
pub const JUSTIFICATION_CHARS_MAX: usize = 8 * 1024;
/// Most entries of a list inside of a record: approvals, tags, containers of a path.
pub const LIST_MAX: usize = 200;
/// Most requests that one walk reads.
pub const ROWS_MAX: usize = 1_000_000;
/// Most pages that one walk reads.
pub const PAGES_MAX: u32 = 10_000;
/// Most requests of one walk that are passed over because each is longer than an answer may be.
pub const LONG_ROWS_MAX: u32 = 20;
/// Most rows that are asked for at once.
pub const PAGE_SIZE_MAX: u32 = 100;
/// Longest reason of a decision, in characters.
pub const REASON_CHARS_MAX: usize = 250;
/// Most attempts beyond the first.
pub const RETRIES_MAX: u32 = 2;
/// Longest wait that the vault may ask for before a read is tried again.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);
/// Wait before the first repetition of a read; it doubles each time, and up to as much comes on top by chance.
pub const BACK_OFF: Duration = Duration::from_millis(250);
/// Longest time to make a connection.
pub const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Most calls at the same time.
pub const CONCURRENCY_MAX: usize = 16;
/// Most operations, parameters or references of a discovery document that are looked at.
pub const OPERATIONS_MAX: usize = 20_000;
/// Deepest chain of `$ref`.
pub const REFERENCES_MAX: usize = 8;
/// Most action types that are tried.
pub const ACTION_TYPES_MAX: usize = 64;
/// Largest pending file, in bytes.
pub const PENDING_BYTES_MAX: u64 = 8 * 1024;
/// Most records of assets that are kept during a run.
pub const CACHED_MAX: usize = 100_000;
