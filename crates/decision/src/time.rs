//! Time as the core sees it: whole seconds and whole minutes, always an argument, never read from a clock.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, in whole seconds since 1970-01-01T00:00:00Z. Written in records as RFC 3339 text in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Seconds from which years stop having four digits (9999-12-31T23:59:59Z); later moments are held at it.
const SECONDS_MAX: i64 = 253_402_300_799;

impl Timestamp {
    /// The moment `seconds` after the epoch, held within the years 1970 to 9999.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.clamp(0, SECONDS_MAX))
    }

    /// Seconds since the epoch, 0 to 253,402,300,799.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 text with an offset, such as `2026-11-22T08:00:00Z`. `None` when it is not that, or outside
    /// the years 1970 to 9999.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = text.parse::<jiff::Timestamp>().ok()?.as_second();
        (0..=SECONDS_MAX)
            .contains(&seconds)
            .then_some(Self(seconds))
    }

    /// This moment and `minutes` more, held at the year 9999.
    #[must_use]
    pub fn plus(self, minutes: Minutes) -> Self {
        Self::from_seconds(self.0.saturating_add(minutes.seconds()))
    }

    /// This moment less `minutes`, held at the epoch.
    #[must_use]
    pub fn minus(self, minutes: Minutes) -> Self {
        Self::from_seconds(self.0.saturating_sub(minutes.seconds()))
    }

    /// Whole minutes from `earlier` until this moment, rounded up; zero when `earlier` is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Minutes {
        let seconds = self.0.saturating_sub(earlier.0).max(0);
        let minutes = seconds.saturating_add(59) / 60;
        Minutes(u32::try_from(minutes).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => write!(formatter, "{moment}"),
            Err(_) => write!(formatter, "@{}", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is not a time such as 2026-11-22T08:00:00Z"
            ))
        })
    }
}

/// A length of time in whole minutes, 0 to 4,294,967,295 (about 8,000 years).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Minutes(pub u32);

impl Minutes {
    /// `days` of 24 hours.
    #[must_use]
    pub const fn from_days(days: u32) -> Self {
        Self(days.saturating_mul(24 * 60))
    }

    /// `hours` of 60 minutes.
    #[must_use]
    pub const fn from_hours(hours: u32) -> Self {
        Self(hours.saturating_mul(60))
    }

    /// The same length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::from(self.0).saturating_mul(60)
    }

    /// Both lengths together, held at the largest one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Reads `90m`, `8h`, `30d`, `2w`, or ISO 8601 such as `PT8H`, `P30D`, `P1DT12H`. Seconds round up to a minute.
    /// `None` when it is neither, is zero, or does not fit (years and months have no fixed length and are refused).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let minutes = if text.starts_with(['P', 'p']) {
            parse_iso(text)?
        } else {
            let digits = text.len().checked_sub(1)?;
            let (number, unit) = (text.get(..digits)?, text.get(digits..)?);
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let seconds = unit_seconds(unit)?.checked_mul(number.parse::<u64>().ok()?)?;
            seconds.div_ceil(60)
        };
        u32::try_from(minutes)
            .ok()
            .filter(|minutes| *minutes > 0)
            .map(Self)
    }
}

fn unit_seconds(unit: &str) -> Option<u64> {
    match unit {
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        "w" => Some(604_800),
        _ => None,
    }
}

/// Minutes of an ISO 8601 duration of weeks, days, hours, minutes and seconds.
fn parse_iso(text: &str) -> Option<u64> {
    let upper = text.to_ascii_uppercase();
    let body = upper.strip_prefix('P')?;
    let (date, time) = match body.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (body, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date_seconds = sum_designated(date, &[('W', 604_800), ('D', 86_400)])?;
    let time_seconds = sum_designated(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    Some(date_seconds.checked_add(time_seconds)?.div_ceil(60))
}

/// Adds up `12D`-like parts; each designator at most once and in the order given.
fn sum_designated(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut rest = text;
    let mut seconds = 0_u64;
    for (designator, length) in units {
        if let Some((number, after)) = rest.split_once(*designator) {
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let part = number.parse::<u64>().ok()?.checked_mul(*length)?;
            seconds = seconds.checked_add(part)?;
            rest = after;
        }
    }
    rest.is_empty().then_some(seconds)
}

impl fmt::Display for Minutes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0;
        if minutes > 0 && minutes.is_multiple_of(24 * 60) {
            write!(formatter, "{} d", minutes / (24 * 60))
        } else if minutes > 0 && minutes.is_multiple_of(60) {
            write!(formatter, "{} h", minutes / 60)
        } else {
            write!(formatter, "{minutes} min")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_short_and_iso_lengths() {
        for (text, minutes) in [
            ("8h", 480),
            ("PT8H", 480),
            ("90m", 90),
            ("30d", 43_200),
            ("P30D", 43_200),
            ("2w", 20_160),
            ("P1DT12H", 2_160),
            ("PT90S", 2),
        ] {
            assert_eq!(Minutes::parse(text), Some(Minutes(minutes)), "{text}");
        }
        for text in [
            "",
            "8",
            "h",
            "0h",
            "-8h",
            "8y",
            "P1Y",
            "P",
            "PT",
            "P1H",
            "PT8H8H",
            "8 h",
            "99999999999d",
            "é",
        ] {
            assert_eq!(Minutes::parse(text), None, "{text}");
        }
    }

    #[test]
    fn reads_times_with_an_offset_only() {
        assert_eq!(
            Timestamp::parse("1970-01-01T00:01:00Z"),
            Some(Timestamp(60))
        );
        assert_eq!(
            Timestamp::parse("1970-01-01T01:01:00+01:00"),
            Some(Timestamp(60))
        );
        assert_eq!(Timestamp::parse("1970-01-01T00:01:00"), None);
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59Z"), None);
        assert_eq!(Timestamp(60).to_string(), "1970-01-01T00:01:00Z");
    }

    #[test]
    fn since_rounds_up_and_never_goes_back() {
        assert_eq!(Timestamp(61).since(Timestamp(0)), Minutes(2));
        assert_eq!(Timestamp(0).since(Timestamp(61)), Minutes(0));
    }
}
