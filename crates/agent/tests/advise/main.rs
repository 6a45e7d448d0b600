//! Models as advisers: the manners of asking, batches of a vault. Every answer that could do harm does none.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may panic: that is how they fail"
)]

mod asking;
mod batch;
#[path = "../common/mod.rs"]
mod common;
#[expect(dead_code, reason = "others use the rest")]
mod model;
