//! The list of requests, page by page. Nothing is believed of the paging that the pages do not show: a cap on the page,
//! a position that counts pages, one that is ignored, a total that is none.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;

use decision::time::Timestamp;
use decision::vault::run::Listing;
use ports::vault::Row;
use serde_json::Value;

use super::bounds::{PAGES_MAX, ROWS_MAX};
use super::failure::Failure;
use super::transport::Transport;
use super::{row, values};

const PATH: &str = "/api/request/auditor-requests";
const TOTAL: &[&str] = &["total", "totalCount", "total_count", "count", "rqt", "size"];

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    /// What it says of the total.
    pub(super) total: Option<u64>,
}

/// Reads one page of what was filed after `since`, newest first.
pub(super) fn page(
    transport: &Transport,
    since: Timestamp,
    size: u32,
    position: u64,
) -> Result<Page, Failure> {
    let from = since.seconds().saturating_mul(1000);
    let target = format!("{PATH}?from={from}&pgs={size}&pgp={position}&s=created,desc&rqt=1");
    let answer = transport.get(&target)?;
    let call = format!("GET {PATH}");
    let mut value = answer.json(&call)?;
    let total = values::first(&value, TOTAL, values::whole);
    let rows = match value.get_mut("data").map(Value::take) {
        Some(Value::Array(rows)) => rows,
        _ => {
            return Err(Failure::malformed(format!(
                "{call}: an answer without a list under `data`"
            )));
        }
    };
    Ok(Page { rows, total })
}

/// What `pgp` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Rows, as documented.
    Rows,
    /// Pages.
    Pages,
}

/// Walks the list and hands over each row as it comes, until the end or until `each` says that it has enough. In the
/// answer `complete` is false as well when `each` stopped it.
pub(super) fn walk(
    size: u32,
    mut read: impl FnMut(u64) -> Result<Page, Failure>,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<Listing, Failure> {
    let mut walk = Walk::new(size);
    if let End::Stopped = walk.along(Position::Rows, &mut read, each)? {
        return Ok(walk.listing(false));
    }
    if walk.may_count_pages() && !walk.broken {
        let before = walk.seen.len();
        if let End::Stopped = walk.along(Position::Pages, &mut read, each)? {
            return Ok(walk.listing(false));
        }
        if walk.seen.len() > before {
            walk.remark("the vault counts pages where rows are documented (`pgp`); it was read page by page");
        }
    }
    Ok(walk.finish())
}

enum End {
    Reached,
    Stopped,
}

struct Walk {
    size: u64,
    /// Hashes of ids; of whole rows where there is no id. A seeded hash, so that nobody can choose collisions.
    seen: HashSet<u64>,
    hasher: RandomState,
    unreadable: u64,
    pages: u32,
    first_rows: u64,
    last_rows: u64,
    /// Whether the last page brought nothing new.
    repeated: bool,
    /// Whether a further page, asked for by rows as documented, was the first one again.
    ignored: bool,
    /// The first total that was not just the length of its page, and the latest.
    totals: Option<(u64, u64)>,
    broken: bool,
    remarks: Vec<String>,
}

impl Walk {
    fn new(size: u32) -> Self {
        Self {
            size: u64::from(size),
            seen: HashSet::new(),
            hasher: RandomState::new(),
            unreadable: 0,
            pages: 0,
            first_rows: 0,
            last_rows: 0,
            repeated: false,
            ignored: false,
            totals: None,
            broken: false,
            remarks: Vec::new(),
        }
    }

    fn remark(&mut self, remark: &str) {
        if !self.remarks.iter().any(|made| made == remark) {
            self.remarks.push(remark.to_owned());
        }
    }

    /// Goes on until there is nothing more. Only a failure on the very first page is an error.
    fn along(
        &mut self,
        position: Position,
        read: &mut impl FnMut(u64) -> Result<Page, Failure>,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<End, Failure> {
        let mut at = match position {
            Position::Rows => 0,
            Position::Pages => 1,
        };
        // Of a vault that counts pages the first walk met some by chance, and here they bring nothing new.
        let mut known = match position {
            Position::Rows => 0,
            Position::Pages => self.pages,
        };
        loop {
            if self.pages >= PAGES_MAX || self.seen.len() >= ROWS_MAX {
                self.broken = true;
                self.remark(
                    "the list has more rows than are read in one run; set a shorter look-back",
                );
                return Ok(End::Reached);
            }
            let page = match read(at) {
                Ok(page) => page,
                Err(failure) if self.pages == 0 => return Err(failure),
                Err(failure) => {
                    // After a short page the end was reached as documented, and a look for a position that counts pages is
                    // a look: without a total neither is a loss.
                    let documented = self.last_rows < self.size || position == Position::Pages;
                    if self.totals.is_some() || !documented {
                        self.broken = true;
                        self.remark(&format!(
                            "the list broke off in the middle: {}",
                            failure.text
                        ));
                    }
                    return Ok(End::Reached);
                }
            };
            let rows = page.rows.len() as u64;
            let new = match self.take(page, each) {
                ControlFlow::Continue(new) => new,
                ControlFlow::Break(()) => return Ok(End::Stopped),
            };
            let all = self
                .totals
                .is_some_and(|(_, latest)| self.seen.len() as u64 >= latest);
            if position == Position::Rows && self.repeated && rows == self.first_rows {
                self.ignored = true;
            }
            if rows == 0 || all || (new == 0 && known == 0) {
                return Ok(End::Reached);
            }
            known = known.saturating_sub(u32::from(new == 0));
            at = match position {
                Position::Rows => at.saturating_add(rows),
                Position::Pages => at.saturating_add(1),
            };
        }
    }

    /// Hands over the rows of a page; gives how many were new.
    fn take(
        &mut self,
        page: Page,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> ControlFlow<(), u64> {
        let rows = page.rows.len() as u64;
        self.pages = self.pages.saturating_add(1);
        if self.pages == 1 {
            self.first_rows = rows;
        }
        let before = std::mem::replace(&mut self.last_rows, rows);
        if let Some(total) = page.total
            && (total != rows || (rows == 0 && self.seen.is_empty()))
        {
            let first = self.totals.map_or(total, |(first, _)| first);
            self.totals = Some((first, total));
        }
        let mut new: u64 = 0;
        for value in page.rows {
            let row = row::row(&value);
            let key = match &row {
                Row::Request(request) => self.hasher.hash_one(&request.id),
                Row::Unreadable { id: Some(id), .. } => self.hasher.hash_one(id),
                Row::Unreadable { id: None, .. } => self.hasher.hash_one(value.to_string()),
            };
            drop(value);
            let is_new = self.seen.insert(key);
            if is_new {
                if new == 0 && self.pages > 1 && before < self.size {
                    self.remark(&format!(
                        "the vault gives {before} rows at once where {} were asked for",
                        self.size
                    ));
                }
                new = new.saturating_add(1);
            }
            match &row {
                // A later version of a request counts; what cannot be read is told once.
                Row::Request(_) => {}
                Row::Unreadable { .. } if is_new => {
                    self.unreadable = self.unreadable.saturating_add(1);
                }
                Row::Unreadable { .. } => continue,
            }
            each(row)?;
        }
        self.repeated = new == 0 && rows > 0;
        ControlFlow::Continue(new)
    }

    /// Whether rows are missing, or may be, as they are when `pgp` counts pages.
    fn may_count_pages(&self) -> bool {
        match self.totals {
            Some((first, _)) => (self.seen.len() as u64) < first,
            // A full first page and then nothing new: one look shows it.
            None => self.pages == 2 && self.first_rows >= self.size,
        }
    }

    fn finish(mut self) -> Listing {
        let seen = self.seen.len() as u64;
        let complete = match self.totals {
            Some((first, latest)) => {
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
            None => {
                if self.pages > 0 {
                    self.remark("the vault states no total that can be relied on");
                }
                // A page that comes again may hide any number of others, short ones too: pages may be capped.
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
            total: self.totals.map(|(_, latest)| latest),
            unreadable: self.unreadable,
            complete,
            remarks: self.remarks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::Kind;
    use super::*;
    use serde_json::json;

    /// A vault that knows `all` ids, newest first.
    struct Vault {
        all: Vec<u64>,
        cap: usize,
        total: fn(&Vault, usize) -> Option<u64>,
        start: fn(u64, usize) -> usize,
        grows: u64,
        fails_at: Option<usize>,
        calls: usize,
    }

    impl Vault {
        fn of(rows: u64) -> Self {
            Self {
                all: (0..rows).rev().collect(),
                cap: 100,
                total: |vault, _| Some(vault.all.len() as u64),
                start: |position, _| usize::try_from(position).unwrap(),
                grows: 0,
                fails_at: None,
                calls: 0,
            }
        }

        fn page(&mut self, position: u64) -> Result<Page, Failure> {
            self.calls += 1;
            if self.fails_at == Some(self.calls) {
                return Err(Failure::new(Kind::Broken, "HTTP 500".to_owned()));
            }
            let start = (self.start)(position, self.cap).min(self.all.len());
            let rows: Vec<Value> = self.all[start..]
                .iter()
                .take(self.cap)
                .map(|id| json!({ "id": format!("r-{id}"), "status": "Active", "created": 1_767_200_520 }))
                .collect();
            let total = (self.total)(self, rows.len());
            for _ in 0..self.grows {
                self.all.insert(0, 1_000_000 + self.all.len() as u64);
            }
            Ok(Page { rows, total })
        }

        fn walk(&mut self) -> (Listing, HashSet<String>) {
            let mut ids = HashSet::new();
            let listing = walk(100, |position| self.page(position), &mut |row| {
                if let Row::Request(request) = row {
                    ids.insert(request.id);
                }
                ControlFlow::Continue(())
            })
            .unwrap();
            assert!(self.calls < 50, "{} calls", self.calls);
            (listing, ids)
        }
    }

    #[test]
    fn every_length_is_read_to_its_end() {
        for rows in [0, 1, 99, 100, 101, 200, 250] {
            for total in [
                (|vault, _| Some(vault.all.len() as u64)) as fn(&Vault, usize) -> Option<u64>,
                |_, _| None,
                // The length of the page, called a total.
                |_, rows| Some(rows as u64),
            ] {
                let (listing, ids) = Vault {
                    total,
                    ..Vault::of(rows)
                }
                .walk();
                assert_eq!(ids.len() as u64, rows);
                assert_eq!(
                    (listing.read, listing.complete),
                    (rows, true),
                    "{rows} {listing:?}"
                );
                assert!(
                    listing
                        .total
                        .is_none_or(|total| total == rows || total == 0),
                    "{rows} {listing:?}"
                );
            }
        }
    }

    #[test]
    fn a_cap_on_the_page_loses_nothing() {
        for total in [
            (|vault, _| Some(vault.all.len() as u64)) as fn(&Vault, usize) -> Option<u64>,
            |_, _| None,
            |_, rows| Some(rows as u64),
        ] {
            let (listing, ids) = Vault {
                cap: 40,
                total,
                ..Vault::of(250)
            }
            .walk();
            assert_eq!((ids.len(), listing.complete), (250, true), "{listing:?}");
            assert!(
                listing
                    .remarks
                    .iter()
                    .any(|remark| remark.contains("40 rows at once"))
            );
        }
    }

    #[test]
    fn a_position_that_counts_pages_is_noticed() {
        for total in [
            (|vault, _| Some(vault.all.len() as u64)) as fn(&Vault, usize) -> Option<u64>,
            |_, _| None,
        ] {
            let start = |position, cap| usize::try_from(position).unwrap() * cap;
            let (listing, ids) = Vault {
                start,
                total,
                ..Vault::of(250)
            }
            .walk();
            assert_eq!((ids.len(), listing.complete), (250, true), "{listing:?}");
            assert!(
                listing
                    .remarks
                    .iter()
                    .any(|remark| remark.contains("counts pages"))
            );
        }
    }

    #[test]
    fn pages_that_the_first_walk_met_by_chance_are_passed_over() {
        let start = |position, cap| usize::try_from(position).unwrap() * cap;
        let (listing, ids) = Vault {
            start,
            cap: 4,
            ..Vault::of(25)
        }
        .walk();
        assert_eq!((ids.len(), listing.complete), (25, true), "{listing:?}");
    }

    #[test]
    fn a_position_that_is_ignored_is_an_incomplete_list() {
        let start = |_, _| 0;
        for total in [
            (|vault, _| Some(vault.all.len() as u64)) as fn(&Vault, usize) -> Option<u64>,
            |_, _| None,
        ] {
            let (listing, ids) = Vault {
                start,
                total,
                ..Vault::of(250)
            }
            .walk();
            assert_eq!((ids.len(), listing.complete), (100, false), "{listing:?}");
            assert!(
                listing
                    .remarks
                    .iter()
                    .any(|remark| remark.contains("same page"))
            );
            // What fits on one page may be all, or what a cap lets through: a total that equals the page says no more.
            let (listing, _) = Vault {
                start,
                total,
                ..Vault::of(30)
            }
            .walk();
            assert!(!listing.complete, "{listing:?}");
            let (listing, _) = Vault {
                start,
                cap: 20,
                total: |_, _| None,
                ..Vault::of(30)
            }
            .walk();
            assert!(!listing.complete, "{listing:?}");
        }
    }

    #[test]
    fn rows_that_arrive_during_the_walk_lose_none() {
        for total in [
            (|vault, _| Some(vault.all.len() as u64)) as fn(&Vault, usize) -> Option<u64>,
            |_, _| None,
        ] {
            let (listing, ids) = Vault {
                grows: 7,
                total,
                ..Vault::of(250)
            }
            .walk();
            assert!((0..250).all(|id| ids.contains(&format!("r-{id}"))));
            assert!(listing.complete, "{listing:?}");
        }
    }

    #[test]
    fn a_list_that_breaks_off_is_incomplete_and_its_beginning_an_error() {
        let (listing, ids) = Vault {
            fails_at: Some(2),
            ..Vault::of(250)
        }
        .walk();
        assert_eq!((ids.len(), listing.complete), (100, false));
        let (listing, _) = Vault {
            fails_at: Some(2),
            total: |_, _| None,
            ..Vault::of(250)
        }
        .walk();
        assert!(!listing.complete, "{listing:?}");
        // A failure when the documented rule had ended the walk already is no loss.
        let (listing, _) = Vault {
            fails_at: Some(2),
            total: |_, _| None,
            ..Vault::of(30)
        }
        .walk();
        assert!(listing.complete, "{listing:?}");
        let mut vault = Vault {
            fails_at: Some(1),
            ..Vault::of(250)
        };
        assert!(walk(100, |at| vault.page(at), &mut |_| ControlFlow::Continue(())).is_err());
    }

    #[test]
    fn a_list_without_end_ends() {
        let mut next = 0_u64;
        let listing = walk(
            100,
            |_| {
                let rows = (0..100)
                    .map(|_| {
                        next += 1;
                        json!({ "id": next, "status": "Active", "created": 1_767_200_520 })
                    })
                    .collect();
                Ok(Page {
                    rows,
                    total: Some(7),
                })
            },
            &mut |_| ControlFlow::Continue(()),
        )
        .unwrap();
        // It says seven and gives a hundred: seven are there.
        assert_eq!((listing.read, listing.complete), (100, true));
    }

    #[test]
    fn rows_without_ids_are_counted_once() {
        let page = || Page {
            rows: vec![json!({ "status": "Active" }), json!(17), json!(null)],
            total: None,
        };
        let mut why = Vec::new();
        let listing = walk(100, |_| Ok(page()), &mut |row| {
            if let Row::Unreadable { why: told, .. } = row {
                why.push(told);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        // The page comes again for ever, so nobody knows what it hides.
        assert_eq!(
            (listing.read, listing.unreadable, listing.complete),
            (0, 3, false)
        );
        assert_eq!(why.len(), 3);
    }
}
