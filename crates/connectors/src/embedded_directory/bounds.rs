//! Every limit on what the embedded directory reads, in one place.

use std::time::Duration;

/// Largest directory file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest name (login, group, role, entitlement, account, tag), in characters.
pub const NAME_CHARS_MAX: usize = 256;
/// Most entries in any one list or mapping of the file.
pub const LIST_MAX: usize = 1_000_000;
/// Widest run of blanks and block markers at the start of a line: it bounds the recursion of the YAML parser, whose
/// scanner holds flow nesting at 255 by itself.
pub const LINE_PREFIX_MAX: usize = 200;
/// Most problems that are kept; the rest is only counted.
pub const PROBLEMS_KEPT_MAX: usize = 1_000;
/// Most "did you mean" searches in one report.
pub const SEARCHES_MAX: usize = 100;
/// Most candidates that one search looks at.
pub const CANDIDATES_MAX: usize = 20_000;
/// Most things that a target gives, with the steps to each counted. One that gives more cannot be told.
pub const GIVEN_STEPS_MAX: usize = 65_536;
/// Longest piece of user input that a message repeats, in characters.
pub const QUOTED_CHARS_MAX: usize = 80;
/// How long a change waits for another process that holds the database.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
