//! The vault's client against the simulator over HTTP, and against servers that answer nonsense.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests"
)]

#[path = "../common/mod.rs"]
mod common;

mod assets;
mod credentials;
mod decisions;
mod doctor;
mod hostile;
mod list;
mod tls;
mod world;
