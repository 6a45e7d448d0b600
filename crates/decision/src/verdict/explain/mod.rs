//! Explanations: the facts behind each finding in words, made from the record when somebody wants to read them.

mod because;
mod cleared;
mod conditions;
mod conflicts;
mod danger;
mod fields;
mod place;
mod words;

pub(crate) use because::facts;

pub use because::because;
pub use cleared::cleared;
pub use conditions::{decided_by, routes};
pub use conflicts::{ConflictFacts, HeldBy, conflicts};
pub use danger::privileged_patterns;
pub use fields::{approvals_text, destination, lifts_text, policy_basis, separation_text, told};
pub use place::place_of;
pub use words::{confidence_text, role_names, short_digest};
