//! Some rows of a column: a code for each, and the text where that is kept.

use crate::backtest::row::Code;

/// Some rows of a column.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) codes: Vec<Code>,
    /// For columns that are kept as text.
    pub(crate) texts: Texts,
}

/// Texts one after the other.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// The text of a row; empty when there is none.
    pub(crate) fn get(&self, row: usize) -> &str {
        let start = row
            .checked_sub(1)
            .map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(row).copied());
        range
            .and_then(|(start, end)| self.text.get(start..end))
            .unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

impl Batch {
    pub(super) fn push(&mut self, code: Code, text: &str, keeps_text: bool) {
        self.codes.push(code);
        if keeps_text {
            self.texts.push(text);
        }
    }

    /// Adds a code without text, `times` times.
    #[inline]
    pub(super) fn push_same(&mut self, code: Code, times: usize) {
        if times == 1 {
            self.codes.push(code);
        } else {
            self.codes.extend(std::iter::repeat_n(code, times));
        }
    }

    pub(super) fn clear(&mut self) {
        self.codes.clear();
        self.texts.clear();
    }
}
