//! The template of a mail: HTML of the operator's with seven placeholders, checked when it is read.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::report::text::visible;

/// Longest template, in bytes.
const BYTES_MAX: usize = 256 * 1024;

/// A place that a mail's content goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    RunMeta,
    RiskSummary,
    ActionSummary,
    ActionsTaken,
    HighRisk,
    Anomalies,
    FooterNote,
}

impl Slot {
    pub(super) const ALL: [Self; 7] = [
        Self::RunMeta,
        Self::RiskSummary,
        Self::ActionSummary,
        Self::ActionsTaken,
        Self::HighRisk,
        Self::Anomalies,
        Self::FooterNote,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RunMeta => "RUN_META",
            Self::RiskSummary => "RISK_SUMMARY",
            Self::ActionSummary => "ACTION_SUMMARY",
            Self::ActionsTaken => "ACTIONS_TAKEN",
            Self::HighRisk => "HIGH_RISK",
            Self::Anomalies => "ANOMALIES",
            Self::FooterNote => "FOOTER_NOTE",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.name() == name)
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

/// What is wrong with a template.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the mail template, line {line}: {problem}")]
pub struct TemplateError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
    /// What to do.
    pub hint: String,
}

/// A template that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
    /// Declarations of the template's classes, for elements that carry them in a `style` too.
    styles: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot(Slot),
    /// What follows stands only when the slot has something.
    If(Slot),
    /// Until here.
    End,
}

impl Template {
    /// The template that comes with the program: `prompts/email_template.html`.
    ///
    /// # Errors
    /// When the bundled file is broken, which a test rules out.
    pub fn bundled() -> Result<Self, TemplateError> {
        Self::parse(include_str!("../../../../../prompts/email_template.html"))
    }

    /// Reads an operator's template. Each of the seven placeholders has to stand in it, and no other: `{{RUN_META}}`,
    /// `{{RISK_SUMMARY}}`, `{{ACTION_SUMMARY}}`, `{{ACTIONS_TAKEN}}`, `{{HIGH_RISK}}`, `{{ANOMALIES}}`, `{{FOOTER_NOTE}}`.
    /// What stands between `<!-- IF HIGH_RISK -->` and `<!-- END HIGH_RISK -->` is left out when that has nothing to show.
    ///
    /// # Errors
    /// When a placeholder is unknown or missing, or a mark has no other end.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > BYTES_MAX {
            let problem = format!("it has {} bytes, at most {BYTES_MAX} are read", text.len());
            return Err(TemplateError {
                line: 1,
                problem,
                hint: "shorten it; pictures do not belong into it".to_owned(),
            });
        }
        let mut pieces = Vec::new();
        let mut inside = None;
        let (mut rest, mut at) = (text, 0_usize);
        while let Some((before, mark, after)) = next(rest) {
            at = at.saturating_add(before.len());
            let line = || {
                text.get(..at)
                    .map_or(1, |read| read.matches('\n').count() + 1)
            };
            let wrong = |problem: String, hint: &str| TemplateError {
                line: line(),
                problem,
                hint: hint.to_owned(),
            };
            pieces.push(Piece::Text(before.to_owned()));
            let (name, after) = after.split_once(mark.end()).ok_or_else(|| {
                wrong(
                    format!("`{}` has no `{}`", mark.begin(), mark.end()),
                    "close it",
                )
            })?;
            let slot = Slot::from_name(name.trim()).ok_or_else(|| {
                let known = Slot::names();
                wrong(
                    format!("there is no placeholder `{}`", visible(name.trim(), 40)),
                    &format!("there are {known}"),
                )
            })?;
            match (mark, inside) {
                (Mark::Slot, _) => pieces.push(Piece::Slot(slot)),
                (Mark::If, None) => {
                    inside = Some((slot, line()));
                    pieces.push(Piece::If(slot));
                }
                (Mark::End, Some((begun, _))) if begun == slot => {
                    inside = None;
                    pieces.push(Piece::End);
                }
                (Mark::If, Some((begun, _))) => {
                    return Err(wrong(
                        format!("IF {} stands inside IF {}", slot.name(), begun.name()),
                        "put one after the other",
                    ));
                }
                (Mark::End, _) => {
                    return Err(wrong(
                        format!("END {} ends nothing", slot.name()),
                        "begin it with `<!-- IF … -->`, or take it out",
                    ));
                }
            }
            at = text.len().saturating_sub(after.len());
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        if let Some((begun, line)) = inside {
            return Err(TemplateError {
                line,
                problem: format!("IF {} has no END", begun.name()),
                hint: format!("write `<!-- END {} -->` where it ends", begun.name()),
            });
        }
        if let Some(missing) = Slot::ALL
            .into_iter()
            .find(|slot| !pieces.contains(&Piece::Slot(*slot)))
        {
            return Err(TemplateError {
                line: text.matches('\n').count() + 1,
                problem: format!("it ends without `{{{{{}}}}}`", missing.name()),
                hint: "put it in; ALERT_ON_RUN_SUMMARY, ALERT_ON_HIGH_RISK and ALERT_ON_ANOMALY leave sections out".to_owned(),
            });
        }
        Ok(Self {
            pieces,
            styles: styles(text),
        })
    }

    /// The page with `fill` in its places; what has nothing to show is left out.
    pub(super) fn fill(&self, fill: &BTreeMap<Slot, String>) -> String {
        let mut page = String::new();
        let mut left_out = false;
        let value = |slot: &Slot| fill.get(slot).map_or("", String::as_str);
        for piece in &self.pieces {
            match piece {
                Piece::If(slot) => left_out = value(slot).is_empty(),
                Piece::End => left_out = false,
                Piece::Text(text) if !left_out => page.push_str(text),
                Piece::Slot(slot) if !left_out => page.push_str(value(slot)),
                Piece::Text(_) | Piece::Slot(_) => {}
            }
        }
        page
    }

    /// The beginning of an element with classes, and with what the template's style sheet says of each in its `style`,
    /// because some programs read nothing else.
    pub(super) fn open(&self, tag: &str, classes: &str) -> String {
        let known = classes
            .split(' ')
            .filter_map(|class| self.styles.get(class));
        let style: Vec<&str> = known.map(String::as_str).collect();
        if style.is_empty() {
            format!("<{tag} class=\"{classes}\">")
        } else {
            format!("<{tag} class=\"{classes}\" style=\"{}\">", style.join(" "))
        }
    }
}

/// What can stand in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Slot,
    If,
    End,
}

impl Mark {
    fn begin(self) -> &'static str {
        match self {
            Self::Slot => "{{",
            Self::If => "<!-- IF ",
            Self::End => "<!-- END ",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Slot => "}}",
            Self::If | Self::End => "-->",
        }
    }
}

/// What stands before the first mark, the mark, and what stands after its beginning.
fn next(text: &str) -> Option<(&str, Mark, &str)> {
    let marks = [Mark::Slot, Mark::If, Mark::End].into_iter();
    let found = marks.filter_map(|mark| Some((text.find(mark.begin())?, mark)));
    let (at, mark) = found.min_by_key(|(at, _)| *at)?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, mark, rest.get(mark.begin().len()..)?))
}

/// Declarations of plain classes in the style sheets of a page: `.name { … }`, without what stands in `@media` and the like.
fn styles(text: &str) -> BTreeMap<String, String> {
    let mut styles: BTreeMap<String, String> = BTreeMap::new();
    for block in text.split("<style").skip(1) {
        let block = block.split_once('>').map_or("", |(_, block)| block);
        let mut rest = block.split("</style").next().unwrap_or_default();
        while let Some((selectors, after)) = rest.split_once('{') {
            if selectors.trim_start().starts_with('@') {
                rest = after_block(after);
                continue;
            }
            let (declarations, after) = after.split_once('}').unwrap_or((after, ""));
            rest = after;
            for class in selectors
                .split(',')
                .filter_map(|one| one.trim().strip_prefix('.'))
            {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                if !class.is_empty() && class.bytes().all(is_plain) {
                    let words: Vec<&str> = declarations.split_whitespace().collect();
                    let own = words.join(" ").replace('"', "&quot;").replace('<', "&lt;");
                    let known = styles.entry(class.to_owned()).or_default();
                    let between = if known.is_empty() { "" } else { " " };
                    known.push_str(&format!("{between}{own}"));
                }
            }
        }
    }
    styles
}

/// What follows a block whose opening brace was read.
fn after_block(text: &str) -> &str {
    let mut depth = 1_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_a_style_sheet_are_found_and_nothing_else() {
        let text = "<style>.a, .b-c { color: red;\n  margin: 0; } td.x { a: b } .a { font: \"x\"; } @media (x) { .a { no: no } }\n.d{e:f}</style>";
        let styles = styles(text);
        let known: Vec<(&str, &str)> = styles
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        assert_eq!(
            known,
            [
                ("a", "color: red; margin: 0; font: &quot;x&quot;;"),
                ("b-c", "color: red; margin: 0;"),
                ("d", "e:f")
            ]
        );
    }
}
