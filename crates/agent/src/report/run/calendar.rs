//! Days and hours on the clock of a run: UTC and a fixed number of minutes.

use decision::time::Timestamp;

/// Names of the days, as they are counted here.
pub(super) const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const DAY: i64 = 86_400;

/// The clock by which days and hours are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalClock {
    offset_minutes: i32,
}

impl LocalClock {
    /// A clock that is `offset_minutes` ahead of UTC, at most a day.
    pub(crate) fn new(offset_minutes: i32) -> Self {
        Self {
            offset_minutes: offset_minutes.clamp(-1_440, 1_440),
        }
    }

    fn seconds(self, moment: Timestamp) -> i64 {
        let offset = i64::from(self.offset_minutes).saturating_mul(60);
        moment.seconds().saturating_add(offset).max(0)
    }

    /// Days since 1970-01-01, on this clock.
    pub(super) fn day(self, moment: Timestamp) -> i64 {
        self.seconds(moment) / DAY
    }

    /// The day of the week from 0 (Monday) and the hour from 0.
    pub(super) fn weekday_and_hour(self, moment: Timestamp) -> (usize, usize) {
        let seconds = self.seconds(moment);
        // 1970-01-01 was a Thursday.
        let weekday = (seconds / DAY + 3) % 7;
        let hour = seconds % DAY / 3_600;
        (
            usize::try_from(weekday).unwrap_or(0),
            usize::try_from(hour).unwrap_or(0),
        )
    }

    /// The moment on this clock, such as `2026-11-22 09:14`.
    pub(crate) fn told(self, moment: Timestamp) -> String {
        let text = Timestamp::from_seconds(self.seconds(moment)).to_string();
        text.get(..16).unwrap_or(&text).replace('T', " ")
    }

    /// How it differs from UTC, such as `UTC+01:00`.
    pub(crate) fn zone(self) -> String {
        if self.offset_minutes == 0 {
            return "UTC".to_owned();
        }
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.unsigned_abs();
        format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// A day such as `2026-11-22`, from its number since 1970-01-01.
pub(super) fn date(day: i64) -> String {
    let text = Timestamp::from_seconds(day.saturating_mul(DAY)).to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

/// A moment in UTC, such as `2026-11-22 08:14 UTC`.
pub(crate) fn utc(moment: Timestamp) -> String {
    format!("{} UTC", LocalClock::new(0).told(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_turn_with_the_clock() {
        // A Sunday.
        let moment = Timestamp::parse("2026-11-22T23:30:00Z").unwrap();
        let (utc, east, west) = (
            LocalClock::new(0),
            LocalClock::new(60),
            LocalClock::new(-330),
        );
        assert_eq!(utc.weekday_and_hour(moment), (6, 23));
        assert_eq!(east.weekday_and_hour(moment), (0, 0));
        assert_eq!(west.weekday_and_hour(moment), (6, 18));
        assert_eq!(date(utc.day(moment)), "2026-11-22");
        assert_eq!(date(east.day(moment)), "2026-11-23");
        assert_eq!(east.told(moment), "2026-11-23 00:30");
        assert_eq!(
            (utc.zone(), east.zone(), west.zone()),
            ("UTC".into(), "UTC+01:00".into(), "UTC-05:30".into())
        );
        assert_eq!(
            LocalClock::new(i32::MIN).weekday_and_hour(Timestamp::default()),
            (3, 0)
        );
    }
}
