//! The pure decision core: request → evidence → findings → verdict → gate.
//!
//! No input or output, no clock, no randomness, no asynchronous code. The folders are the pipeline:
//!
//! 1. [`request`]: who asks for what.
//! 2. [`evidence`]: every fact with its source and time, frozen; a case of numbers made from it.
//! 3. [`findings`]: one file for each check, and the table of what each finding means.
//! 4. [`verdict`]: [`verdict::rule`] folds the findings into a ruling.
//! 5. [`gate`]: the only place that admits.
//!
//! [`rules`] is what an organisation allows, compiled.

pub mod evidence;
pub mod findings;
pub mod gate;
pub mod request;
pub mod rules;
pub mod time;
pub mod vault;
pub mod verdict;
