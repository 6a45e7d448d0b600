//! What a page holds, before its values are understood: levels, and values in one of the encodings that are read.

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;

use super::cursor::Shape;
use super::hybrid::Hybrid;

/// The levels of a page.
pub(super) struct Levels {
    pub(super) left: usize,
    pub(super) defined: Option<Hybrid>,
    pub(super) repeated: Option<Hybrid>,
    /// The repetition and definition level that were looked at and not taken.
    pub(super) ahead: Option<(u32, u32)>,
}

/// The values of a page.
pub(super) enum Values {
    Positions(Hybrid),
    Plain { data: Bytes, at: usize },
    Runs(Hybrid),
}

/// The levels and values of a page of data; `None` for a dictionary.
pub(super) fn open(page: Page, shape: &Shape) -> Result<Option<(Levels, Values)>, String> {
    let (repeated, defined, encoding, count, rest) = match page {
        Page::DictionaryPage { .. } => return Ok(None),
        Page::DataPage {
            buf,
            num_values,
            encoding,
            def_level_encoding,
            rep_level_encoding,
            ..
        } => {
            let mut rest = buf;
            let repeated = levels(&mut rest, rep_level_encoding, shape.repeated)?;
            let defined = levels(&mut rest, def_level_encoding, shape.defined)?;
            (repeated, defined, encoding, num_values, rest)
        }
        Page::DataPageV2 {
            buf,
            num_values,
            encoding,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let mut rest = buf;
            let repeated = cut(&mut rest, rep_levels_byte_len as usize)?;
            let defined = cut(&mut rest, def_levels_byte_len as usize)?;
            let repeated = hybrid_of_levels(repeated, shape.repeated)?;
            let defined = hybrid_of_levels(defined, shape.defined)?;
            (repeated, defined, encoding, num_values, rest)
        }
    };
    let levels = Levels {
        left: count as usize,
        defined,
        repeated,
        ahead: None,
    };
    Ok(Some((levels, values(encoding, rest, shape)?)))
}

fn values(encoding: Encoding, mut data: Bytes, shape: &Shape) -> Result<Values, String> {
    if encoding == Encoding::PLAIN {
        Ok(Values::Plain { data, at: 0 })
    } else if [Encoding::RLE_DICTIONARY, Encoding::PLAIN_DICTIONARY].contains(&encoding) {
        // A page of nothing but missing values may have no width.
        let width = if data.is_empty() {
            Bytes::from_static(&[0])
        } else {
            cut(&mut data, 1)?
        };
        let width = width.first().copied().unwrap_or(0);
        Ok(Values::Positions(Hybrid::new(data, width.into())?))
    } else if encoding == Encoding::RLE && shape.physical == Type::BOOLEAN {
        let length = length(&mut data)?;
        Ok(Values::Runs(Hybrid::new(cut(&mut data, length)?, 1)?))
    } else {
        Err(format!(
            "it is written in the encoding {encoding}; write it plain or with a dictionary"
        ))
    }
}

/// The levels at the beginning of a page of the first version, with their length before them.
fn levels(rest: &mut Bytes, encoding: Encoding, highest: i16) -> Result<Option<Hybrid>, String> {
    if highest == 0 {
        return Ok(None);
    }
    if encoding != Encoding::RLE {
        return Err(format!(
            "its levels are written in the old encoding {encoding}"
        ));
    }
    let length = length(rest)?;
    hybrid_of_levels(cut(rest, length)?, highest)
}

fn hybrid_of_levels(data: Bytes, highest: i16) -> Result<Option<Hybrid>, String> {
    let width = (u16::BITS - highest.unsigned_abs().leading_zeros()) as usize;
    (highest > 0).then(|| Hybrid::new(data, width)).transpose()
}

/// The length in front of what it is the length of.
fn length(rest: &mut Bytes) -> Result<usize, String> {
    let bytes = <[u8; 4]>::try_from(&*cut(rest, 4)?).map_err(|error| error.to_string())?;
    Ok(u32::from_le_bytes(bytes) as usize)
}

fn cut(rest: &mut Bytes, length: usize) -> Result<Bytes, String> {
    if length > rest.len() {
        return Err("a page is shorter than it says".to_owned());
    }
    Ok(rest.split_to(length))
}
