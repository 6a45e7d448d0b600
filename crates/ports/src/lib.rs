//! What the agent needs from the world outside, as traits and outcome types.
//!
//! The traits are synchronous: a call that waits is made on a thread of its own, bounded at the edge
//! (docs/decisions/0002-synchronous-ports.md).

pub mod analyst;
mod clock;
mod commit;
mod directory;
mod error;
pub mod mail;
pub mod model;
mod provisioner;
mod secret;
pub mod store;
pub mod vault;

pub use analyst::{Adviser, Analyst};
pub use clock::{Clock, FixedClock, SystemClock};
pub use commit::{Committed, CommittedAction, Done, commit, commit_all};
pub use directory::Directory;
pub use error::PortError;
pub use mail::Mail;
pub use model::Model;
pub use provisioner::{Effect, Held, Provisioner, Seen};
pub use secret::Secret;
pub use store::{CommitError, Committal, Revocation, Store, Transition};
pub use vault::Vault;
