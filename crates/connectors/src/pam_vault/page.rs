//! One page of the list. One that is longer than its bound in bytes is read in parts, so that a few long requests cannot
//! keep the others from being read.

use decision::time::Timestamp;
use serde_json::Value;

use super::bounds::{ANSWER_BYTES_MAX, LONG_ROWS_MAX};
use super::failure::{Failure, Kind};
use super::transport::Transport;
use super::values;

const PATH: &str = "/api/request/auditor-requests";
const TOTAL: &[&str] = &["total", "totalCount", "total_count", "count", "rqt", "size"];

/// Rows of the list.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    /// Where in the list, counted from zero, rows stand that are too long to be read at all.
    pub(super) too_long: Vec<u64>,
    /// What the vault says of the total.
    pub(super) total: Option<u64>,
}

impl Page {
    /// How many rows it has, the too long ones included.
    pub(super) fn length(&self) -> u64 {
        (self.rows.len() as u64).saturating_add(self.too_long.len() as u64)
    }
}

/// What `pgp` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// How many rows to pass over, as documented.
    Rows(u64),
    /// How many pages to pass over.
    Pages(u64),
}

impl Position {
    /// The position after a page of `rows`.
    pub(super) fn after(self, rows: u64) -> Self {
        match self {
            Self::Rows(at) => Self::Rows(at.saturating_add(rows)),
            Self::Pages(at) => Self::Pages(at.saturating_add(1)),
        }
    }

    pub(super) fn pgp(self) -> u64 {
        match self {
            Self::Rows(pgp) | Self::Pages(pgp) => pgp,
        }
    }

    /// The position of the part `number` of a page that is read in `parts` parts of `size` rows.
    fn part(self, number: u32, parts: u32, size: u32) -> Self {
        let (number, parts, size) = (u64::from(number), u64::from(parts), u64::from(size));
        match self {
            Self::Rows(at) => Self::Rows(at.saturating_add(number.saturating_mul(size))),
            Self::Pages(at) => Self::Pages(at.saturating_mul(parts).saturating_add(number)),
        }
    }
}

/// Reads one page of what was filed after `since`, newest first, in one call.
pub(super) fn once(
    transport: &Transport,
    since: Timestamp,
    position: Position,
    size: u32,
) -> Result<Page, Failure> {
    let from = since.seconds().saturating_mul(1000);
    let pgp = position.pgp();
    let target = format!("{PATH}?from={from}&pgs={size}&pgp={pgp}&s=created,desc&rqt=1");
    let answer = transport.get(&target)?;
    let call = format!("GET {PATH}");
    let mut value = answer.json(&call)?;
    // We send `rqt=1`: a 1 that comes back under this name says nothing.
    let total = TOTAL.iter().find_map(|key| {
        let told = value.get(key).and_then(values::whole);
        told.filter(|told| *key != "rqt" || *told != 1)
    });
    let rows = match value.get_mut("data").map(Value::take) {
        Some(Value::Array(rows)) => rows,
        _ => {
            return Err(Failure::malformed(format!(
                "{call}: an answer without a list under `data`"
            )));
        }
    };
    Ok(Page {
        rows,
        total,
        ..Page::default()
    })
}

/// Reads a page with `once`; one that is too long in parts, which are read in parts again, down to single rows. A row that is
/// too long by itself is passed over, and `passed` counts it.
pub(super) fn whole(
    position: Position,
    size: u32,
    passed: &mut u32,
    once: &mut dyn FnMut(Position, u32) -> Result<Page, Failure>,
) -> Result<Page, Failure> {
    match once(position, size) {
        Err(failure) if failure.kind == Kind::TooLong => {}
        read => return read,
    }
    if size <= 1 {
        *passed = passed.saturating_add(1);
        if *passed > LONG_ROWS_MAX {
            return Err(Failure::new(
                Kind::TooLong,
                format!(
                    "more than {LONG_ROWS_MAX} requests are longer than {ANSWER_BYTES_MAX} bytes each"
                ),
            ));
        }
        return Ok(Page {
            too_long: vec![position.pgp()],
            ..Page::default()
        });
    }
    // A divisor, so that parts of a page that counts pages are whole pages as well.
    let part = (1..=size / 2)
        .rev()
        .find(|part| size.is_multiple_of(*part))
        .unwrap_or(1);
    let parts = size / part;
    let mut page = Page::default();
    for number in 0..parts {
        let read = whole(position.part(number, parts, part), part, passed, once)?;
        let length = read.length();
        page.rows.extend(read.rows);
        page.too_long.extend(read.too_long);
        page.total = read.total.or(page.total);
        // The end of the list; or a cap, and what comes after it is not what follows.
        if length < u64::from(part) {
            break;
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A list of rows of these lengths, of which 100 fit into an answer.
    fn read(lengths: &[u64], position: Position, size: u32, cap: usize) -> (Page, u32, u32) {
        let (mut calls, mut passed) = (0, 0);
        let page = whole(position, size, &mut passed, &mut |position, size| {
            calls += 1;
            let size = usize::try_from(size).unwrap().min(cap);
            let at = usize::try_from(position.pgp()).unwrap();
            let start = match position {
                Position::Rows(_) => at,
                Position::Pages(_) => at * size,
            };
            let rows = lengths.iter().enumerate().skip(start).take(size);
            if rows.clone().map(|(_, length)| length).sum::<u64>() > 100 {
                return Err(Failure::new(Kind::TooLong, String::new()));
            }
            Ok(Page {
                rows: rows.map(|(at, _)| json!(at)).collect(),
                total: Some(lengths.len() as u64),
                ..Page::default()
            })
        });
        (page.unwrap(), calls, passed)
    }

    fn numbers(from: u64, to: u64) -> Vec<Value> {
        (from..to).map(Value::from).collect()
    }

    #[test]
    fn a_page_that_is_too_long_is_read_in_parts() {
        for (position, size) in [
            (Position::Rows(100), 100),
            (Position::Pages(1), 100),
            (Position::Rows(97), 97),
            (Position::Pages(1), 97),
            (Position::Rows(60), 60),
        ] {
            let (page, _, passed) = read(&[7; 400], position, size, 400);
            let size = u64::from(size);
            assert_eq!(page.rows, numbers(size, 2 * size), "{position:?}");
            assert_eq!((page.total, passed), (Some(400), 0));
        }
        assert_eq!(read(&[1; 400], Position::Rows(0), 100, 400).1, 1);
    }

    #[test]
    fn a_row_that_is_too_long_is_passed_over() {
        let mut lengths = [1; 250];
        lengths[117] = 1000;
        for position in [Position::Rows(100), Position::Pages(1)] {
            let (page, calls, passed) = read(&lengths, position, 100, 400);
            assert_eq!((page.length(), passed), (100, 1));
            assert_eq!(page.too_long, [117]);
            assert!(calls < 20, "{calls}");
        }
    }

    #[test]
    fn parts_end_where_a_cap_or_the_list_does() {
        // The part from 25 on is capped at 20 rows: what stands at 50 does not follow.
        let lengths: Vec<u64> = (0..250).map(|at| if at < 20 { 6 } else { 1 }).collect();
        let (page, _, _) = read(&lengths, Position::Rows(0), 100, 20);
        assert_eq!(page.rows, numbers(0, 45));
        let (page, _, _) = read(&[4; 35], Position::Rows(0), 100, 400);
        assert_eq!(page.rows, numbers(0, 35));
    }

    #[test]
    fn answers_that_are_all_too_long_come_to_an_end() {
        let (mut calls, mut passed) = (0, 0);
        let failure = whole(Position::Rows(0), 100, &mut passed, &mut |_, _| {
            calls += 1;
            Err(Failure::new(Kind::TooLong, String::new()))
        })
        .unwrap_err();
        assert_eq!(failure.kind, Kind::TooLong);
        assert!(calls < 40, "{calls}");
    }
}
