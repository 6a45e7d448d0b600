//! The clients of language models: replayed exchanges, hostile servers, every status, and what is sent.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

mod cassettes;
mod hostile;
mod real;
mod schemas;
mod sent;
mod server;
mod statuses;
mod world;
