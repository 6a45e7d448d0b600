//! Reports: decision format 1, the reviewer's card, and what people get from a run over the vault.

mod card;
mod decision;
pub mod mail;
pub mod run;
pub(crate) mod text;

pub use card::{Card, Line, Mark};
pub use decision::{Decision, FindingLine};
pub use text::{screen, screen_json};
