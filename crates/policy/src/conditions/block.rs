//! The text of the conditions, and the places of its parts in the policy file.

use cedar_policy::Policy as CedarPolicy;

use crate::problem::Spot;

/// The text of the conditions, and where it stands in the file.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) text: String,
    /// Line of its first line, from 1.
    pub(crate) line: usize,
    /// Columns by which the block is indented.
    pub(crate) indent: usize,
}

impl Block {
    /// The place of bytes of the text.
    pub(super) fn spot(&self, offset: usize, length: usize) -> Spot {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count();
        let begin = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let column = before.get(begin..).unwrap_or_default().chars().count();
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
