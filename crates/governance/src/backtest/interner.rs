//! Texts that repeat become numbers, so that each is looked at once. Bounded: forgotten between chunks when large.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use decision::time::Timestamp;

/// Texts are forgotten when they take more than this, per thread.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Longest text that stands in the map itself, in bytes.
const SHORT_MAX: usize = 22;

/// A text as the map has it. Most are short, and one that stands in the map spares a look at cold memory.
#[derive(Debug)]
enum Key {
    Short(u8, [u8; SHORT_MAX]),
    Long(Arc<str>),
}

impl Key {
    fn new(text: &Arc<str>) -> Self {
        let mut short = [0; SHORT_MAX];
        match (short.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short(length, short)
            }
            _ => Self::Long(Arc::clone(text)),
        }
    }
}

impl Borrow<[u8]> for Key {
    #[inline]
    fn borrow(&self) -> &[u8] {
        match self {
            Self::Short(length, bytes) => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(text) => text.as_bytes(),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Borrow::<[u8]>::borrow(self) == Borrow::<[u8]>::borrow(other)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        Borrow::<[u8]>::borrow(self).hash(hasher);
    }
}

/// A number for each different text.
#[derive(Debug, Default)]
pub(crate) struct Table {
    numbers: HashMap<Key, u32, foldhash::fast::RandomState>,
    texts: Vec<Arc<str>>,
    bytes: usize,
}

impl Table {
    /// The number of `text`.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = Arc::from(text);
        // The text, its two counters and its places in map and list.
        self.bytes += text.len() + 64;
        self.numbers.insert(Key::new(&text), number);
        self.texts.push(text);
        number
    }

    /// The number of `text` when it was seen before.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text.as_bytes()).copied()
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
        // Around the longest that stands in the map, and with a zero byte, which is not the end of a shorter one.
        let texts: Vec<String> = (0..40)
            .flat_map(|length| {
                let text = "x".repeat(length);
                [format!("{text}\0"), text]
            })
            .collect();
        let numbers: Vec<u32> = texts.iter().map(|text| table.number(text)).collect();
        for (text, number) in texts.iter().zip(&numbers) {
            assert_eq!(
                (table.number(text), table.text(*number)),
                (*number, &**text)
            );
        }
        let different: std::collections::BTreeSet<_> = numbers.iter().collect();
        assert_eq!(different.len(), texts.len());
    }
}
