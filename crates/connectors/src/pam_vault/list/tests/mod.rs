//! The walk over vaults that page in every way.

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
    /// Length of a row; 1,000 fit into an answer.
    length: fn(u64) -> u64,
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
            length: |_| 1,
            calls: 0,
        }
    }

    fn page(&mut self, position: Position, size: u32) -> Result<Page, Failure> {
        self.calls += 1;
        if self.fails_at == Some(self.calls) {
            return Err(Failure::new(Kind::Broken, "HTTP 500".to_owned()));
        }
        let size = usize::try_from(size).unwrap().min(self.cap);
        let start = (self.start)(position.pgp(), size).min(self.all.len());
        let shown = self.all[start..].iter().take(size);
        if shown.clone().map(|id| (self.length)(*id)).sum::<u64>() > 1000 {
            return Err(Failure::new(Kind::TooLong, "too long".to_owned()));
        }
        let rows: Vec<Value> = shown
            .map(|id| json!({ "id": format!("r-{id}"), "status": "Active", "created": 1_767_200_520 }))
            .collect();
        let total = (self.total)(self, rows.len());
        for _ in 0..self.grows {
            self.all.insert(0, 1_000_000 + self.all.len() as u64);
        }
        Ok(Page {
            rows,
            total,
            ..Page::default()
        })
    }

    fn walk(&mut self) -> (Listing, HashSet<String>) {
        let mut ids = HashSet::new();
        let mut once = |position, size| self.page(position, size);
        let listing = walk(100, &mut once, &mut |row| {
            if let Row::Request(request) = row {
                ids.insert(request.id);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(self.calls < 200, "{} calls", self.calls);
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
fn a_cap_and_a_position_that_counts_pages_lose_nothing() {
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
fn a_page_that_may_hide_others_is_no_end() {
    for (pages, complete) in [
        // It begins anew.
        (&[0..30, 0..20][..], false),
        // It is full.
        (&[0..100, 50..150, 30..130], false),
        // The last rows again, because others were filed.
        (&[0..100, 100..150, 140..150], true),
    ] {
        let mut next = pages.iter();
        let mut read = |position, _| {
            let rows = match position {
                Position::Rows(_) => next.next().cloned().unwrap(),
                Position::Pages(_) => 0..0,
            };
            Ok(Page {
                rows: rows
                    .map(|id| json!({ "id": id, "status": "Active", "created": 1_767_200_520 }))
                    .collect(),
                ..Page::default()
            })
        };
        let listing = walk(100, &mut read, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(listing.complete, complete, "{pages:?} {listing:?}");
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
    let counted = |vault: &Vault, _| Some(vault.all.len() as u64);
    let untold = |_: &Vault, _| None;
    let by_rows = |position, _| usize::try_from(position).unwrap();
    let by_pages = |position, size| usize::try_from(position).unwrap() * size;
    for (rows, total, start, fails_at, read, complete) in [
        // The second call looks what the position counts. When nobody knows, the total says whether something is missing.
        (
            250,
            counted as fn(&Vault, usize) -> Option<u64>,
            by_rows as fn(u64, usize) -> usize,
            2,
            250,
            true,
        ),
        (250, counted, by_pages, 2, 100, false),
        (250, untold, by_rows, 2, 250, false),
        (30, untold, by_rows, 2, 30, false),
        (250, counted, by_rows, 3, 100, false),
        (250, untold, by_rows, 3, 100, false),
        (250, untold, by_pages, 4, 200, false),
        // Also after a short page, and after as many rows as it counts: nobody knows what would have come.
        (30, untold, by_rows, 3, 30, false),
        (200, counted, by_rows, 4, 200, false),
    ] {
        let (listing, ids) = Vault {
            fails_at: Some(fails_at),
            total,
            start,
            ..Vault::of(rows)
        }
        .walk();
        assert_eq!(
            (ids.len(), listing.complete),
            (read, complete),
            "{fails_at} {listing:?}"
        );
        assert!(listing.remarks.iter().any(|remark| remark.contains("500")));
    }
    let mut vault = Vault {
        fails_at: Some(1),
        ..Vault::of(250)
    };
    let mut read = |position, size| vault.page(position, size);
    assert!(walk(100, &mut read, &mut |_| ControlFlow::Continue(())).is_err());
}

#[test]
fn a_list_without_end_ends() {
    for (rows, total) in [(1, Some(7)), (3, Some(7)), (3, None)] {
        let (mut next, mut calls) = (0_u64, 0);
        let mut read = |_, _| {
            calls += 1;
            let ids = next..next + rows;
            next += rows;
            Ok(Page {
                rows: ids
                    .map(|id| json!({ "id": id, "status": "Active", "created": 1_767_200_520 }))
                    .collect(),
                total,
                ..Page::default()
            })
        };
        let listing = walk(100, &mut read, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(!listing.complete, "{listing:?}");
        assert!(
            listing
                .remarks
                .iter()
                .any(|remark| remark.contains("shorter look-back"))
        );
        assert!(
            listing.read <= ROWS_MAX as u64 && calls <= PAGES_MAX + 2,
            "{calls}"
        );
    }
}

#[test]
fn requests_that_are_filed_faster_than_they_are_read_end() {
    for grows in [50, 99, 100, 101, 1000] {
        let mut vault = Vault {
            grows,
            total: |_, _| None,
            ..Vault::of(250)
        };
        let mut read = |position, size| {
            let page = vault.page(position, size);
            // What it shows matters, not how long it grows.
            vault.all.truncate(4000);
            page
        };
        let listing = walk(100, &mut read, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(!listing.complete, "{grows} {listing:?}");
    }
}

#[test]
fn a_total_that_is_none_ends_nothing() {
    for total in [
        (|_, _| Some(1)) as fn(&Vault, usize) -> Option<u64>,
        |_, _| Some(7),
        // What was asked for, said again.
        |_, _| Some(100),
        |_, _| Some(200),
        |_, rows| Some(rows as u64 + 1),
        |_, _| Some(0),
    ] {
        for (rows, cap) in [
            (250, 100),
            (250, 50),
            (200, 100),
            (100, 40),
            (5, 100),
            (0, 100),
        ] {
            let vault = Vault::of(rows);
            let honest = total(&vault, 0).is_some_and(|total| total > rows && total != 100);
            let (listing, ids) = Vault {
                total,
                cap,
                ..vault
            }
            .walk();
            assert_eq!(ids.len() as u64, rows, "{listing:?}");
            if !honest {
                assert!(listing.complete, "{rows} {cap} {listing:?}");
            }
        }
    }
}

#[test]
fn a_cap_and_a_position_that_counts_pages_are_no_silent_loss() {
    for total in [
        (|_, _| None) as fn(&Vault, usize) -> Option<u64>,
        |_, rows| Some(rows as u64),
        |_, _| Some(100),
    ] {
        for cap in [4, 30, 100] {
            for start in [
                (|position, size| usize::try_from(position).unwrap() * size)
                    as fn(u64, usize) -> usize,
                // Pages that are counted from one.
                |position, size| usize::try_from(position.max(1) - 1).unwrap() * size,
            ] {
                let vault = Vault {
                    start,
                    cap,
                    total,
                    ..Vault::of(66)
                };
                let (listing, ids) = Vault {
                    all: (0..250).collect(),
                    ..vault
                }
                .walk();
                assert_eq!(
                    (ids.len(), listing.complete),
                    (250, true),
                    "{cap} {listing:?}"
                );
            }
        }
    }
    // Requests that are filed meanwhile move the rows.
    for grows in [0, 1, 7] {
        for rows in [30, 250] {
            let mut vault = Vault {
                grows,
                total: |_, _| None,
                ..Vault::of(rows)
            };
            let (listing, ids) = vault.walk();
            assert!(ids.len() as u64 >= rows && listing.complete, "{listing:?}");
            let told = listing
                .remarks
                .iter()
                .any(|remark| remark.contains("counts pages"));
            assert!(!told || grows > 0, "{listing:?}");
        }
    }
}

#[test]
fn long_requests_keep_no_other_from_being_read() {
    for total in [
        (|vault, _| Some(vault.all.len() as u64)) as fn(&Vault, usize) -> Option<u64>,
        |_, _| None,
    ] {
        for start in [
            (|position, _| usize::try_from(position).unwrap()) as fn(u64, usize) -> usize,
            |position, size| usize::try_from(position).unwrap() * size,
        ] {
            let vault = || Vault {
                total,
                start,
                ..Vault::of(250)
            };
            let (listing, ids) = Vault {
                length: |_| 60,
                ..vault()
            }
            .walk();
            assert_eq!((ids.len(), listing.complete), (250, true), "{listing:?}");
            let huge = |id| if id == 240 || id == 70 { 5000 } else { 1 };
            let (listing, ids) = Vault {
                length: huge,
                ..vault()
            }
            .walk();
            assert_eq!(ids.len(), 248);
            assert_eq!(
                (listing.unreadable, listing.complete),
                (2, true),
                "{listing:?}"
            );
        }
    }
    // With one of them as the newest nobody sees what the position counts: then the total decides.
    for (total, complete) in [
        (
            (|vault, _| Some(vault.all.len() as u64)) as fn(&Vault, usize) -> Option<u64>,
            true,
        ),
        (|_, _| None, false),
    ] {
        let (listing, ids) = Vault {
            total,
            length: |id| if id == 249 { 5000 } else { 1 },
            ..Vault::of(250)
        }
        .walk();
        assert_eq!(
            (ids.len(), listing.complete),
            (249, complete),
            "{listing:?}"
        );
    }
    // With too many of them the list is taken for what it is.
    let (listing, _) = Vault {
        length: |id| if id < 100 { 5000 } else { 1 },
        ..Vault::of(250)
    }
    .walk();
    assert!(!listing.complete, "{listing:?}");
}

#[test]
fn rows_without_ids_are_counted_once() {
    let page = || Page {
        rows: vec![json!({ "status": "Active" }), json!(17), json!(null)],
        ..Page::default()
    };
    let mut why = Vec::new();
    let listing = walk(100, &mut |_, _| Ok(page()), &mut |row| {
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
