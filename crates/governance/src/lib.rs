//! Looking at rules from outside a decision: pure, offline and fast. No clock and no randomness; nothing here grants.
//!
//! [`backtest`] says what rules would have decided on history, and how that compares with what owners decided.

pub mod backtest;
