//! Holdings by person and time, in a file of their own: who held what, from when, until when.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use decision::time::Timestamp;
use serde::Deserialize;

use super::BacktestError;

/// Who held what and when. Whom the file does not name held nothing, and whom it names held nothing else.
#[derive(Debug, Default)]
pub struct HoldingsTable {
    people: HashMap<String, u32, foldhash::fast::RandomState>,
    /// By the number of the person.
    spans: Vec<Vec<Span>>,
    names: Vec<String>,
    numbers: HashMap<String, u32, foldhash::fast::RandomState>,
}

/// One thing that a person held during a time.
#[derive(Clone, Copy, Debug)]
struct Span {
    name: u32,
    from: Timestamp,
    until: Timestamp,
}

/// A row of the file.
#[derive(Debug, Deserialize)]
struct Entry {
    person: String,
    entitlement: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
}

/// A moment later than every other.
fn never() -> Timestamp {
    Timestamp::from_seconds(i64::MAX)
}

impl HoldingsTable {
    /// Reads CSV with the columns `person`, `entitlement`, and, where known, `from` and `until` (exclusive), RFC 3339.
    ///
    /// # Errors
    /// The first line that is none of that: a list with a hole would hide conflicts.
    pub fn from_csv(name: &str, input: impl Read) -> Result<Self, BacktestError> {
        let mut table = Self::default();
        let mut reader = csv::Reader::from_reader(input);
        for (entry, number) in reader.deserialize::<Entry>().zip(1_u64..) {
            let broken = |problem: String| unreadable(name, &format!("row {number}"), &problem);
            let entry = entry.map_err(|error| broken(error.to_string()))?;
            table.add(&entry).map_err(broken)?;
        }
        Ok(table)
    }

    /// Reads JSON Lines with the same names.
    ///
    /// # Errors
    /// The first line that is none of that.
    pub fn from_json_lines(name: &str, input: impl Read) -> Result<Self, BacktestError> {
        let mut table = Self::default();
        for (line, number) in BufReader::new(input).lines().zip(1_u64..) {
            let broken = |problem: String| unreadable(name, &format!("line {number}"), &problem);
            let line = line.map_err(|error| broken(error.to_string()))?;
            if line.trim().is_empty() {
                continue;
            }
            let entry = serde_json::from_str(&line).map_err(|error| broken(error.to_string()))?;
            table.add(&entry).map_err(broken)?;
        }
        Ok(table)
    }

    /// Adds that `person` held `entitlement` from (inclusive) until (exclusive); `None` has no such end.
    pub fn hold(
        &mut self,
        person: &str,
        entitlement: &str,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) {
        let name = self.numbers.get(entitlement).copied().unwrap_or_else(|| {
            let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            self.names.push(entitlement.to_owned());
            self.numbers.insert(entitlement.to_owned(), number);
            number
        });
        let span = Span {
            name,
            from: from.unwrap_or_default(),
            until: until.unwrap_or_else(never),
        };
        let person = self.people.get(person).copied().unwrap_or_else(|| {
            let number = u32::try_from(self.spans.len()).unwrap_or(u32::MAX);
            self.spans.push(Vec::new());
            self.people.insert(person.to_owned(), number);
            number
        });
        if let Some(spans) = self.spans.get_mut(person as usize) {
            spans.push(span);
        }
    }

    fn add(&mut self, entry: &Entry) -> Result<(), String> {
        let moment = |text: &Option<String>| match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => Timestamp::parse(text)
                .map(Some)
                .ok_or_else(|| format!("`{text}` is not a time such as 2026-11-22T08:00:00Z")),
        };
        if entry.person.is_empty() || entry.entitlement.is_empty() {
            return Err("`person` or `entitlement` is empty".to_owned());
        }
        self.hold(
            &entry.person,
            &entry.entitlement,
            moment(&entry.from)?,
            moment(&entry.until)?,
        );
        Ok(())
    }

    /// Number of people who held anything.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// Every name, in the order of its number.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of a number that [`Self::held_at`] gives.
    pub(crate) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }

    /// The number of a person; `None` of somebody whom the file does not name.
    pub(crate) fn person(&self, login: &str) -> Option<u32> {
        self.people.get(login).copied()
    }

    /// Numbers of what a person (by number) held at a moment, and from when until when (both inclusive) that list does
    /// not change.
    pub(crate) fn held_at(
        &self,
        person: Option<u32>,
        at: Timestamp,
    ) -> (Vec<u32>, (Timestamp, Timestamp)) {
        let (mut from, mut until) = (Timestamp::default(), never());
        let spans = person.and_then(|person| self.spans.get(person as usize));
        let mut names = Vec::with_capacity(spans.map_or(0, Vec::len));
        for span in spans.into_iter().flatten() {
            if span.from <= at && (at < span.until || span.until == never()) {
                names.push(span.name);
            }
            for edge in [span.from, span.until] {
                if edge <= at && edge > from && edge != never() {
                    from = edge;
                }
                let before = Timestamp::from_seconds(edge.seconds().saturating_sub(1));
                if edge > at && before < until && edge != never() {
                    until = before;
                }
            }
        }
        (names, (from, until))
    }
}

fn unreadable(name: &str, place: &str, problem: &str) -> BacktestError {
    BacktestError::Unreadable {
        input: name.to_owned(),
        problem: format!("{place}: {problem}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "person,entitlement,from,until\n\
        ada,a:read,,\n\
        ada,b:read,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z\n\
        bob,c:read,2026-01-15T00:00:00Z,\n";

    #[test]
    fn what_was_held_then() {
        let table = HoldingsTable::from_csv("held.csv", FILE.as_bytes()).unwrap();
        let at = |text| Timestamp::parse(text).unwrap();
        let names = |person, text| {
            let (numbers, _) = table.held_at(table.person(person), at(text));
            numbers
                .into_iter()
                .map(|number| table.name(number))
                .collect::<Vec<_>>()
        };
        assert_eq!(names("ada", "2025-12-31T23:59:59Z"), ["a:read"]);
        assert_eq!(names("ada", "2026-01-01T00:00:00Z"), ["a:read", "b:read"]);
        assert_eq!(names("ada", "2026-02-01T00:00:00Z"), ["a:read"]);
        assert_eq!(names("bob", "2026-01-01T00:00:00Z"), [""; 0]);
        assert_eq!(names("eve", "2026-01-01T00:00:00Z"), [""; 0]);
        let (_, span) = table.held_at(table.person("ada"), at("2026-01-10T00:00:00Z"));
        assert_eq!(
            span,
            (at("2026-01-01T00:00:00Z"), at("2026-01-31T23:59:59Z"))
        );
        assert_eq!(table.people(), 2);
    }

    #[test]
    fn a_hole_is_refused_with_its_place() {
        for (text, place) in [
            ("person,entitlement\nada\n", "row 1"),
            (
                "person,entitlement,from\nada,a:read,\nada,b:read,soon\n",
                "row 2",
            ),
            ("person,thing\nada,a\n", "row 1"),
        ] {
            let error = HoldingsTable::from_csv("held.csv", text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(place), "{error}");
        }
        let lines = "{\"person\":\"ada\",\"entitlement\":\"a\"}\n\n{\n";
        let error = HoldingsTable::from_json_lines("held.jsonl", lines.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
    }
}
