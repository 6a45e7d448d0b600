//! Development only: the slow oracle, generators, the decision matrix.

pub mod cases;
pub mod generate;
pub mod oracle;
pub mod world;
