//! `directory.yml`: from bytes to a checked [`Truth`], or every problem at once.

mod attributes;
mod draft;
pub(crate) mod problem;
mod resolve;
mod text;
mod tree;

use self::problem::{Report, Sink};
use crate::embedded_directory::truth::Truth;

impl Truth {
    /// Reads a directory file. `file` is the name that messages cite. What is allowed and probably not meant is in the
    /// report beside it, which is empty for most files.
    ///
    /// # Errors
    /// Every problem of the file, in the order of their places: docs/reference/directory-file.md lists the kinds.
    pub fn read(file: &str, bytes: &[u8]) -> Result<(Self, Report), Box<Report>> {
        let mut sink = Sink::default();
        let truth = text::parse(bytes, &mut sink).map(|root| {
            let draft = draft::read(&mut sink, &root);
            // The tree of a large file is large; the draft has its own text.
            drop(root);
            resolve::all(&mut sink, draft)
        });
        let warnings = sink.finish(file)?;
        Ok((truth.unwrap_or_default(), warnings))
    }
}
