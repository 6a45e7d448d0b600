//! Lint: what is allowed in a policy and probably not meant.

mod conditions;
mod tables;

use decision::rules::Rules;
use decision::rules::policy::Place;
use decision::time::Timestamp;

use crate::code::Code;
use crate::conditions::CedarConditions;
use crate::problem::{Problem, Report, Spot};

/// Looks at a policy as of `now`. The report is empty for most policies; what would let something dangerous be
/// automatic is an error, everything else a warning. `source` is the text of the file.
#[must_use]
pub fn lint(
    rules: &Rules,
    conditions: Option<&CedarConditions>,
    source: &[u8],
    now: Timestamp,
) -> Report {
    let mut found = Found::default();
    tables::roles(&mut found, rules);
    tables::owners(&mut found, rules);
    tables::patterns(&mut found, rules);
    tables::separation(&mut found, rules, now);
    conditions::all(&mut found, rules, conditions);
    let text = String::from_utf8_lossy(source);
    Report::new(&rules.policy().file, &text, found.0, 0)
}

/// What was found.
#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn error(&mut self, code: Code, place: Place, text: &str, message: String, help: &str) {
        let problem = Problem::new(code, Spot::of(place, text), message);
        self.0.push(problem.help(help));
    }

    fn warn(&mut self, code: Code, place: Place, text: &str, message: String, help: &str) {
        let problem = Problem::new(code, Spot::of(place, text), message);
        self.0.push(problem.help(help).warning());
    }
}
