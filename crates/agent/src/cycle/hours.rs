//! Business hours: whether a moment is outside them on the clock of whoever asks.

use std::collections::BTreeMap;

use decision::time::Timestamp;
use jiff::Timestamp as Moment;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// Off-hours and the clocks by which they are judged.
#[derive(Clone, Debug)]
pub struct Hours {
    /// Minute of the day at which business ends: `OFF_HOURS_START`.
    pub end_of_business: u16,
    /// Minute of the day at which it begins: `OFF_HOURS_END`.
    pub begin_of_business: u16,
    /// Days without business, such as Saturday and Sunday; empty when every day counts alike.
    pub days_off: Vec<Weekday>,
    /// The clock where nothing nearer is known.
    pub zone: TimeZone,
    /// Clocks of containers, by path with ` / ` between names; the longest that fits counts.
    pub containers: BTreeMap<String, TimeZone>,
}

impl Hours {
    /// Whether `at` is outside business hours on the clock of `zone`, and how that clock is read, such as `Sun 02:14`.
    /// Daylight saving is the zone's.
    #[must_use]
    pub fn judge(&self, at: Timestamp, zone: &TimeZone) -> (bool, String) {
        let moment = Moment::from_second(at.seconds()).unwrap_or(Moment::UNIX_EPOCH);
        let local = moment.to_zoned(zone.clone());
        let hour = u16::try_from(local.hour()).unwrap_or_default();
        let minute = u16::try_from(local.minute()).unwrap_or_default();
        let minute_of_day = hour.saturating_mul(60).saturating_add(minute);
        let off = self.is_off(minute_of_day) || self.days_off.contains(&local.weekday());
        let day = match local.weekday() {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        };
        (off, format!("{day} {hour:02}:{minute:02}"))
    }

    /// Off-hours begin with the end of business and end with its begin; they may wrap midnight.
    fn is_off(&self, minute: u16) -> bool {
        let (from, to) = (self.end_of_business, self.begin_of_business);
        if from < to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }

    /// The clock of whoever asks for something in a container: their own, else the container's, else the general one.
    #[must_use]
    pub fn zone_of<'a>(&'a self, own: Option<&'a TimeZone>, path: &[String]) -> &'a TimeZone {
        let deepest = || {
            let ends = (1..=path.len()).rev();
            ends.filter_map(|end| path.get(..end))
                .find_map(|path| self.containers.get(&path.join(" / ")))
        };
        own.or_else(deepest).unwrap_or(&self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(end: u16, begin: u16) -> Hours {
        Hours {
            end_of_business: end * 60,
            begin_of_business: begin * 60,
            days_off: vec![Weekday::Sunday],
            zone: TimeZone::UTC,
            containers: BTreeMap::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn off_hours_may_wrap_midnight() {
        let wrapping = hours(18, 8);
        let judge = |hours: &Hours, text: &str| hours.judge(at(text), &TimeZone::UTC).0;
        assert!(judge(&wrapping, "2026-11-24T18:00:00Z"));
        assert!(judge(&wrapping, "2026-11-24T23:59:59Z"));
        assert!(judge(&wrapping, "2026-11-24T07:59:59Z"));
        assert!(!judge(&wrapping, "2026-11-24T08:00:00Z"));
        assert!(!judge(&wrapping, "2026-11-24T17:59:59Z"));
        let night_shift = hours(6, 20);
        assert!(judge(&night_shift, "2026-11-24T12:00:00Z"));
        assert!(!judge(&night_shift, "2026-11-24T02:00:00Z"));
        assert!(judge(&wrapping, "2026-11-22T12:00:00Z"), "a Sunday");
    }

    #[test]
    fn a_zone_keeps_its_daylight_saving() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let hours = hours(18, 8);
        // 17:30 in New York is 21:30 UTC in summer and 22:30 UTC in winter.
        for (text, off) in [
            ("2026-07-07T21:30:00Z", false),
            ("2026-07-07T22:30:00Z", true),
            ("2026-12-08T22:30:00Z", false),
            ("2026-12-08T23:30:00Z", true),
        ] {
            assert_eq!(hours.judge(at(text), &zone).0, off, "{text}");
        }
        // The hour that comes twice, and the one that never comes.
        assert_eq!(
            hours.judge(at("2026-11-01T06:30:00Z"), &zone).1,
            "Sun 01:30"
        );
        assert_eq!(
            hours.judge(at("2026-03-08T07:00:00Z"), &zone).1,
            "Sun 03:00"
        );
    }

    #[test]
    fn the_nearest_clock_counts() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let mut hours = hours(18, 8);
        hours
            .containers
            .insert("root / Berlin".into(), berlin.clone());
        let path = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(
            hours.zone_of(None, &path(&["root", "Berlin", "Build"])),
            &berlin
        );
        assert_eq!(hours.zone_of(None, &path(&["root"])), &TimeZone::UTC);
        assert_eq!(
            hours.zone_of(Some(&tokyo), &path(&["root", "Berlin"])),
            &tokyo
        );
    }
}
