//! Writing Parquet in memory, for tests and benchmarks.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "tests and benchmarks may panic, and each uses a part of it"
)]

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// The values of a column of one row group. Without levels every value is there.
pub enum Values {
    Text(Vec<ByteArray>),
    Flag(Vec<bool>),
    Number(Vec<i64>),
    Share(Vec<f64>),
}

/// A column of one row group: definition levels, repetition levels, values.
pub struct Written {
    pub defined: Option<Vec<i16>>,
    pub repeated: Option<Vec<i16>>,
    pub values: Values,
}

impl Written {
    /// Texts, all of which are there.
    pub fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let values = texts
            .into_iter()
            .map(|text| ByteArray::from(text.as_ref()))
            .collect();
        Self {
            defined: None,
            repeated: None,
            values: Values::Text(values),
        }
    }

    /// Texts, some of which may be missing.
    pub fn optional(texts: &[Option<&str>]) -> Self {
        let values = texts
            .iter()
            .flatten()
            .map(|text| ByteArray::from(*text))
            .collect();
        let defined = texts.iter().map(|text| i16::from(text.is_some())).collect();
        Self {
            defined: Some(defined),
            repeated: None,
            values: Values::Text(values),
        }
    }

    /// Numbers, all of which are there.
    pub fn numbers(numbers: Vec<i64>) -> Self {
        Self {
            defined: None,
            repeated: None,
            values: Values::Number(numbers),
        }
    }

    /// Shares, some of which may be missing.
    pub fn shares(shares: &[Option<f64>]) -> Self {
        let defined = shares.iter().map(|share| i16::from(share.is_some()));
        Self {
            defined: Some(defined.collect()),
            repeated: None,
            values: Values::Share(shares.iter().flatten().copied().collect()),
        }
    }

    /// Flags, all of which are there.
    pub fn flags(flags: Vec<bool>) -> Self {
        Self {
            defined: None,
            repeated: None,
            values: Values::Flag(flags),
        }
    }
}

/// A file of `schema` (in Parquet's own language) with these row groups.
pub fn file(
    schema: &str,
    properties: WriterProperties,
    groups: impl IntoIterator<Item = Vec<Written>>,
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for group in groups {
        let mut row_group = writer.next_row_group().unwrap();
        for written in group {
            let mut column = row_group.next_column().unwrap().unwrap();
            let (defined, repeated) = (written.defined.as_deref(), written.repeated.as_deref());
            match &written.values {
                Values::Text(values) => column
                    .typed::<ByteArrayType>()
                    .write_batch(values, defined, repeated)
                    .unwrap(),
                Values::Flag(values) => column
                    .typed::<BoolType>()
                    .write_batch(values, defined, repeated)
                    .unwrap(),
                Values::Share(values) => column
                    .typed::<DoubleType>()
                    .write_batch(values, defined, repeated)
                    .unwrap(),
                Values::Number(values) => column
                    .typed::<Int64Type>()
                    .write_batch(values, defined, repeated)
                    .unwrap(),
            };
            column.close().unwrap();
        }
        row_group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// As most programs write it: dictionaries where they pay, Snappy.
pub fn usual() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build()
}
