//! Analysts. The built-in one puts the deterministic score into words; a model adds what rules cannot see. Whatever either says
//! can only withhold. INVARIANT(ratchet).
//!
//! A model is asked through [`asking`] alone, which keeps its manners and its [`budget`]; [`probe`] sees whether it can be asked. [`batch`] asks it about the requests of a
//! vault with the fields of [`question`] alone, [`ticket`] lets it read one request with the tools of the contract. What goes out is made by [`text`], what comes back is
//! made harmless by [`normal`].

pub mod asking;
pub mod batch;
pub mod budget;
mod built_in;
mod normal;
pub mod probe;
pub mod prompts;
pub mod question;
mod subject;
pub mod text;
pub mod ticket;

pub use built_in::{BUILT_IN, BuiltIn, opinion};
pub(crate) use subject::only_held_by_the_run;
pub use subject::{opinions, subject};
