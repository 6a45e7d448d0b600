//! Every limit on what this crate reads, in one place.

/// Largest policy file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Largest contract file, in bytes.
pub const CONTRACT_BYTES_MAX: usize = 1024 * 1024;
/// Largest guardrail file (`.env`), in bytes.
pub const DOTENV_BYTES_MAX: usize = 1024 * 1024;
/// Longest name (role, entitlement, pattern, group, tag, person), in characters.
pub const NAME_CHARS_MAX: usize = 256;
/// Longest free text (a meaning, a reason, a procedure), in characters.
pub const TEXT_CHARS_MAX: usize = 4096;
/// Most entitlements in the catalogue, those that only roles list included.
pub const ENTITLEMENTS_MAX: usize = 1_000_000;
/// Most roles.
pub const ROLES_MAX: usize = 20_000;
/// Most entries in any one list of the file.
pub const LIST_MAX: usize = 1_000_000;
/// Most roles in one chain of inheritance, the first and the last included.
pub const INHERITANCE_DEPTH_MAX: usize = 64;
/// Most sides of one segregation-of-duties rule.
pub const SIDES_MAX: usize = 32;
/// Most conditions.
pub const CONDITIONS_MAX: usize = 20_000;
/// Longest condition, in bytes.
pub const CONDITION_BYTES_MAX: usize = 16 * 1024;
/// Most problems that a report shows; the rest is counted.
pub const PROBLEMS_SHOWN_MAX: usize = 100;
/// Most problems that are kept for sorting; the rest is only counted.
pub const PROBLEMS_KEPT_MAX: usize = 10_000;
/// Widest run of blanks and block markers at the start of a line. Block nesting cannot be deeper than that many
/// columns, and flow nesting is held at 255 by the scanner, so the recursion of the YAML parser is bounded.
pub const LINE_PREFIX_MAX: usize = 200;
/// Most candidates that one "did you mean" looks at.
pub const SUGGESTION_CANDIDATES_MAX: usize = 20_000;
/// Most "did you mean" searches in one report.
pub const SUGGESTIONS_MAX: usize = 100;
/// Most classes in `NEVER_AUTO`.
pub const NEVER_AUTO_MAX: usize = 256;
/// Longest piece of user input that a message repeats, in characters.
pub const QUOTED_CHARS_MAX: usize = 80;
/// Longest part of a line of the file that a report shows, in characters.
pub const LINE_SHOWN_MAX: usize = 2_000;
