//! The text of the conditions, and the places of its parts in the policy file.

use cedar_policy::Policy as CedarPolicy;

use crate::problem::Spot;

/// The text of the conditions, and where it stands in the file.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(super) text: String,
    /// Where each of its lines begins, in bytes.
    starts: Vec<usize>,
    /// Line of its first line, from 1.
    line: usize,
    /// Columns by which the block is indented.
    indent: usize,
}

impl Block {
    /// `line` is where its first line stands in the file, `indent` by how many columns it is indented there.
    pub(crate) fn new(text: &str, line: usize, indent: usize) -> Self {
        let after = |(at, _): (usize, &str)| at.saturating_add(1);
        Self {
            text: text.to_owned(),
            starts: std::iter::once(0)
                .chain(text.match_indices('\n').map(after))
                .collect(),
            line,
            indent,
        }
    }

    /// The place of bytes of the text.
    pub(super) fn spot(&self, offset: usize, length: usize) -> Spot {
        let line = self
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let begin = self.starts.get(line).copied().unwrap_or_default();
        let column = self
            .text
            .get(begin..offset)
            .unwrap_or_default()
            .chars()
            .count();
        let covered = self.text.get(offset..offset.saturating_add(length));
        let length = covered
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        Spot::new(
            self.line.saturating_add(line),
            self.indent.saturating_add(column).saturating_add(1),
            length.chars().count().max(1),
        )
    }
}

/// One condition while it is compiled.
pub(super) struct Draft {
    pub(super) policy: CedarPolicy,
    /// Where its text begins in the block.
    pub(super) offset: usize,
    pub(super) length: usize,
}

/// The place of an annotation, or of the condition when it has not got it.
pub(super) fn place_of(block: &Block, draft: &Draft, annotation: &str) -> Spot {
    let text = (block.text)
        .get(draft.offset..draft.offset.saturating_add(draft.length))
        .unwrap_or_default();
    match text.find(&format!("@{annotation}")) {
        Some(at) => block.spot(
            draft.offset.saturating_add(at),
            annotation.len().saturating_add(1),
        ),
        None => block.spot(draft.offset, 6),
    }
}
