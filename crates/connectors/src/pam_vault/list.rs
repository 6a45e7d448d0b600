//! The list of requests, page by page. Nothing is believed of the paging that the pages do not show: a cap on the page,
//! a position that counts pages, one that is ignored, a total that is none.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;

use decision::vault::run::Listing;
use ports::vault::Row;
use serde_json::Value;

use super::bounds::{ANSWER_BYTES_MAX, PAGES_MAX, ROWS_MAX};
use super::failure::{Failure, Kind};
use super::page::{self, Page, Position};
use super::row;

/// Walks the list and hands over each row as it comes, until the end or until `each` says that it has enough. In the
/// answer `complete` is false as well when `each` stopped it. `once` makes one call; only a failure of the first page is an
/// error. At most [`PAGES_MAX`] pages and [`ROWS_MAX`] rows are read, whatever the vault says.
pub(super) fn walk(
    size: u32,
    once: &mut dyn FnMut(Position, u32) -> Result<Page, Failure>,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<Listing, Failure> {
    let mut walk = Walk::new(size);
    let (page, asked) = walk.first(once)?;
    let keys = walk.keys(&page);
    let ControlFlow::Continue(mut brought) = walk.take(page, asked, each) else {
        return Ok(walk.listing(false));
    };
    if walk.is_last(brought) {
        return Ok(walk.finish());
    }
    let mut position = walk.look(brought.rows, &keys, asked, once);
    loop {
        if walk.is_endless() {
            break;
        }
        let page = match walk.read(position, once) {
            Ok(page) => page,
            Err(failure) => {
                walk.breaks_off(&failure.text);
                break;
            }
        };
        brought = match walk.take(page, walk.size, each) {
            ControlFlow::Continue(brought) => brought,
            ControlFlow::Break(()) => return Ok(walk.listing(false)),
        };
        if walk.is_last(brought) {
            break;
        }
        position = position.after(brought.rows);
    }
    Ok(walk.finish())
}

/// Why a list may hold more than was read.
const UNSEEN: &str = "whether `pgp` counts pages could not be seen";
const AGAIN: &str = "the vault gave the same page again (`pgp` is ignored)";

/// What one page brought.
#[derive(Clone, Copy, Debug, Default)]
struct Brought {
    rows: u64,
    /// Rows that no earlier page had.
    new: u64,
    /// Whether the very first row of the list is among them.
    very_first: bool,
}

/// What the vault says of how many requests there are.
#[derive(Clone, Copy, Debug)]
enum Total {
    Untold,
    /// The first; each one so far was no more than the length of its page.
    Length(u64),
    /// The first, and the latest.
    Told(u64, u64),
    /// One was below what was there: whatever it counts, it is not the requests.
    NotOne,
}

struct Walk {
    /// Rows that were to be asked for at once, and those that are.
    wanted: u32,
    size: u32,
    /// Hashes of ids; of whole rows where there is no id. A seeded hash, so that nobody can choose collisions.
    seen: HashSet<u64>,
    hasher: RandomState,
    very_first: Option<u64>,
    unreadable: u64,
    /// Rows that were passed over because each is longer than an answer may be.
    passed: u32,
    pages: u32,
    /// Rows of the longest page.
    longest: u64,
    /// Rows of the last page, and how many were asked for, when it had fewer.
    short: Option<(u64, u32)>,
    total: Total,
    /// Why, unless a total says otherwise, others may be there that were not read.
    doubt: Option<String>,
    broken: bool,
    remarks: Vec<String>,
}

impl Walk {
    fn new(size: u32) -> Self {
        Self {
            wanted: size,
            size,
            seen: HashSet::new(),
            hasher: RandomState::new(),
            very_first: None,
            unreadable: 0,
            passed: 0,
            pages: 0,
            longest: 0,
            short: None,
            total: Total::Untold,
            doubt: None,
            broken: false,
            remarks: Vec::new(),
        }
    }

    fn remark(&mut self, remark: &str) {
        if !self.remarks.iter().any(|made| made == remark) {
            self.remarks.push(remark.to_owned());
        }
    }

    fn breaks_off(&mut self, why: &str) {
        self.broken = true;
        self.remark(&format!("the list broke off in the middle: {why}"));
    }

    fn is_endless(&mut self) -> bool {
        let endless = self.pages >= PAGES_MAX || self.seen.len() >= ROWS_MAX;
        if endless {
            self.broken = true;
            self.remark("the list has more rows than are read in one run; set a shorter look-back");
        }
        endless
    }

    fn read(
        &mut self,
        position: Position,
        once: &mut dyn FnMut(Position, u32) -> Result<Page, Failure>,
    ) -> Result<Page, Failure> {
        page::whole(position, self.size, &mut self.passed, once)
    }

    /// The first page, and how many rows it was asked with: fewer than others when it is too long for one answer. It is not
    /// read in parts, because where a part begins is known only when it is known what `pgp` counts.
    fn first(
        &mut self,
        once: &mut dyn FnMut(Position, u32) -> Result<Page, Failure>,
    ) -> Result<(Page, u32), Failure> {
        let mut asked = self.size;
        loop {
            match once(Position::Rows(0), asked) {
                Err(failure) if failure.kind == Kind::TooLong && asked > 2 => {
                    asked = (asked / 2).max(2);
                }
                Err(failure) if failure.kind == Kind::TooLong => {
                    // One of the newest two rows is too long by itself.
                    self.doubt = Some(UNSEEN.to_owned());
                    return Ok((self.read(Position::Rows(0), once)?, self.size));
                }
                read => return Ok((read?, asked)),
            }
        }
    }

    /// Looks what `pgp` counts, and gives the position that follows the first page of `rows`, with these `keys`. One place
    /// further, a vault that counts rows shows nearly the first page again, and one that counts pages none of it.
    fn look(
        &mut self,
        rows: u64,
        keys: &HashSet<u64>,
        asked: u32,
        once: &mut dyn FnMut(Position, u32) -> Result<Page, Failure>,
    ) -> Position {
        let by_rows = Position::Rows(rows);
        // A page of one row is a row.
        if self.doubt.is_some() || rows < 2 {
            return by_rows;
        }
        // Where a cap made the first page short, asking for more than the cap would leave it unclear what a page is.
        let size = u32::try_from(rows).unwrap_or(asked).min(asked);
        // Some count pages from one, so that the first page comes again by another number.
        for index in 1..=2 {
            let position = Position::Pages(index);
            let page = match page::whole(position, size, &mut self.passed, once) {
                Ok(page) => page,
                Err(failure) => {
                    let doubt = format!("{UNSEEN}: {}", failure.text);
                    self.remark(&doubt);
                    self.doubt = Some(doubt);
                    return by_rows;
                }
            };
            let shown = self.keys(&page);
            if shown.is_empty() {
                return by_rows;
            }
            if shown.intersection(keys).count().saturating_mul(2) < shown.len() {
                self.size = size;
                self.remark("the vault counts pages where rows are documented (`pgp`); it was read page by page");
                return position;
            }
            if self.very_first.is_none_or(|first| !shown.contains(&first)) {
                return by_rows;
            }
        }
        by_rows
    }

    /// Whether nothing can follow a page.
    fn is_last(&mut self, brought: Brought) -> bool {
        if brought.rows == 0 {
            return true;
        }
        if brought.new == 0 {
            // One that begins anew, or is full, may hide any number of others behind it. Any other is the end of the list
            // once more, because requests were filed meanwhile.
            if brought.very_first || brought.rows >= self.longest {
                self.doubt = Some(AGAIN.to_owned());
            }
            return true;
        }
        let all = match self.total {
            Total::Told(_, latest) => self.seen.len() as u64 >= latest,
            Total::Untold | Total::Length(_) | Total::NotOne => false,
        };
        all && brought.rows < self.longest
    }

    fn key(&self, value: &Value, row: &Row) -> u64 {
        match row {
            Row::Request(request) => self.hasher.hash_one(&request.id),
            Row::Unreadable { id: Some(id), .. } => self.hasher.hash_one(id),
            Row::Unreadable { id: None, .. } => self.hasher.hash_one(value.to_string()),
        }
    }

    fn keys(&self, page: &Page) -> HashSet<u64> {
        let rows = page.rows.iter();
        rows.map(|value| self.key(value, &row::row(value)))
            .collect()
    }

    /// Hands over the rows of a page that was asked for with `asked` rows.
    fn take(
        &mut self,
        page: Page,
        asked: u32,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> ControlFlow<(), Brought> {
        let mut brought = Brought {
            rows: page.length(),
            ..Brought::default()
        };
        let short = (brought.rows < u64::from(asked)).then_some((brought.rows, asked));
        let short = std::mem::replace(&mut self.short, short);
        self.pages = self.pages.saturating_add(1);
        self.longest = self.longest.max(brought.rows);
        for value in page.rows {
            let row = row::row(&value);
            let key = self.key(&value, &row);
            drop(value);
            self.hand_over(key, row, &mut brought, each)?;
        }
        for place in page.too_long {
            let why = format!(
                "row {} of the list, newest first, is longer than {ANSWER_BYTES_MAX} bytes and was passed over",
                place.saturating_add(1)
            );
            let key = self.hasher.hash_one(("too long", place));
            self.hand_over(key, Row::Unreadable { id: None, why }, &mut brought, each)?;
        }
        if let (Some((rows, asked)), true) = (short, brought.new > 0) {
            self.remark(&format!(
                "the vault gives {rows} rows at once where {asked} were asked for"
            ));
        }
        if let Some(total) = page.total {
            self.hear(total, brought.rows);
        }
        ControlFlow::Continue(brought)
    }

    fn hand_over(
        &mut self,
        key: u64,
        row: Row,
        brought: &mut Brought,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let is_new = self.seen.insert(key);
        brought.new = brought.new.saturating_add(u64::from(is_new));
        brought.very_first |= *self.very_first.get_or_insert(key) == key;
        match &row {
            // A later version of a request counts; what cannot be read is told once.
            Row::Request(_) => each(row),
            Row::Unreadable { .. } if is_new => {
                self.unreadable = self.unreadable.saturating_add(1);
                each(row)
            }
            Row::Unreadable { .. } => ControlFlow::Continue(()),
        }
    }

    /// Weighs a total that came with a page of `rows`.
    fn hear(&mut self, total: u64, rows: u64) {
        let seen = self.seen.len() as u64;
        let asked = [self.wanted, self.size].map(u64::from);
        let is_echo = asked.contains(&total) && seen < total;
        let is_length = total == rows && seen > 0;
        if total < seen {
            self.total = Total::NotOne;
        }
        self.total = match self.total {
            Total::NotOne => Total::NotOne,
            unchanged if is_echo => unchanged,
            Total::Untold if is_length => Total::Length(total),
            Total::Length(first) if is_length => Total::Length(first),
            Total::Untold => Total::Told(total, total),
            Total::Length(first) | Total::Told(first, _) => Total::Told(first, total),
        };
    }

    fn finish(mut self) -> Listing {
        let seen = self.seen.len() as u64;
        let complete = match self.total {
            Total::Told(first, latest) => {
                if latest > first {
                    self.remark("requests were filed while the list was read");
                }
                if seen < first {
                    self.remark(&format!(
                        "the vault counts {first} requests and gave {seen}"
                    ));
                }
                seen >= first
            }
            Total::Untold | Total::Length(_) | Total::NotOne => {
                self.remark("the vault states no total that can be relied on");
                self.doubt.is_none()
            }
        };
        if let (Some(doubt), false) = (self.doubt.take(), complete) {
            self.remark(&doubt);
        }
        let complete = complete && !self.broken;
        self.listing(complete)
    }

    fn listing(self, complete: bool) -> Listing {
        let seen = self.seen.len() as u64;
        Listing {
            read: seen.saturating_sub(self.unreadable),
            total: match self.total {
                Total::Told(_, latest) => Some(latest),
                Total::Untold | Total::Length(_) | Total::NotOne => None,
            },
            unreadable: self.unreadable,
            complete,
            remarks: self.remarks,
        }
    }
}
