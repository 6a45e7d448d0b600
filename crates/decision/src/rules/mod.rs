//! The rules: a policy as text ([`policy`]), its never-auto classes, its patterns, its [`conditions`], and its compiled
//! form [`Rules`].

pub mod class;
pub mod compile;
mod compiled;
pub mod conditions;
pub mod ids;
pub mod pattern;
pub mod policy;

pub use compiled::{ApprovalSet, EntitlementRules, Rules, Side};
