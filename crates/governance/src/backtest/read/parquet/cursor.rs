//! A column of a row group, read a few rows at a time: texts become codes once for each entry of a dictionary.

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};

use super::hybrid::{Hybrid, bits};
use crate::backtest::interner::Interner;
use crate::backtest::row::{BROKEN, Code, Column, NONE, code, code_of_flag};

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Flag,
    /// Time since 1970; this many in a second.
    Time(i64),
}

/// How a column is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) column: Column,
    pub(crate) leaf: usize,
    pub(crate) kind: Kind,
    pub(crate) physical: Type,
    /// Definition level at which there is a value.
    pub(crate) defined: i16,
    /// 0 for a flat column, 1 for a list.
    pub(crate) repeated: i16,
    /// Whether the list itself can be missing.
    pub(crate) is_optional: bool,
}

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
    fn push(&mut self, text: &str) {
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

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

impl Batch {
    fn push(&mut self, code: Code, text: &str, keeps_text: bool) {
        self.codes.push(code);
        if keeps_text {
            self.texts.push(text);
        }
    }

    fn clear(&mut self) {
        self.codes.clear();
        self.texts.clear();
    }
}

/// A column being read.
pub(crate) struct Cursor {
    pub(crate) shape: Shape,
    pages: Box<dyn PageReader>,
    dictionary: Batch,
    page: Option<Levels>,
    values: Values,
    scratch: Batch,
    levels: Vec<u32>,
}

/// The levels of a page.
struct Levels {
    left: usize,
    defined: Option<Hybrid>,
    repeated: Option<Hybrid>,
    /// The repetition and definition level that were looked at and not taken.
    ahead: Option<(u32, u32)>,
}

/// The values of a page.
enum Values {
    Positions(Hybrid),
    Plain { data: Bytes, at: usize },
    Runs(Hybrid),
}

impl Cursor {
    pub(crate) fn new(shape: Shape, pages: Box<dyn PageReader>) -> Self {
        Self {
            shape,
            pages,
            dictionary: Batch::default(),
            page: None,
            values: Values::Plain {
                data: Bytes::new(),
                at: 0,
            },
            scratch: Batch::default(),
            levels: Vec::new(),
        }
    }

    /// Reads the next `rows` rows.
    ///
    /// # Errors
    /// When the column is damaged, ends before, or is written in a way that is not read.
    pub(crate) fn fill(
        &mut self,
        rows: usize,
        interner: &mut Interner,
        out: &mut Batch,
    ) -> Result<(), String> {
        out.clear();
        if self.shape.repeated > 0 {
            return self.fill_lists(rows, interner, out);
        }
        let highest = u32::from(self.shape.defined.unsigned_abs());
        let mut levels = std::mem::take(&mut self.levels);
        while out.codes.len() < rows {
            let Some(page) = self.open_page(interner)? else {
                return Err("it has fewer values than the file has rows".to_owned());
            };
            let take = page.left.min(rows - out.codes.len());
            page.left -= take;
            let Some(defined) = &mut page.defined else {
                self.read_values(take, interner, out)?;
                continue;
            };
            let mut present = 0;
            levels.clear();
            defined.read(take, |level, times| {
                levels.extend(std::iter::repeat_n(level, times));
                present += if level == highest { times } else { 0 };
            })?;
            if present == take {
                self.read_values(take, interner, out)?;
                continue;
            }
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.clear();
            self.read_values(present, interner, &mut scratch)?;
            let keeps_text = self.shape.column.is_text();
            let mut values = scratch.codes.iter().zip(0..);
            for level in &levels {
                match values.next_if_eq_level(*level == highest) {
                    Some((code, place)) => out.push(*code, scratch.texts.get(place), keeps_text),
                    None => out.push(NONE, "", keeps_text),
                }
            }
            self.scratch = scratch;
        }
        self.levels = levels;
        Ok(())
    }

    /// Reads lists, each as one text.
    fn fill_lists(
        &mut self,
        rows: usize,
        interner: &mut Interner,
        out: &mut Batch,
    ) -> Result<(), String> {
        let column = self.shape.column;
        let highest = u32::from(self.shape.defined.unsigned_abs());
        let mut list = String::new();
        for _ in 0..rows {
            list.clear();
            let (mut is_begun, mut is_there) = (false, false);
            while let Some((repeated, defined)) = self.look_ahead(interner)? {
                if repeated == 0 && is_begun {
                    break;
                }
                self.take_level();
                is_begun = true;
                is_there |= !self.shape.is_optional || defined > 0;
                if defined == highest {
                    let mut scratch = std::mem::take(&mut self.scratch);
                    scratch.clear();
                    self.read_values(1, interner, &mut scratch)?;
                    if scratch.codes.first() == Some(&BROKEN) {
                        is_there = false;
                        list.push('\u{0}');
                    }
                    add_to_list(&mut list, column, scratch.texts.get(0));
                    self.scratch = scratch;
                }
            }
            if !is_begun {
                return Err("it has fewer lists than the file has rows".to_owned());
            }
            let found = match (is_there, column) {
                (false, _) if list.is_empty() => NONE,
                (false, _) => BROKEN,
                (true, Column::Holdings) => {
                    let whole = if list.is_empty() {
                        "[]".to_owned()
                    } else {
                        format!("{list}]")
                    };
                    code(column, &whole, interner)
                }
                (true, _) => code(column, &list, interner),
            };
            out.push(found, "", false);
        }
        Ok(())
    }

    /// The next levels of a list; `None` at the end of the column.
    fn look_ahead(&mut self, interner: &mut Interner) -> Result<Option<(u32, u32)>, String> {
        let Some(page) = self.open_page(interner)? else {
            return Ok(None);
        };
        if page.ahead.is_none() {
            let mut levels = (0, 0);
            if let Some(repeated) = &mut page.repeated {
                repeated.read(1, |level, _| levels.0 = level)?;
            }
            if let Some(defined) = &mut page.defined {
                defined.read(1, |level, _| levels.1 = level)?;
            }
            page.ahead = Some(levels);
        }
        Ok(page.ahead)
    }

    fn take_level(&mut self) {
        if let Some(page) = &mut self.page {
            page.ahead = None;
            page.left = page.left.saturating_sub(1);
        }
    }

    /// The page of which something is left; `None` at the end of the column.
    fn open_page(&mut self, interner: &mut Interner) -> Result<Option<&mut Levels>, String> {
        while self.page.as_ref().is_none_or(|page| page.left == 0) {
            match self
                .pages
                .get_next_page()
                .map_err(|error| error.to_string())?
            {
                None => return Ok(None),
                Some(Page::DictionaryPage {
                    buf, num_values, ..
                }) => {
                    self.read_dictionary(&buf, num_values as usize, interner)?;
                }
                Some(Page::DataPage {
                    buf,
                    num_values,
                    encoding,
                    def_level_encoding,
                    rep_level_encoding,
                    ..
                }) => {
                    let mut rest = buf;
                    let repeated = levels(&mut rest, rep_level_encoding, self.shape.repeated)?;
                    let defined = levels(&mut rest, def_level_encoding, self.shape.defined)?;
                    self.begin(num_values, repeated, defined, encoding, rest)?;
                }
                Some(Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    ..
                }) => {
                    let mut rest = buf;
                    let repeated = cut(&mut rest, rep_levels_byte_len as usize)?;
                    let defined = cut(&mut rest, def_levels_byte_len as usize)?;
                    let repeated = hybrid_of_levels(repeated, self.shape.repeated)?;
                    let defined = hybrid_of_levels(defined, self.shape.defined)?;
                    self.begin(num_values, repeated, defined, encoding, rest)?;
                }
            }
        }
        Ok(self.page.as_mut())
    }

    fn begin(
        &mut self,
        values: u32,
        repeated: Option<Hybrid>,
        defined: Option<Hybrid>,
        encoding: Encoding,
        mut data: Bytes,
    ) -> Result<(), String> {
        self.values = match encoding {
            Encoding::PLAIN => Values::Plain { data, at: 0 },
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                // A page of nothing but missing values may have no width.
                let width = if data.is_empty() {
                    Bytes::from_static(&[0])
                } else {
                    cut(&mut data, 1)?
                };
                Values::Positions(Hybrid::new(
                    data,
                    width.first().copied().unwrap_or(0).into(),
                )?)
            }
            Encoding::RLE if self.shape.physical == Type::BOOLEAN => {
                let length = length(&mut data)?;
                Values::Runs(Hybrid::new(cut(&mut data, length)?, 1)?)
            }
            other => {
                return Err(format!(
                    "it is written in the encoding {other}; write it plain or with a dictionary"
                ));
            }
        };
        self.page = Some(Levels {
            left: values as usize,
            defined,
            repeated,
            ahead: None,
        });
        Ok(())
    }

    fn read_dictionary(
        &mut self,
        data: &Bytes,
        count: usize,
        interner: &mut Interner,
    ) -> Result<(), String> {
        self.dictionary.clear();
        let mut at = 0;
        let keeps_text = self.keeps_text();
        for _ in 0..count {
            let (code, text) = plain(&self.shape, data, &mut at, interner)?;
            self.dictionary.push(code, text, keeps_text);
        }
        Ok(())
    }

    fn keeps_text(&self) -> bool {
        self.shape.column.is_text() || self.shape.repeated > 0
    }

    /// Reads `count` values that are there.
    fn read_values(
        &mut self,
        count: usize,
        interner: &mut Interner,
        out: &mut Batch,
    ) -> Result<(), String> {
        let keeps_text = self.keeps_text();
        match &mut self.values {
            Values::Positions(positions) => {
                let dictionary = &self.dictionary;
                let mut is_outside = false;
                positions.read(count, |position, times| {
                    let place = position as usize;
                    let code = dictionary.codes.get(place).copied();
                    is_outside |= code.is_none();
                    let code = code.unwrap_or(BROKEN);
                    if keeps_text {
                        for _ in 0..times {
                            out.push(code, dictionary.texts.get(place), true);
                        }
                    } else {
                        out.codes.extend(std::iter::repeat_n(code, times));
                    }
                })?;
                if is_outside {
                    return Err("a value stands outside its dictionary".to_owned());
                }
            }
            Values::Plain { data, at } => {
                for _ in 0..count {
                    let (code, text) = plain(&self.shape, data, at, interner)?;
                    out.push(code, text, keeps_text);
                }
            }
            Values::Runs(runs) => {
                let column = self.shape.column;
                runs.read(count, |flag, times| {
                    let code = code_of_flag(column, flag != 0);
                    out.codes.extend(std::iter::repeat_n(code, times));
                })?;
            }
        }
        Ok(())
    }
}

/// The next value while its level says that there is one.
trait NextIf: Iterator {
    fn next_if_eq_level(&mut self, is_there: bool) -> Option<Self::Item> {
        if is_there { self.next() } else { None }
    }
}

impl<I: Iterator> NextIf for I {}

/// Adds an item to a list as text: holdings as JSON, which may hold any name; others with line ends between.
fn add_to_list(list: &mut String, column: Column, item: &str) {
    if column == Column::Holdings {
        list.push(if list.is_empty() { '[' } else { ',' });
        // Text always serialises.
        list.push_str(&serde_json::to_string(item).unwrap_or_default());
    } else {
        if !list.is_empty() {
            list.push('\n');
        }
        list.push_str(item);
    }
}

/// A plain value: its code and, of text, the text. `at` counts bytes, or bits of flags.
fn plain<'d>(
    shape: &Shape,
    data: &'d Bytes,
    at: &mut usize,
    interner: &mut Interner,
) -> Result<(Code, &'d str), String> {
    let short = || "a page ends before its values do".to_owned();
    match shape.kind {
        Kind::Flag => {
            let flag = bits(data, *at, 1)? == 1;
            *at += 1;
            Ok((code_of_flag(shape.column, flag), ""))
        }
        Kind::Time(per_second) => {
            let end = at.saturating_add(8);
            let bytes = data
                .get(*at..end)
                .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
            *at = end;
            let seconds = i64::from_le_bytes(bytes.ok_or_else(short)?).div_euclid(per_second);
            let in_years = (0..=253_402_300_799).contains(&seconds);
            Ok((
                Code::try_from(seconds)
                    .ok()
                    .filter(|_| in_years)
                    .unwrap_or(BROKEN),
                "",
            ))
        }
        Kind::Text => {
            let end = at.saturating_add(4);
            let length = data
                .get(*at..end)
                .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
            let length = u32::from_le_bytes(length.ok_or_else(short)?) as usize;
            let text = data
                .get(end..end.saturating_add(length))
                .ok_or_else(short)?;
            *at = end.saturating_add(length);
            Ok(match std::str::from_utf8(text) {
                // An item of a list gets its meaning with the others.
                Ok(text) if shape.repeated > 0 => (0, text),
                Ok(text) => (code(shape.column, text, interner), text),
                Err(_) => (BROKEN, ""),
            })
        }
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
