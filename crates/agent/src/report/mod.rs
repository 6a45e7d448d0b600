//! Reports: decision format 1, and the reviewer's card.

mod card;
mod decision;

pub use card::{Card, Line, Mark};
pub use decision::{Decision, FindingLine};
