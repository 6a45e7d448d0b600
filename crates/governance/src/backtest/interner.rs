//! Texts that repeat become numbers, so that each is looked at once. Bounded: forgotten between chunks when large.

use std::collections::HashMap;
use std::sync::Arc;

use decision::time::Timestamp;

/// Texts are forgotten when they take more than this, per thread.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// A number for each different text.
#[derive(Debug, Default)]
pub(crate) struct Table {
    numbers: HashMap<Arc<str>, u32, foldhash::fast::RandomState>,
    texts: Vec<Arc<str>>,
    bytes: usize,
}

impl Table {
    /// The number of `text`.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = Arc::from(text);
        // The text, its two counters and its places in map and list.
        self.bytes += text.len() + 64;
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    /// The number of `text` when it was seen before.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The text of a number; empty when there is none.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}

/// The texts of one thread.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    /// Access names: asked for, and the least that was needed.
    pub(crate) names: Table,
    /// Lists of roles as written.
    pub(crate) roles: Table,
    /// Logins of beneficiaries.
    pub(crate) people: Table,
    /// Lists of holdings as written.
    pub(crate) holdings: Table,
    day: Day,
}

impl Interner {
    /// Whether it is time to forget. Only between chunks: numbers live no longer than one.
    pub(crate) fn is_large(&self) -> bool {
        self.names.bytes + self.roles.bytes + self.people.bytes + self.holdings.bytes > BYTES_MAX
    }

    /// Seconds since 1970 of RFC 3339 text. History repeats its days, so the last one is kept.
    pub(crate) fn seconds(&mut self, text: &str) -> Option<u64> {
        if let Some(seconds) = self.day.seconds(text.as_bytes()) {
            return Some(seconds);
        }
        let moment = u64::try_from(Timestamp::parse(text)?.seconds()).ok()?;
        if let Some(Ok(date)) = text.as_bytes().get(..10).map(<[u8; 10]>::try_from)
            && text.len() == 20
            && text.ends_with('Z')
        {
            self.day = Day {
                date,
                starts: moment - moment % 86_400,
            };
        }
        Some(moment)
    }
}

/// A date as text with the second at which it starts.
#[derive(Debug, Default)]
struct Day {
    date: [u8; 10],
    starts: u64,
}

impl Day {
    /// Seconds of `YYYY-MM-DDThh:mm:ssZ` when it lies on this day.
    fn seconds(&self, text: &[u8]) -> Option<u64> {
        let (date, time) = text.split_at_checked(10)?;
        let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = time else {
            return None;
        };
        let two = |tens: &u8, ones: &u8, below: u64| {
            let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
            let number = u64::from(tens) * 10 + u64::from(ones);
            (tens < 10 && ones < 10 && number < below).then_some(number)
        };
        let (hours, minutes, seconds) = (two(h1, h2, 24)?, two(m1, m2, 60)?, two(s1, s2, 60)?);
        (date == self.date).then_some(self.starts + hours * 3_600 + minutes * 60 + seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_a_day_that_is_known() {
        let mut interner = Interner::default();
        for text in [
            "2026-11-22T08:00:01Z",
            "2026-11-22T23:59:59Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T08:60:00Z",
            "2026-11-22T08:00:0xZ",
            "2026-11-22T08:00:00+01:00",
            "2024-02-29T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1969-12-31T00:00:00Z",
            "2026-11-22",
            "",
        ] {
            for _ in 0..2 {
                let slow = Timestamp::parse(text).and_then(|at| u64::try_from(at.seconds()).ok());
                assert_eq!(interner.seconds(text), slow, "{text}");
            }
        }
    }

    #[test]
    fn a_text_keeps_its_number() {
        let mut table = Table::default();
        assert_eq!((table.number("a"), table.number("b")), (0, 1));
        assert_eq!((table.number("a"), table.find("c")), (0, None));
        assert_eq!(table.text(1), "b");
    }
}
