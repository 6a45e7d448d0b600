//! The list of requests, page by page. Nothing is believed of the paging that the pages do not show: a cap on the page,
//! a position that counts pages, one that is ignored, a total that is none.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;

use decision::vault::run::Listing;
use ports::vault::Row;

use super::bounds::{ANSWER_BYTES_MAX, PAGES_MAX, ROWS_MAX};
use super::failure::Failure;
use super::page::{Page, Position};
use super::row;

/// Walks the list and hands over each row as it comes, until the end or until `each` says that it has enough. In the
/// answer `complete` is false as well when `each` stopped it.
pub(super) fn walk(
    size: u32,
    mut read: impl FnMut(Position, u32) -> Result<Page, Failure>,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<Listing, Failure> {
    let mut walk = Walk::new(size);
    if let End::Stopped = walk.by_rows(&mut read, each)? {
        return Ok(walk.listing(false));
    }
    if walk.may_count_pages()
        && let End::Stopped = walk.by_pages(&mut read, each)
    {
        return Ok(walk.listing(false));
    }
    Ok(walk.finish())
}

enum End {
    Reached,
    Stopped,
}

/// What one page brought.
#[derive(Clone, Copy, Debug, Default)]
struct Brought {
    rows: u64,
    /// Rows that no earlier page had.
    new: u64,
    /// Rows that the page before had.
    again: u64,
    /// Whether the first page's first row is among them.
    very_first: bool,
}

/// What the vault says of how many requests there are.
#[derive(Clone, Copy, Debug)]
enum Total {
    Untold,
    /// The first that was not just the length of its page, and the latest.
    Told(u64, u64),
    /// One was below what was there: whatever it counts, it is not the requests.
    NotOne,
}

struct Walk {
    size: u32,
    /// Hashes of ids; of whole rows where there is no id. A seeded hash, so that nobody can choose collisions.
    seen: HashSet<u64>,
    hasher: RandomState,
    /// The very first row, the rows of the first page, and those of the last one.
    very_first: Option<u64>,
    first: HashSet<u64>,
    last: HashSet<u64>,
    /// Rows of the smallest parts in which the first page was read, when it was not read in one.
    part: Option<u32>,
    unreadable: u64,
    pages: u32,
    last_rows: u64,
    longest: u64,
    /// Whether the last page brought rows and none of them was new.
    repeated: bool,
    /// Whether a further page, asked for by rows as documented, came again or may hide others.
    ignored: bool,
    total: Total,
    broken: bool,
    remarks: Vec<String>,
}

impl Walk {
    fn new(size: u32) -> Self {
        Self {
            size,
            seen: HashSet::new(),
            hasher: RandomState::new(),
            very_first: None,
            first: HashSet::new(),
            last: HashSet::new(),
            part: None,
            unreadable: 0,
            pages: 0,
            last_rows: 0,
            longest: 0,
            repeated: false,
            ignored: false,
            total: Total::Untold,
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

    /// Goes on, as documented, until there is nothing more. Only a failure on the very first page is an error.
    fn by_rows(
        &mut self,
        read: &mut impl FnMut(Position, u32) -> Result<Page, Failure>,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<End, Failure> {
        let mut at: u64 = 0;
        loop {
            if self.is_endless() {
                return Ok(End::Reached);
            }
            let page = match read(Position::Rows(at), self.size) {
                Ok(page) => page,
                Err(failure) if self.pages == 0 => return Err(failure),
                Err(failure) => {
                    self.breaks_off(&failure.text);
                    return Ok(End::Reached);
                }
            };
            let ControlFlow::Continue(brought) = self.take(page, self.size, each) else {
                return Ok(End::Stopped);
            };
            // A page that begins anew, or is full, may hide any number of others behind it.
            if self.repeated && (brought.very_first || brought.rows >= self.longest) {
                self.ignored = true;
            }
            if brought.new == 0 || self.is_last(brought) {
                return Ok(End::Reached);
            }
            at = at.saturating_add(brought.rows);
        }
    }

    /// Looks whether the position counts pages, and goes on if it does.
    fn by_pages(
        &mut self,
        read: &mut impl FnMut(Position, u32) -> Result<Page, Failure>,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> End {
        // Where a cap made the first page short, asking for more than the cap would leave it unclear what a page is. A page
        // that was read in parts was read at positions that may have meant something else.
        let (start, size) = match self.part {
            Some(part) => (0, part.max(2)),
            None => (1, u32::try_from(self.first.len()).unwrap_or(self.size)),
        };
        let size = size.clamp(1, self.size);
        // The first walk met some of the pages by chance, and here they bring nothing new.
        let mut known = self.seen.len() as u64 / u64::from(size) + 1;
        let mut alike = 0;
        let mut counts_pages = false;
        self.last = match start {
            0 => HashSet::new(),
            _ => std::mem::take(&mut self.first),
        };
        for index in start.. {
            if self.is_endless() {
                break;
            }
            let page = match read(Position::Pages(index), size) {
                Ok(page) => page,
                Err(failure) if counts_pages => {
                    self.breaks_off(&failure.text);
                    break;
                }
                Err(failure) => {
                    self.remark(&format!(
                        "whether `pgp` counts pages could not be seen: {}",
                        failure.text
                    ));
                    break;
                }
            };
            let ControlFlow::Continue(brought) = self.take(page, size, each) else {
                return End::Stopped;
            };
            if brought.rows == 0 {
                break;
            }
            // One page that is mostly the page before may be the first page by another number; two mean that the position
            // counts rows, or nothing.
            let is_alike = brought.again.saturating_mul(2) >= brought.rows;
            alike = if is_alike { alike + 1 } else { 0 };
            if !counts_pages && alike == 2 {
                break;
            }
            if brought.new > 0 && !is_alike && index > 0 {
                counts_pages = true;
                self.remark("the vault counts pages where rows are documented (`pgp`); it was read page by page");
            }
            if (brought.new == 0 && known == 0) || self.is_last(brought) {
                break;
            }
            known = known.saturating_sub(u64::from(brought.new == 0));
        }
        End::Reached
    }

    /// Whether nothing can follow: no rows; or as many as the vault counts, and a page that was shorter than others.
    fn is_last(&self, brought: Brought) -> bool {
        let all = match self.total {
            Total::Told(_, latest) => self.seen.len() as u64 >= latest,
            Total::Untold | Total::NotOne => false,
        };
        brought.rows == 0 || (all && brought.rows < self.longest)
    }

    /// Hands over the rows of a page that was asked for with `size`.
    fn take(
        &mut self,
        page: Page,
        size: u32,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> ControlFlow<(), Brought> {
        let mut brought = Brought::default();
        let rows = page.length();
        let before = std::mem::replace(&mut self.last_rows, rows);
        self.pages = self.pages.saturating_add(1);
        self.longest = self.longest.max(rows);
        if self.pages == 1 {
            self.part = page.part;
        }
        let last = std::mem::take(&mut self.last);
        for value in page.rows {
            let row = row::row(&value);
            let key = match &row {
                Row::Request(request) => self.hasher.hash_one(&request.id),
                Row::Unreadable { id: Some(id), .. } => self.hasher.hash_one(id),
                Row::Unreadable { id: None, .. } => self.hasher.hash_one(value.to_string()),
            };
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
        if brought.new > 0 && (1..u64::from(size)).contains(&before) {
            self.remark(&format!(
                "the vault gives {before} rows at once where {size} were asked for"
            ));
        }
        brought.again = self.last.intersection(&last).count() as u64;
        self.repeated = brought.new == 0 && rows > 0;
        if let Some(total) = page.total {
            self.hear(total, rows, size);
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
        self.very_first.get_or_insert(key);
        if self.pages == 1 {
            self.first.insert(key);
        }
        self.last.insert(key);
        brought.rows = brought.rows.saturating_add(1);
        brought.new = brought.new.saturating_add(u64::from(is_new));
        brought.very_first |= self.very_first == Some(key);
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

    /// Weighs a total that came with a page of `rows`, asked for with `size`.
    fn hear(&mut self, total: u64, rows: u64, size: u32) {
        let seen = self.seen.len() as u64;
        let is_length = total == rows && seen > 0;
        let is_echo = (total == u64::from(size) || total == u64::from(self.size)) && seen < total;
        self.total = match self.total {
            Total::NotOne => Total::NotOne,
            Total::Untold | Total::Told(..) if total < seen => Total::NotOne,
            unchanged if is_length || is_echo => unchanged,
            Total::Untold => Total::Told(total, total),
            Total::Told(first, _) => Total::Told(first, total),
        };
    }

    /// Whether rows are missing, or may be, as they are when `pgp` counts pages.
    fn may_count_pages(&self) -> bool {
        !self.broken
            && match self.total {
                // One that equals what was asked for may be just that, said again.
                Total::Told(first, _) => {
                    (self.seen.len() as u64) < first || first == u64::from(self.size)
                }
                // A page of one row is a row.
                Total::Untold | Total::NotOne => !self.ignored && self.first.len() > 1,
            }
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
            Total::Untold | Total::NotOne => {
                self.remark("the vault states no total that can be relied on");
                !self.ignored
            }
        };
        if self.repeated && !complete {
            self.remark("the vault gave the same page again (`pgp` is ignored)");
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
                Total::Untold | Total::NotOne => None,
            },
            unreadable: self.unreadable,
            complete,
            remarks: self.remarks,
        }
    }
}
