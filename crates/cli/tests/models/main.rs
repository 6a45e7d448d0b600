//! Both doors through the binary with each style of provider over real HTTP: what a model says withholds or adds nothing, what goes
//! wrong withholds, and no secret is anywhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "helpers of tests may panic, and the world of other tests has more than is used here"
)]

mod provider;
mod tickets;
mod vault;
#[path = "../vault/world.rs"]
mod world;
