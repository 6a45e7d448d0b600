//! CSV: a line of names, then records. Columns that it does not know are passed over.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};

use super::{LINE_BYTES_MAX, Sink};
use crate::backtest::row::{Codes, Column, Place, Row, Texts, code};

/// Records of a chunk.
const RECORDS: usize = 2_048;

/// A file being read.
pub(crate) struct Table {
    reader: csv::Reader<Box<dyn Read + Send>>,
    columns: Vec<Option<Column>>,
    position: u64,
}

/// Records, or what is wrong with them, each with its line.
pub(crate) struct Records {
    columns: Vec<Option<Column>>,
    records: Vec<(u64, Result<ByteRecord, String>)>,
    bytes: u64,
}

impl Table {
    /// Reads the line of names.
    ///
    /// # Errors
    /// When it cannot be read, names a column twice, or lacks a required one.
    pub(crate) fn open(reader: Box<dyn Read + Send>) -> Result<Self, String> {
        let mut reader = ReaderBuilder::new().from_reader(reader);
        let names = reader.byte_headers().map_err(|error| error.to_string())?;
        if names.is_empty() {
            return Ok(Self {
                reader,
                columns: Vec::new(),
                position: 0,
            });
        }
        let known = |name: &[u8]| {
            let name = std::str::from_utf8(name).ok()?;
            Column::from_name(name.trim().trim_start_matches('\u{feff}'))
        };
        let columns: Vec<Option<Column>> = names.iter().map(known).collect();
        for column in Column::ALL {
            match columns
                .iter()
                .filter(|found| **found == Some(*column))
                .count()
            {
                0 if column.is_required() => {
                    return Err(format!(
                        "the first line names no column `{}`",
                        column.name()
                    ));
                }
                0 | 1 => (),
                _ => return Err(format!("the first line names `{}` twice", column.name())),
            }
        }
        Ok(Self {
            reader,
            columns,
            position: 0,
        })
    }

    /// The next records; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Records>, String> {
        let mut records = Vec::with_capacity(RECORDS);
        while records.len() < RECORDS {
            let mut record = ByteRecord::new();
            let line = self.reader.position().line();
            match self.reader.read_byte_record(&mut record) {
                Ok(false) => break,
                Ok(true) if record.as_slice().len() > LINE_BYTES_MAX => {
                    let problem = format!("the record has more than {LINE_BYTES_MAX} bytes");
                    records.push((line, Err(problem)));
                    break;
                }
                Ok(true) => {
                    let line = record.position().map_or(line, csv::Position::line);
                    records.push((line, Ok(record)));
                }
                Err(error) if error.is_io_error() => return Err(error.to_string()),
                Err(error) => records.push(broken(&error, line)),
            }
        }
        let position = self.reader.position().byte();
        let bytes = position - std::mem::replace(&mut self.position, position);
        let columns = self.columns.clone();
        Ok((!records.is_empty()).then_some(Records {
            columns,
            records,
            bytes,
        }))
    }
}

fn broken(error: &csv::Error, line: u64) -> (u64, Result<ByteRecord, String>) {
    let line = error.position().map_or(line, csv::Position::line);
    let problem = if let csv::ErrorKind::UnequalLengths {
        expected_len, len, ..
    } = error.kind()
    {
        format!("{len} fields where the first line has {expected_len}")
    } else {
        error.to_string()
    };
    (line, Err(problem))
}

/// Reads every record of a chunk. Returns how many bytes they took.
pub(crate) fn read(records: &Records, input: u32, sink: &mut impl Sink) -> u64 {
    for (line, record) in &records.records {
        let place = Place { input, row: *line };
        match record {
            Ok(record) => read_record(record, &records.columns, place, sink),
            Err(problem) => sink.broken(place, problem.clone()),
        }
    }
    records.bytes
}

fn read_record(
    record: &ByteRecord,
    columns: &[Option<Column>],
    place: Place,
    sink: &mut impl Sink,
) {
    let mut codes = Codes::default();
    let mut texts = Texts::default();
    for (field, column) in record.iter().zip(columns) {
        let Some(column) = *column else {
            continue;
        };
        let Ok(text) = std::str::from_utf8(field) else {
            return sink.broken(place, format!("`{}` is not UTF-8 text", column.name()));
        };
        texts.set(column, text);
        codes.set(column, code(column, text, sink.interner()));
    }
    sink.row_or_column(place, Row::new(place, texts, |column| codes.get(column)));
}
