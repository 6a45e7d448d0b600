//! Both doors through the binary with each style of provider over real HTTP: what a model says withholds or adds nothing, what goes
//! wrong withholds, and no secret is anywhere.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic: that is how a test fails"
)]

mod keys;
mod provider;
mod real;
mod redteam;
mod tickets;
mod vault;
#[expect(dead_code, reason = "others use the rest")]
#[path = "../vault/world.rs"]
mod world;
