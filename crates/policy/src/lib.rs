//! Reads access.yml, guardrails and contracts into checked decision rules.

pub mod access;
pub mod bounds;
pub mod cases;
mod code;
mod conditions;
pub mod contract;
pub mod diff;
mod digest;
pub mod enumerate;
pub mod guardrails;
mod lint;
mod names;
mod problem;
mod suggest;

pub use access::{Loaded, load, load_cases};
pub use code::Code;
pub use conditions::CedarConditions;
pub use contract::{Contract, Mode};
pub use guardrails::Guardrails;
pub use lint::lint;
pub use problem::{Problem, Report, render};
