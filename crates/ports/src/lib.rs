//! What the agent needs from the world outside, as traits and outcome types.
//!
//! The traits are synchronous: a call that waits is made on a thread of its own, bounded at the edge
//! (docs/decisions/0002-synchronous-ports.md).

mod clock;
mod commit;
mod directory;
mod error;
mod provisioner;
pub mod store;

pub use clock::{Clock, FixedClock, SystemClock};
pub use commit::{Committed, Done, commit, commit_all};
pub use directory::Directory;
pub use error::PortError;
pub use provisioner::{Effect, Held, Provisioner, Seen};
pub use store::{CommitError, Committal, Revocation, Store, Transition};
