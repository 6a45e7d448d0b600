//! Problems of a policy file, each with its place, and the report that shows them.

use std::fmt;

use decision::rules::policy::Place;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode, ThemeCharacters, ThemeStyles,
};

use crate::bounds::{LINE_SHOWN_MAX, PROBLEMS_KEPT_MAX, PROBLEMS_SHOWN_MAX, SUGGESTIONS_MAX};
use crate::code::Code;
use crate::names::is_hidden;

/// All problems of one file, sorted by place; at most `PROBLEMS_SHOWN_MAX` of them, the rest counted.
pub struct Report {
    file: String,
    source: NamedSource<String>,
    problems: Vec<Problem>,
    more: usize,
}

impl Report {
    /// The file's name as messages cite it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The problems that are shown, sorted by place.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems there are beyond those shown.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// Whether there is no problem at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.more == 0
    }

    /// Puts `problems` in order of place, keeps the first `PROBLEMS_SHOWN_MAX`, and finds their bytes in `text`.
    pub(crate) fn new(file: &str, text: &str, mut problems: Vec<Problem>, unkept: usize) -> Self {
        problems.sort_by(|a, b| {
            let key = |p: &Problem| (p.spot.line, p.spot.column, p.code);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let more = problems
            .len()
            .saturating_sub(PROBLEMS_SHOWN_MAX)
            .saturating_add(unkept);
        problems.truncate(PROBLEMS_SHOWN_MAX);
        // A good file has no problem and is not copied.
        let shown = if problems.is_empty() {
            String::new()
        } else {
            showable(text)
        };
        locate(&shown, &mut problems);
        Self {
            file: file.to_owned(),
            source: NamedSource::new(file, shown),
            problems,
            more,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.problems.len().saturating_add(self.more);
        let noun = if total == 1 { "problem" } else { "problems" };
        write!(formatter, "`{}` has {total} {noun}", self.file)?;
        if self.more > 0 {
            let shown = self.problems.len();
            write!(formatter, "; the first {shown} and {} more", self.more)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Report")
            .field("file", &self.file)
            .field("problems", &self.problems)
            .field("more", &self.more)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn severity(&self) -> Option<Severity> {
        let warnings = self
            .problems
            .iter()
            .all(|p| p.severity == Severity::Warning);
        Some(if warnings {
            Severity::Warning
        } else {
            Severity::Error
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|p| p as &dyn Diagnostic)))
    }
}

/// Draws a report for people: `width` columns wide, with colours of a terminal or none. Never fails.
#[must_use]
pub fn render(report: &Report, width: usize, colour: bool) -> String {
    let styles = if colour {
        ThemeStyles::ansi()
    } else {
        ThemeStyles::none()
    };
    let theme = GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles,
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_context_lines(1)
        .with_links(false);
    let mut out = String::new();
    if handler.render_report(&mut out, report).is_err() {
        // Writing into a string does not fail; a span outside the text would, and the words alone still help.
        out = report.to_string();
    }
    if report.more > 0 {
        out.push_str(&format!("and {} more\n", report.more));
    }
    out
}

/// One problem: what is wrong, where, and what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    severity: Severity,
    message: String,
    label: String,
    help: Option<String>,
    spot: Spot,
    bytes: (usize, usize),
}

impl Problem {
    /// The kind of problem; stable, and listed in docs/reference/policy-file.md.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Whether it refuses the policy, or only warns.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// What is wrong: lower case, without a final stop.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Line and column, from 1.
    #[must_use]
    pub fn place(&self) -> Place {
        self.spot.place()
    }

    pub(crate) fn new(code: Code, spot: Spot, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            label: "here".to_owned(),
            help: None,
            spot,
            bytes: (0, 0),
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (offset, length) = self.bytes;
        let span = LabeledSpan::new(Some(self.label.clone()), offset, length);
        Some(Box::new(std::iter::once(span)))
    }
}

/// A stretch of one line: line and column from 1, length in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) length: usize,
}

impl Spot {
    pub(crate) fn new(line: usize, column: usize, length: usize) -> Self {
        Self {
            line,
            column,
            length,
        }
    }

    pub(crate) fn place(self) -> Place {
        let held = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            line: held(self.line),
            column: held(self.column),
        }
    }

    /// The place of something whose text is known.
    pub(crate) fn of(place: Place, text: &str) -> Self {
        let wide = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        Self::new(wide(place.line), wide(place.column), text.chars().count())
    }
}

/// The text as a terminal may get it: a hidden character becomes U+FFFD, so columns stay, and long lines are cut.
fn showable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        for (column, c) in line.trim_end_matches(['\n', '\r']).chars().enumerate() {
            if column == LINE_SHOWN_MAX {
                out.push('…');
                break;
            }
            out.push(if c != '\t' && is_hidden(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            });
        }
        out.push('\n');
    }
    out
}

/// Finds the bytes of each problem in one pass over the lines; `problems` are sorted by place.
fn locate(text: &str, problems: &mut [Problem]) {
    let mut lines = text.split_inclusive('\n');
    let (mut number, mut start) = (1_usize, 0_usize);
    let mut line = lines.next().unwrap_or("");
    for problem in problems {
        while number < problem.spot.line {
            let Some(next) = lines.next() else { break };
            start = start.saturating_add(line.len());
            line = next;
            number = number.saturating_add(1);
        }
        let shown = line.trim_end();
        let nth = |n: usize| {
            shown
                .char_indices()
                .nth(n)
                .map_or(shown.len(), |(at, _)| at)
        };
        let from = nth(problem.spot.column.saturating_sub(1));
        let last = problem
            .spot
            .column
            .saturating_sub(1)
            .saturating_add(problem.spot.length.max(1));
        let to = nth(last).max(from);
        if problem.spot.column > LINE_SHOWN_MAX {
            let hidden = format!(" (column {}, beyond what is shown)", problem.spot.column);
            problem.label.push_str(&hidden);
        }
        problem.bytes = (start.saturating_add(from), to.saturating_sub(from));
    }
}

/// Where problems are collected while a file is read.
#[derive(Default)]
pub(crate) struct Sink {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    unkept: usize,
    searches: usize,
}

impl Sink {
    pub(crate) fn push(&mut self, problem: Problem) {
        let list = match problem.severity {
            Severity::Warning | Severity::Advice => &mut self.warnings,
            Severity::Error => &mut self.errors,
        };
        if list.len() < PROBLEMS_KEPT_MAX {
            list.push(problem);
        } else if problem.severity == Severity::Error {
            self.unkept = self.unkept.saturating_add(1);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// "did you mean" for a name that nobody knows, as long as the report has searches left.
    pub(crate) fn did_you_mean<'a>(
        &mut self,
        given: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        if self.searches >= SUGGESTIONS_MAX {
            return None;
        }
        self.searches = self.searches.saturating_add(1);
        crate::suggest::nearest(given, candidates).map(|name| format!("did you mean `{name}`?"))
    }

    /// The warnings when there is no error, else the errors.
    pub(crate) fn finish(self, file: &str, text: &str) -> Result<Report, Box<Report>> {
        if self.has_errors() {
            Err(Box::new(Report::new(file, text, self.errors, self.unkept)))
        } else {
            Ok(Report::new(file, text, self.warnings, 0))
        }
    }
}
