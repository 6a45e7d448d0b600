//! A column of a row group, read a few rows at a time: texts become codes once for each entry of a dictionary.

use bytes::Bytes;
use parquet::basic::Type;
use parquet::column::page::{Page, PageReader};

use super::batch::Batch;
use super::hybrid::bits;
use super::page::{self, Levels, Values};
use crate::backtest::interner::Interner;
use crate::backtest::row::{BROKEN, Code, Column, NONE, code, code_of_flag, code_of_share};

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Flag,
    /// Time since 1970; this many in a second.
    Time(i64),
    /// A number between 0 and 1.
    Share,
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
                let value = if *level == highest {
                    values.next()
                } else {
                    None
                };
                match value {
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
            let next = self
                .pages
                .get_next_page()
                .map_err(|error| error.to_string())?;
            match next {
                None => return Ok(None),
                Some(Page::DictionaryPage {
                    buf, num_values, ..
                }) => {
                    self.read_dictionary(&buf, num_values as usize, interner)?;
                }
                Some(data) => {
                    if let Some((levels, values)) = page::open(data, &self.shape)? {
                        self.page = Some(levels);
                        self.values = values;
                    }
                }
            }
        }
        Ok(self.page.as_mut())
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
                        out.push_same(code, times);
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
                    out.push_same(code, times);
                })?;
            }
        }
        Ok(())
    }
}

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

/// The next eight bytes.
fn eight(data: &Bytes, at: &mut usize) -> Option<[u8; 8]> {
    let end = at.saturating_add(8);
    let bytes = data.get(*at..end)?.try_into().ok();
    *at = end;
    bytes
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
        Kind::Share => {
            let share = f64::from_le_bytes(eight(data, at).ok_or_else(short)?);
            Ok((code_of_share(share), ""))
        }
        Kind::Time(per_second) => {
            let bytes = eight(data, at).ok_or_else(short)?;
            let seconds = i64::from_le_bytes(bytes).div_euclid(per_second);
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
