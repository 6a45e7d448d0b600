//! Parquet: row groups, each read by one thread, column by column and a few rows at a time.
//!
//! The crate `parquet` reads the file's description and gives pages without their compression; what is in the pages is
//! read here, so that a text of a dictionary is understood once and not once for each row.

mod batch;
mod cursor;
mod file;
mod hybrid;
mod page;

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use self::batch::Batch;
use self::cursor::{Cursor, Kind, Shape};
pub(crate) use self::file::SharedFile;
use super::{Sink, TOGETHER, problem_of};
use crate::backtest::row::{Code, Column, NONE, Place, Row, Texts};

/// Rows that are read at a time: few enough that all columns of them stay near the processor.
const ROWS: usize = 1_024;

/// A file being read.
pub(crate) struct Groups {
    file: Arc<dyn FileReader>,
    shapes: Arc<[Shape]>,
    next: usize,
    row: u64,
}

/// A row group.
pub(crate) struct Group {
    file: Arc<dyn FileReader>,
    shapes: Arc<[Shape]>,
    index: usize,
    first: u64,
}

impl Groups {
    /// Reads the description of a file.
    ///
    /// # Errors
    /// When it is no Parquet, a column has another type than it should, or a required one is missing.
    pub(crate) fn open(file: impl ChunkReader + 'static) -> Result<Self, String> {
        let file = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let mut shapes: Vec<Shape> = Vec::new();
        for (leaf, descriptor) in schema.columns().iter().enumerate() {
            let name = descriptor.path().parts().first().map_or("", String::as_str);
            let Some(column) = Column::from_name(name) else {
                continue;
            };
            if shapes.iter().any(|shape| shape.column == column) {
                return Err(format!("the column `{}` stands there twice", column.name()));
            }
            let root = schema.get_column_root(leaf).get_basic_info();
            let is_optional = root.has_repetition() && root.repetition() == Repetition::OPTIONAL;
            shapes.push(shape(column, leaf, descriptor, is_optional)?);
        }
        for column in Column::ALL {
            if column.is_required() && !shapes.iter().any(|shape| shape.column == *column) {
                return Err(format!("there is no column `{}`", column.name()));
            }
        }
        // The crate takes these for granted and panics.
        let columns = file
            .metadata()
            .row_groups()
            .iter()
            .flat_map(|group| group.columns());
        for column in columns {
            let start = column
                .dictionary_page_offset()
                .unwrap_or(column.data_page_offset());
            if start < 0 || column.compressed_size() < 0 {
                return Err("a column lies outside the file".to_owned());
            }
        }
        Ok(Self {
            file: Arc::new(file),
            shapes: shapes.into(),
            next: 0,
            row: 1,
        })
    }

    /// The next row group; `None` after the last.
    pub(crate) fn next(&mut self) -> Option<Group> {
        let metadata = self.file.metadata().row_groups().get(self.next)?;
        let group = Group {
            file: Arc::clone(&self.file),
            shapes: Arc::clone(&self.shapes),
            index: self.next,
            first: self.row,
        };
        self.row = self.row.saturating_add(metadata.num_rows().unsigned_abs());
        self.next += 1;
        Some(group)
    }
}

/// How a column is laid out, when it is of a type that it may be.
fn shape(
    column: Column,
    leaf: usize,
    descriptor: &ColumnDescriptor,
    is_optional: bool,
) -> Result<Shape, String> {
    let physical = descriptor.physical_type();
    let repeated = descriptor.max_rep_level();
    let is_list = matches!(column, Column::Roles | Column::Approvals | Column::Holdings);
    let is_time = matches!(
        column,
        Column::Until | Column::CreatedAt | Column::DecidedAt
    );
    let is_flag = matches!(column, Column::Justification | Column::SodConflict);
    let kind = if physical == Type::BYTE_ARRAY && is_text(descriptor) {
        Some(Kind::Text)
    } else if physical == Type::BOOLEAN && is_flag {
        Some(Kind::Flag)
    } else if physical == Type::DOUBLE && column == Column::ModelConfidence {
        Some(Kind::Share)
    } else if physical == Type::INT64 && is_time {
        per_second(descriptor).map(Kind::Time)
    } else {
        None
    };
    match kind {
        Some(kind) if repeated == 0 || repeated == 1 && is_list => Ok(Shape {
            column,
            leaf,
            kind,
            physical,
            defined: descriptor.max_def_level(),
            repeated,
            is_optional,
        }),
        Some(_) | None => Err(format!(
            "the column `{}` is {}{physical}{}, and should be {}",
            column.name(),
            if repeated > 0 { "a list of " } else { "" },
            descriptor
                .logical_type_ref()
                .map_or_else(String::new, |logical| format!(" ({logical:?})")),
            column.expected()
        )),
    }
}

/// Whether bytes are text. Some writers do not say; then they are taken as text and checked.
fn is_text(descriptor: &ColumnDescriptor) -> bool {
    matches!(
        descriptor.logical_type_ref(),
        None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
    ) && matches!(
        descriptor.converted_type(),
        ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
    )
}

fn per_second(descriptor: &ColumnDescriptor) -> Option<i64> {
    match (descriptor.logical_type_ref(), descriptor.converted_type()) {
        (Some(LogicalType::Timestamp(time)), _) => Some(match time.unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        }),
        (None, ConvertedType::TIMESTAMP_MILLIS) => Some(1_000),
        (None, ConvertedType::TIMESTAMP_MICROS) => Some(1_000_000),
        (Some(_) | None, _) => None,
    }
}

impl Group {
    /// Reads every row of it. Returns how many bytes it took of the file.
    pub(crate) fn read(&self, input: u32, sink: &mut impl Sink) -> Result<u64, String> {
        let group = self
            .file
            .get_row_group(self.index)
            .map_err(|error| error.to_string())?;
        let mut cursors: Vec<(Cursor, Batch)> = Vec::new();
        for shape in self.shapes.iter() {
            if shape.column.is_for_conditions() && !sink.wants_conditions() {
                continue;
            }
            let pages = group
                .get_column_page_reader(shape.leaf)
                .map_err(|error| error.to_string())?;
            cursors.push((Cursor::new(*shape, pages), Batch::default()));
        }
        let rows =
            usize::try_from(group.metadata().num_rows()).map_err(|error| error.to_string())?;
        let mut done = 0;
        while done < rows {
            let now = ROWS.min(rows - done);
            for (cursor, batch) in &mut cursors {
                cursor
                    .fill(now, sink.interner(), batch)
                    .map_err(|problem| {
                        format!("column `{}`: {problem}", cursor.shape.column.name())
                    })?;
            }
            let first = u64::try_from(done).unwrap_or(u64::MAX);
            let place = Place {
                input,
                row: self.first.saturating_add(first),
            };
            Columns::new(&cursors).read(now, place, sink);
            done += now;
        }
        Ok(group.metadata().compressed_size().unsigned_abs())
    }
}

/// Some rows of all columns.
struct Columns<'a> {
    codes: [&'a [Code]; Column::ALL.len()],
    texts: Vec<(Column, &'a batch::Texts)>,
}

impl<'a> Columns<'a> {
    fn new(cursors: &'a [(Cursor, Batch)]) -> Self {
        let mut columns = Self {
            codes: [&[]; Column::ALL.len()],
            texts: Vec::new(),
        };
        for (cursor, batch) in cursors {
            let column = cursor.shape.column;
            if let Some(slot) = columns.codes.get_mut(column as usize) {
                *slot = &batch.codes;
            }
            if column.is_text() {
                columns.texts.push((column, &batch.texts));
            }
        }
        columns
    }

    /// Hands on `count` rows, of which the first stands at `place`.
    fn read(&self, count: usize, mut place: Place, sink: &mut impl Sink) {
        let mut rows = Vec::with_capacity(TOGETHER);
        for row in 0..count {
            let mut texts = Texts::default();
            for (column, batch) in &self.texts {
                texts.set(*column, batch.get(row));
            }
            let code = |column: Column| {
                let codes = self.codes.get(column as usize);
                codes
                    .and_then(|codes| codes.get(row))
                    .copied()
                    .unwrap_or(NONE)
            };
            match Row::new(place, texts, code) {
                Ok(row) => rows.push(row),
                Err(column) => sink.broken(place, problem_of(column)),
            }
            if rows.len() == TOGETHER {
                sink.rows(&rows);
                rows.clear();
            }
            place.row = place.row.saturating_add(1);
        }
        sink.rows(&rows);
    }
}
