//! The whole door of the vault through the binary and real HTTP: every switch of the simulator, every brake, every lie.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic: that is how a test fails"
)]

mod actions;
mod bad;
mod guard;
mod keep;
mod liar;
mod list;
mod planted;
mod rows;
mod signed;
mod sticks;
mod terminal;
mod world;
