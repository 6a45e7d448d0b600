//! The pure decision core: request, evidence, findings, verdict, gate.

pub mod rules;
pub mod time;
