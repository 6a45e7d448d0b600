//! Reading histories: files are cut into chunks in order, by whichever thread asks next, and read by that thread.

mod json_lines;
mod lines;
mod parquet;
mod table;

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use super::BacktestError;
use super::interner::Interner;
use super::row::{Column, Place, Row};

/// Longest line of JSON Lines or record of CSV, in bytes. What is longer is a broken row.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A format of histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A JSON object on each line.
    JsonLines,
    /// Comma-separated values with a line of names first.
    Csv,
    /// Apache Parquet: flat columns, or lists of text, plain or dictionary-encoded, without compression or with Snappy.
    Parquet,
}

impl Format {
    /// The format that the ending of a file's name tells: `.jsonl`, `.ndjson`, `.json`, `.csv` or `.parquet`.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// A history to read, once.
pub struct Input {
    name: String,
    bytes: Option<u64>,
    content: Content,
}

enum Content {
    JsonLines(Box<dyn Read + Send>),
    Csv(Box<dyn Read + Send>),
    ParquetFile(File),
    ParquetBytes(Bytes),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Input")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Input {
    /// An open file, called `name` in reports.
    #[must_use]
    pub fn from_file(name: &str, format: Format, file: File) -> Self {
        let bytes = file.metadata().ok().map(|metadata| metadata.len());
        let content = match format {
            Format::JsonLines => Content::JsonLines(Box::new(file)),
            Format::Csv => Content::Csv(Box::new(file)),
            Format::Parquet => Content::ParquetFile(file),
        };
        Self {
            name: name.to_owned(),
            bytes,
            content,
        }
    }

    /// Bytes in memory, called `name` in reports.
    #[must_use]
    pub fn from_bytes(name: &str, format: Format, bytes: Vec<u8>) -> Self {
        let length = u64::try_from(bytes.len()).ok();
        let content = match format {
            Format::JsonLines => Content::JsonLines(Box::new(std::io::Cursor::new(bytes))),
            Format::Csv => Content::Csv(Box::new(std::io::Cursor::new(bytes))),
            Format::Parquet => Content::ParquetBytes(Bytes::from(bytes)),
        };
        Self {
            name: name.to_owned(),
            bytes: length,
            content,
        }
    }

    /// Text as it comes, such as standard input. Parquet cannot be read that way.
    #[must_use]
    pub fn from_json_lines(name: &str, reader: Box<dyn Read + Send>) -> Self {
        Self {
            name: name.to_owned(),
            bytes: None,
            content: Content::JsonLines(reader),
        }
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size, where that is known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }
}

/// Inputs, one after the other, cut into chunks.
pub(crate) struct Feed {
    waiting: VecDeque<Input>,
    current: Option<(String, Cutter)>,
    number: u32,
}

enum Cutter {
    JsonLines(lines::Lines),
    Csv(table::Table),
    Parquet(parquet::Groups),
}

/// A piece of an input, read by the thread that took it.
pub(crate) enum Chunk {
    JsonLines(lines::Block),
    Csv(table::Records),
    Parquet(parquet::Group),
}

/// Rows that a reader hands on at once.
pub(crate) const TOGETHER: usize = 64;

/// What a reader does with each row, or with why it is broken.
pub(crate) trait Sink {
    fn interner(&mut self) -> &mut Interner;
    /// Takes some rows in order, best [`TOGETHER`] of them: what they need is then fetched from memory at once.
    fn rows(&mut self, rows: &[Row<'_>]);
    fn broken(&mut self, place: Place, problem: String);
    /// Whether the columns that only conditions read are wanted.
    fn wants_conditions(&self) -> bool;

    /// A row of codes, or the column that is broken.
    fn row_or_column(&mut self, place: Place, row: Result<Row<'_>, Column>) {
        match row {
            Ok(row) => self.rows(&[row]),
            Err(column) => self.broken(place, problem_of(column)),
        }
    }
}

/// What is wrong when a column of a row is.
pub(crate) fn problem_of(column: Column) -> String {
    if column.is_required() {
        format!(
            "`{}` is missing or is not {}",
            column.name(),
            column.expected()
        )
    } else if column == Column::Until {
        format!(
            "`until` is not {}, or stands beside `duration`",
            column.expected()
        )
    } else {
        format!("`{}` is not {}", column.name(), column.expected())
    }
}

impl Feed {
    pub(crate) fn new(inputs: Vec<Input>) -> Self {
        Self {
            waiting: inputs.into(),
            current: None,
            number: 0,
        }
    }

    /// The next chunk, and the number of the input that it is of; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Chunk)>, BacktestError> {
        loop {
            if self.current.is_none() {
                let Some(input) = self.waiting.pop_front() else {
                    return Ok(None);
                };
                let unreadable = |problem| BacktestError::Unreadable {
                    input: input.name.clone(),
                    problem,
                };
                let cutter = match input.content {
                    Content::JsonLines(reader) => Cutter::JsonLines(lines::Lines::new(reader)),
                    Content::Csv(reader) => {
                        Cutter::Csv(table::Table::open(reader).map_err(unreadable)?)
                    }
                    Content::ParquetFile(file) => {
                        let file = parquet::SharedFile::new(file)
                            .map_err(|error| unreadable(error.to_string()))?;
                        Cutter::Parquet(parquet::Groups::open(file).map_err(unreadable)?)
                    }
                    Content::ParquetBytes(bytes) => {
                        Cutter::Parquet(parquet::Groups::open(bytes).map_err(unreadable)?)
                    }
                };
                self.current = Some((input.name, cutter));
            }
            let Some((name, cutter)) = &mut self.current else {
                continue;
            };
            let chunk = match cutter {
                Cutter::JsonLines(lines) => lines.next().map(|block| block.map(Chunk::JsonLines)),
                Cutter::Csv(table) => table.next().map(|records| records.map(Chunk::Csv)),
                Cutter::Parquet(groups) => Ok(groups.next().map(Chunk::Parquet)),
            };
            let unreadable = |problem| BacktestError::Unreadable {
                input: name.clone(),
                problem,
            };
            match chunk.map_err(unreadable)? {
                Some(chunk) => return Ok(Some((self.number, chunk))),
                None => {
                    self.current = None;
                    self.number += 1;
                }
            }
        }
    }
}

impl Chunk {
    /// Reads every row of it. Returns how many bytes it took of its input.
    ///
    /// # Errors
    /// When the piece as a whole cannot be read, as with a damaged page of Parquet.
    pub(crate) fn read(self, input: u32, sink: &mut impl Sink) -> Result<u64, String> {
        match self {
            Self::JsonLines(block) => Ok(json_lines::read(&block, input, sink)),
            Self::Csv(records) => Ok(table::read(&records, input, sink)),
            Self::Parquet(group) => group.read(input, sink),
        }
    }
}
