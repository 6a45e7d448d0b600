//! What people get from a run over the vault: a report as Markdown, as one page of HTML and as JSON, made from the record.
//!
//! The record is read twice from the disk, so a report of a hundred thousand requests needs no more memory than their places.

mod calendar;
mod charts;
mod files;
mod html;
mod markdown;
pub(crate) mod phrases;
mod record;
mod summary;
mod told;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use decision::findings::risk::RiskLevel;
use serde_json::json;
use thiserror::Error;

pub(crate) use calendar::{LocalClock, utc};
pub use files::{Listed, list, newest};
pub use summary::{ActionCounts, Asking, Day, Risks, Summary};

use crate::cycle::record::{ActionTold, Closing, Entry, Header};
use record::{Place, Record};

/// Version of the report as JSON.
pub const FORMAT: u32 = 1;

/// Most requests that an overview holds in full.
pub const WORST_MAX: usize = 15;

/// What a run came to: everything that a mail or a command line shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The record's header.
    pub header: Header,
    /// The figures.
    pub summary: Summary,
    /// The first requests of high or critical risk, at most [`WORST_MAX`], the riskiest first.
    pub worst: Vec<Entry>,
}

impl Overview {
    /// The clock of days and hours.
    pub(crate) fn clock(&self) -> LocalClock {
        LocalClock::new(self.header.offset_minutes)
    }

    /// Every day of the window up to now, those without requests included.
    fn days(&self) -> Vec<Day> {
        let clock = self.clock();
        let last = clock.day(self.header.run.at);
        let window = i64::from(self.header.run.settings.lookback_days);
        // A window of years is drawn from its first request on.
        let first = last.saturating_sub(window.min(3_660));
        let mut known = self.summary.days.iter().peekable();
        let mut days: Vec<Day> = Vec::new();
        for day in first..=last {
            let name = calendar::date(day);
            let mut risks = Risks::default();
            while let Some(found) = known.next_if(|found| found.day <= name) {
                risks = risks.plus(found.risks);
            }
            days.push(Day { day: name, risks });
        }
        for late in known {
            days.push(late.clone());
        }
        days
    }
}

/// The files of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The report as Markdown, complete.
    pub markdown: PathBuf,
    /// The report as one page of HTML.
    pub html: PathBuf,
    /// The report as JSON, complete.
    pub json: PathBuf,
    /// What the run came to.
    pub overview: Overview,
}

/// Why there is no report. Files of an earlier report stay as they were.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReportError {
    /// A file or folder could not be used.
    #[error("could not {what} {}: {why}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// The record is not one.
    #[error("{}, line {line}: {problem}", path.display())]
    Damaged {
        /// The record.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

impl ReportError {
    fn io(what: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io {
            what,
            path: path.to_owned(),
            why: error.to_string(),
        }
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => {
                "check the folder, its owner and the free space, then write the report again from the record"
            }
            Self::Damaged { .. } => {
                "compare the record with its digest in the log; the next run writes a new one"
            }
        }
    }
}

/// Reads a record once: its figures and its riskiest requests.
///
/// # Errors
/// When the record cannot be read.
pub fn overview(record: &Path, closing: &Closing) -> Result<Overview, ReportError> {
    survey(record, closing).map(|(overview, _, _)| overview)
}

/// Writes the report of a run into a folder, which is made when it is missing. The names carry the run's:
/// `vault-report-2026-11-22T080000Z.md`, `.html` and `.json`. Each file is written beside its place and moved there when
/// all three are whole; only the owner can read them.
///
/// # Errors
/// When the record cannot be read or a file cannot be written. Nothing is left half done.
pub fn write(record: &Path, closing: &Closing, folder: &Path) -> Result<Written, ReportError> {
    let (overview, mut record, places) = survey(record, closing)?;
    let mut by_request: HashMap<&str, Vec<&ActionTold>> = HashMap::new();
    for told in &closing.actions {
        by_request.entry(&told.request).or_default().push(told);
    }
    files::folder(folder)?;
    let stem = stem(&overview.header.name);
    let mut markdown = files::Draft::new(folder, &format!("{stem}.md"))?;
    let mut page = files::Draft::new(folder, &format!("{stem}.html"))?;
    let mut data = files::Draft::new(folder, &format!("{stem}.json"))?;
    markdown.put(|out| out.write_all(markdown::beginning(&overview, closing).as_bytes()))?;
    page.put(|out| out.write_all(html::beginning(&overview, closing).as_bytes()))?;
    data.put(|out| out.write_all(data_beginning(&overview, closing).as_bytes()))?;
    let mut number = 0;
    for place in places {
        let (entry, line) = record.at(place)?;
        let separator: &[u8] = if number == 0 { b"\n" } else { b",\n" };
        data.put(|out| out.write_all(separator).and_then(|()| out.write_all(line)))?;
        let actions = by_request.get(entry.evidence.request.id.as_str());
        let actions = actions.map_or(&[][..], Vec::as_slice);
        markdown.put(|out| markdown::entry(out, &overview, &entry, actions))?;
        if number < html::ENTRIES_MAX {
            page.put(|out| html::entry(out, &overview, number, &entry, actions))?;
        }
        number += 1;
    }
    page.put(|out| out.write_all(html::end(number).as_bytes()))?;
    data.put(|out| out.write_all(b"\n]}\n"))?;
    let [markdown, html, json] = files::keep([markdown, page, data])?;
    Ok(Written {
        markdown,
        html,
        json,
        overview,
    })
}

/// A report in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// As Markdown.
    pub markdown: String,
    /// As one page of HTML.
    pub html: String,
    /// What the run came to.
    pub overview: Overview,
}

/// The report of a few requests, in their order, as [`write`] would write it.
#[must_use]
pub fn pages(header: &Header, entries: &[Entry], closing: &Closing) -> Pages {
    let mut tally = summary::Tally::new(header, closing);
    for entry in entries {
        tally.add(entry);
    }
    let high = entries.iter().filter(|entry| entry.risk >= RiskLevel::High);
    let overview = Overview {
        header: header.clone(),
        summary: tally.finish(),
        worst: high.take(WORST_MAX).cloned().collect(),
    };
    let mut markdown = markdown::beginning(&overview, closing).into_bytes();
    let mut html = html::beginning(&overview, closing).into_bytes();
    let mut number = 0_u64;
    for entry in entries {
        let id = &entry.evidence.request.id;
        let actions = closing.actions.iter().filter(|told| told.request == *id);
        let actions: Vec<&ActionTold> = actions.collect();
        // Nothing can go wrong in memory.
        let _ = markdown::entry(&mut markdown, &overview, entry, &actions);
        if number < html::ENTRIES_MAX {
            let _ = html::entry(&mut html, &overview, number, entry, &actions);
        }
        number = number.saturating_add(1);
    }
    html.extend_from_slice(html::end(number).as_bytes());
    Pages {
        markdown: String::from_utf8_lossy(&markdown).into_owned(),
        html: String::from_utf8_lossy(&html).into_owned(),
        overview,
    }
}

fn survey(path: &Path, closing: &Closing) -> Result<(Overview, Record, Vec<Place>), ReportError> {
    let (mut record, header) = Record::open(path)?;
    let mut tally = summary::Tally::new(&header, closing);
    let places = record.walk(&mut |entry| tally.add(entry))?;
    let summary = tally.finish();
    let mut worst = Vec::new();
    let high = places.iter().filter(|place| place.risk >= RiskLevel::High);
    for place in high.take(WORST_MAX) {
        worst.push(record.at(*place)?.0);
    }
    let overview = Overview {
        header,
        summary,
        worst,
    };
    Ok((overview, record, places))
}

/// Format, header, figures and end of the run on a line each; then the entries of the record, one on a line.
fn data_beginning(overview: &Overview, closing: &Closing) -> String {
    format!(
        "{{\"format\":{FORMAT},\n\"header\":{},\n\"summary\":{},\n\"closing\":{},\n\"requests\":[",
        json!(overview.header),
        json!(overview.summary),
        json!(closing)
    )
}

/// What the names of a run's files begin with.
pub(crate) fn stem(run: &str) -> String {
    format!("{}{run}", files::PREFIX)
}
