//! Reading the record of a run: once from the beginning to its end, then entry by entry in any order.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use decision::findings::risk::RiskLevel;

use super::ReportError;
use crate::cycle::record::{Entry, Header};

/// Longest line of a record, in bytes.
const LINE_MAX: u64 = 16 * 1024 * 1024;
/// Longest name of a run, in bytes.
const NAME_MAX: usize = 64;

/// A record, open.
pub(super) struct Record {
    path: PathBuf,
    reader: BufReader<File>,
    line: Vec<u8>,
    /// Bytes read so far, in the first walk.
    read: u64,
}

/// Where an entry stands, and what it is sorted by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    offset: u64,
    pub(super) risk: RiskLevel,
    points: u16,
}

impl Record {
    /// Opens a record and reads its header.
    pub(super) fn open(path: &Path) -> Result<(Self, Header), ReportError> {
        let file = File::open(path).map_err(|error| ReportError::io("open", path, &error))?;
        let mut record = Self {
            path: path.to_owned(),
            reader: BufReader::new(file),
            line: Vec::new(),
            read: 0,
        };
        let damaged = |problem: String| ReportError::Damaged {
            path: path.to_owned(),
            line: 1,
            problem,
        };
        if !record.next_line(1)? {
            return Err(damaged("the file is empty".to_owned()));
        }
        let header: Header =
            serde_json::from_slice(&record.line).map_err(|error| damaged(error.to_string()))?;
        if header.format != decision::vault::FORMAT {
            return Err(damaged(format!(
                "its format is {}, and this program reads {}",
                header.format,
                decision::vault::FORMAT
            )));
        }
        if !is_name(&header.name) {
            return Err(damaged(format!(
                "the run's name `{}` is not fit for a file name",
                crate::report::text::visible(&header.name, 80)
            )));
        }
        Ok((record, header))
    }

    /// Hands over every entry in the order of the file, and gives their places, from critical to low risk; within a level
    /// most points first, then as in the file.
    pub(super) fn walk(&mut self, each: &mut dyn FnMut(&Entry)) -> Result<Vec<Place>, ReportError> {
        let mut places = Vec::new();
        let mut number = 2;
        let mut offset = self.read;
        while self.next_line(number)? {
            let entry = self.entry(number)?;
            places.push(Place {
                offset,
                risk: entry.risk,
                points: entry.points,
            });
            each(&entry);
            offset = self.read;
            number = number.saturating_add(1);
        }
        places.sort_by_key(|place| {
            use std::cmp::Reverse;
            (Reverse(place.risk), Reverse(place.points), place.offset)
        });
        Ok(places)
    }

    /// The entry at a place, with the line that it stands on.
    pub(super) fn at(&mut self, place: Place) -> Result<(Entry, &[u8]), ReportError> {
        let error = |error| ReportError::io("read", &self.path, &error);
        self.reader
            .seek(SeekFrom::Start(place.offset))
            .map_err(error)?;
        // No longer the line's number: the file has been read to its end before, without a fault.
        self.next_line(0)?;
        let entry = self.entry(0)?;
        Ok((entry, &self.line))
    }

    fn entry(&self, line: u64) -> Result<Entry, ReportError> {
        serde_json::from_slice(&self.line).map_err(|error| ReportError::Damaged {
            path: self.path.clone(),
            line,
            problem: error.to_string(),
        })
    }

    /// Reads the next line, without its end. `false` at the end of the file.
    fn next_line(&mut self, number: u64) -> Result<bool, ReportError> {
        self.line.clear();
        let mut limited = self.reader.by_ref().take(LINE_MAX);
        let read = limited
            .read_until(b'\n', &mut self.line)
            .map_err(|error| ReportError::io("read", &self.path, &error))?;
        self.read = self
            .read
            .saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if read == 0 {
            return Ok(false);
        }
        if self.line.pop() == Some(b'\n') {
            return Ok(true);
        }
        Err(ReportError::Damaged {
            path: self.path.clone(),
            line: number,
            problem: "the line is cut off or longer than 16 MiB".to_owned(),
        })
    }
}

/// Whether a name can stand in a file name as it is.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}
