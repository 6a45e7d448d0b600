//! A history in any format: any bytes give a report whose counts add up, or an error, and never a panic.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use decision::rules::Rules;
use decision::rules::policy::{Entitlement, Policy};
use decision::time::Timestamp;
use governance::backtest::{BacktestError, Format, Input, Options, run};

/// Judges bytes as a history in one format.
pub(crate) fn judge(format: Format, bytes: &[u8]) {
    static RULES: OnceLock<Rules> = OnceLock::new();
    let rules = RULES.get_or_init(|| {
        let entry = Entitlement {
            id: "repo:read".into(),
            ..Entitlement::default()
        };
        let policy = Policy {
            catalogue: vec![entry],
            ..Policy::default()
        };
        Rules::compile(policy).expect("one entitlement compiles")
    });
    let input = Input::from_bytes("history", format, bytes.to_vec());
    let options = Options {
        threads: 1,
        ..Options::new(Timestamp::from_seconds(1_795_334_400))
    };
    match run(vec![input], None, rules, &options, &|_| {
        ControlFlow::Continue(())
    }) {
        Ok(report) => {
            let decided: u64 = report.decisions.iter().map(|one| one.share.numerator).sum();
            assert_eq!(decided, report.rows.judged);
            assert!(report.rows.read >= report.rows.judged + report.rows.broken);
            let _ = (report.to_html(), report.to_markdown(), report.to_json());
        }
        Err(BacktestError::Unreadable { problem, .. }) => {
            assert!(!problem.contains("a fault of the program"), "{problem}");
        }
        Err(BacktestError::Cancelled) => unreachable!("nobody breaks it off"),
    }
}
