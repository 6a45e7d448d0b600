//! Evidence: the record of facts as text, and the case of numbers that is frozen from it.

pub mod analysis;
pub mod case;
pub(crate) mod freeze;
pub(crate) mod human;
pub mod record;
mod target;

pub use freeze::{Frozen, LEAVING_NOTICE};
pub use record::Evidence;
