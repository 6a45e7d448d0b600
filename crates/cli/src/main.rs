//! The binary: one file per verb, settings, exit codes, wiring.

fn main() {}
