//! The folder of reports: files that appear whole or not at all, and what is there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{ReportError, record};

/// What the names of reports begin with.
pub(super) const PREFIX: &str = "vault-report-";

/// A report that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Name of the run.
    pub run: String,
    /// The Markdown, when it is there.
    pub markdown: Option<PathBuf>,
    /// The page, when it is there.
    pub html: Option<PathBuf>,
    /// The JSON, when it is there.
    pub json: Option<PathBuf>,
}

/// The reports in a folder, the newest first. A folder that is not there has none; other files are passed over.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Listed>, ReportError> {
    let error = |error| ReportError::io("read", folder, &error);
    let entries = match fs::read_dir(folder) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(error)?,
    };
    let mut reports: std::collections::BTreeMap<String, Listed> = std::collections::BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(error)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let parts = name
            .and_then(|name| name.strip_prefix(PREFIX))
            .and_then(|rest| rest.rsplit_once('.'));
        let Some((run, ending)) = parts.filter(|(run, _)| record::is_name(run)) else {
            continue;
        };
        let ending = ending.to_owned();
        let run = run.to_owned();
        if !matches!(ending.as_str(), "md" | "html" | "json") || !path.is_file() {
            continue;
        }
        let report = reports.entry(run.clone()).or_insert_with(|| Listed {
            run,
            markdown: None,
            html: None,
            json: None,
        });
        match ending.as_str() {
            "md" => report.markdown = Some(path),
            "html" => report.html = Some(path),
            _ => report.json = Some(path),
        }
    }
    Ok(reports.into_values().rev().collect())
}

/// The newest report in a folder; `None` when there is none.
///
/// # Errors
/// When the folder cannot be read.
pub fn newest(folder: &Path) -> Result<Option<Listed>, ReportError> {
    Ok(list(folder)?.into_iter().next())
}

/// Makes the folder when it is missing, for its owner alone.
pub(super) fn folder(folder: &Path) -> Result<(), ReportError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder);
    made.map_err(|error| ReportError::io("make the folder", folder, &error))
}

/// A file that is being written beside its place. Dropped without being kept, it is gone.
pub(super) struct Draft {
    writer: Option<BufWriter<File>>,
    written: PathBuf,
    place: PathBuf,
}

impl Draft {
    /// Begins a file.
    pub(super) fn new(folder: &Path, name: &str) -> Result<Self, ReportError> {
        let written = folder.join(format!(".{name}.{}.part", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(&written).or_else(|error| {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
            // Left by a process of the same number that was killed.
            fs::remove_file(&written)?;
            options.open(&written)
        });
        let file = opened.map_err(|error| ReportError::io("write", &written, &error))?;
        Ok(Self {
            writer: Some(BufWriter::with_capacity(64 * 1024, file)),
            written,
            place: folder.join(name),
        })
    }

    /// Writes more.
    pub(super) fn put(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ReportError> {
        let written = &self.written;
        match &mut self.writer {
            Some(writer) => {
                write(writer).map_err(|error| ReportError::io("write", written, &error))
            }
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.writer.take() {
            Some(writer) => writer
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?
                .sync_all(),
            None => Ok(()),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a move there is nothing left to remove.
        let _ = fs::remove_file(&self.written);
    }
}

/// Moves files to their places once all of them are on the disk.
pub(super) fn keep<const N: usize>(mut drafts: [Draft; N]) -> Result<[PathBuf; N], ReportError> {
    for draft in &mut drafts {
        draft
            .finish()
            .map_err(|error| ReportError::io("write", &draft.written, &error))?;
    }
    for draft in &drafts {
        let moved = fs::rename(&draft.written, &draft.place);
        moved.map_err(|error| ReportError::io("write", &draft.place, &error))?;
    }
    Ok(std::array::from_fn(|place| {
        drafts
            .get(place)
            .map(|draft| draft.place.clone())
            .unwrap_or_default()
    }))
}
