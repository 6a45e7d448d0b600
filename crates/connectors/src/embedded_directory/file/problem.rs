//! Problems of a directory file, each with its place and what would help.

use std::fmt;

use decision::rules::pattern::is_invisible;
use decision::rules::policy::Place;

use crate::embedded_directory::bounds::{
    CANDIDATES_MAX, PROBLEMS_KEPT_MAX, QUOTED_CHARS_MAX, SEARCHES_MAX,
};

/// All problems of one file, in the order of their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    file: String,
    problems: Vec<Problem>,
    more: usize,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kind; stable, and listed in docs/reference/directory-file.md.
    pub code: &'static str,
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// Where, from 1.
    pub place: Place,
    /// What is wrong: lower case, without a final stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Whether a problem makes the file unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// It is read; this is probably not meant.
    Warning,
}

impl Report {
    /// The file's name as messages cite it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The problems, in the order of the file; at most [`PROBLEMS_KEPT_MAX`].
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Every problem on two lines: `file:line:column: severity[code]: message`, and the help.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            let Place { line, column } = problem.place;
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            out.push_str(&format!(
                "{}:{line}:{column}: {severity}[{}]: {}\n  help: {}\n",
                self.file, problem.code, problem.message, problem.help
            ));
        }
        if self.more > 0 {
            out.push_str(&format!("and {} more\n", self.more));
        }
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.problems.len().saturating_add(self.more);
        let noun = if total == 1 { "problem" } else { "problems" };
        write!(formatter, "`{}` has {total} {noun}", self.file)
    }
}

impl std::error::Error for Report {}

/// Where problems are collected while a file is read.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    more_errors: usize,
    searches: usize,
}

impl Sink {
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.errors.len() >= PROBLEMS_KEPT_MAX {
            self.more_errors = self.more_errors.saturating_add(1);
            return;
        }
        self.errors.push(Problem {
            code,
            severity: Severity::Error,
            place,
            message: message.into(),
            help: help.into(),
        });
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.warnings.len() < PROBLEMS_KEPT_MAX {
            self.warnings.push(Problem {
                code,
                severity: Severity::Warning,
                place,
                message: message.into(),
                help: help.into(),
            });
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// "did you mean" for a name that nobody knows, or `otherwise`.
    pub(crate) fn did_you_mean<'a>(
        &mut self,
        given: &str,
        candidates: impl IntoIterator<Item = &'a str>,
        otherwise: &str,
    ) -> String {
        if self.searches >= SEARCHES_MAX {
            return otherwise.to_owned();
        }
        self.searches = self.searches.saturating_add(1);
        nearest(given, candidates).map_or_else(
            || otherwise.to_owned(),
            |name| format!("did you mean `{name}`?"),
        )
    }

    /// The warnings when there is no error, else the errors.
    pub(crate) fn finish(self, file: &str) -> Result<Report, Box<Report>> {
        let failed = self.has_errors();
        let (mut problems, more) = if failed {
            (self.errors, self.more_errors)
        } else {
            (self.warnings, 0)
        };
        problems.sort_by(|a, b| (a.place, a.code, &a.message).cmp(&(b.place, b.code, &b.message)));
        let report = Report {
            file: file.to_owned(),
            problems,
            more,
        };
        if failed {
            Err(Box::new(report))
        } else {
            Ok(report)
        }
    }
}

/// User input as a message may repeat it: short, between backticks, nothing that a terminal would act upon.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(QUOTED_CHARS_MAX)
        .map(|c| {
            if is_invisible(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect();
    if text.chars().nth(QUOTED_CHARS_MAX).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// The candidate with the fewest edits, at most a third of the length and three; the first of equals.
fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given: Vec<char> = given.chars().take(QUOTED_CHARS_MAX).collect();
    let within = (given.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.chars().take(QUOTED_CHARS_MAX).collect();
            let near = other.len().abs_diff(given.len()) <= within;
            let edits = if near {
                edits(&given, &other)
            } else {
                usize::MAX
            };
            (edits <= within).then_some((edits, candidate))
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Edit distance: insertions, deletions and replacements.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.iter().enumerate() {
        let mut next = vec![index.saturating_add(1)];
        for ((b, above), diagonal) in to.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or(0);
            let replaced = diagonal.saturating_add(usize::from(a != b));
            next.push(
                replaced
                    .min(above.saturating_add(1))
                    .min(left.saturating_add(1)),
            );
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits_and_finds_near_names_only() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (left, right, count) in [
            ("", "", 0),
            ("ab", "ba", 2),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
        ] {
            assert_eq!(edits(&chars(left), &chars(right)), count);
        }
        let known = ["engineer-017", "manager-002"];
        assert_eq!(nearest("enginer-017", known), Some("engineer-017"));
        assert_eq!(nearest("somebody", known), None);
    }

    #[test]
    fn what_is_repeated_is_short_and_harmless() {
        assert_eq!(quoted("a\u{1b}[2Jb"), "`a\u{FFFD}[2Jb`");
        assert!(quoted(&"x".repeat(10_000)).chars().count() < 100);
    }
}
