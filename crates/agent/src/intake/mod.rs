//! Intake: tickets of format 1 become requests. Strict, bounded, and every problem named with its place.

mod mask;
mod ticket;

pub use mask::mask_secrets;
pub use ticket::{IntakeError, TICKET_BYTES_MAX, parse, split};
