//! The vault's door: from a workflow request of a PAM vault to a ruling on each of three actions.
//!
//! The same pipeline as for tickets, on what a vault knows: [`request`] → [`evidence`] (frozen with the [`run`] that it was
//! read in) → [`findings`] → [`rule`] → [`crate::gate::vault`]. Danger comes from the same compiled rules, risk has the same
//! levels, and nothing but the gate admits (docs/decisions/0012-two-doors-one-gate.md).

pub(crate) mod checks;
pub mod evidence;
pub mod findings;
pub mod request;
mod ruling;
pub mod run;
pub mod signals;
pub mod words;

pub use crate::gate::vault::key_of as gate_key;
pub use evidence::{Evidence, Frozen};
pub use findings::{Finding, Findings};
pub use request::{Action, Asset, Status, WorkflowRequest};
pub use ruling::{Ruling, before_advice, rule};
pub use run::Run;
pub use signals::{Anomaly, Signals};

/// The version of the records of this door. A reader refuses any other.
pub const FORMAT: u32 = 1;
