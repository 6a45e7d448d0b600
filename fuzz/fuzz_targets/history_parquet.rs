//! Histories in Parquet.
#![no_main]

mod history;

use governance::backtest::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| history::judge(Format::Parquet, bytes));
