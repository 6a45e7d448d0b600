//! Conditions in Cedar beside the tables of `access.yml`: read, checked against a schema made from the configuration,
//! and evaluated in three values. docs/policy-cookbook.md shows how rules of a handbook are written with them.

mod annotations;
mod block;
mod compile;
mod declared;
mod evaluate;
mod facts;
mod outline;
mod permit;
mod schema;
mod tree;
mod values;

pub(crate) use block::Block;
pub(crate) use compile::compile;
pub(crate) use declared::{Declaration, Declared, Kind};
pub use evaluate::CedarConditions;
pub(crate) use outline::Outline;
pub(crate) use schema::{CONTEXT, PERSON, RESOURCE};

/// Whether a condition permits.
pub(crate) fn is_permit(effect: &decision::rules::conditions::Effect) -> bool {
    matches!(effect, decision::rules::conditions::Effect::Permit { .. })
}
