//! Times of the vault: milliseconds since 1970 in UTC, and their RFC 3339 form.
//!
//! Days from and to a date are those of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

/// Milliseconds of a second.
pub(crate) const SECOND: i64 = 1_000;
/// Milliseconds of a minute.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Milliseconds of an hour.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// Milliseconds of a day.
pub(crate) const DAY: i64 = 24 * HOUR;

/// Years 0001 to 9999, outside of which the vault knows no time.
pub(crate) const EARLIEST: i64 = -62_135_596_800_000;
/// The last millisecond of 9999.
pub(crate) const LATEST: i64 = 253_402_300_799_999;

/// Monday is 0.
pub(crate) fn weekday(at: i64) -> i64 {
    (at.div_euclid(DAY) + 3).rem_euclid(7)
}

/// The hour of the day, in UTC.
pub(crate) fn hour(at: i64) -> i64 {
    at.rem_euclid(DAY) / HOUR
}

/// The beginning of the day of `at`.
pub(crate) fn midnight(at: i64) -> i64 {
    at - at.rem_euclid(DAY)
}

/// RFC 3339 with milliseconds, in UTC. What lies outside the known years is drawn to their edge.
pub(crate) fn to_rfc3339(at: i64) -> String {
    let at = at.clamp(EARLIEST, LATEST);
    let days = at.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let of_day = at.rem_euclid(DAY);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / HOUR,
        of_day % HOUR / MINUTE,
        of_day % MINUTE / SECOND,
        of_day % SECOND
    )
}

/// Reads RFC 3339, with or without a fraction, with `Z` or an offset.
pub(crate) fn from_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 || bytes.len() > 40 {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    let is = |place: usize, allowed: &[u8]| bytes.get(place).is_some_and(|b| allowed.contains(b));
    let marks = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let sane = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !marks || !sane || year < 1 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut milliseconds = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let three: String = fraction
            .chars()
            .take(digits)
            .chain("000".chars())
            .take(3)
            .collect();
        milliseconds = three.parse().ok().filter(|_| digits > 0)?;
        rest = fraction.get(digits..)?;
    }
    let offset = match rest {
        "Z" | "z" => 0,
        zone if zone.len() == 6 && zone.as_bytes().get(3) == Some(&b':') => {
            let part = |from, to| zone.get(from..to)?.parse::<i64>().ok();
            let (hours, minutes) = (part(1, 3)?, part(4, 6)?);
            match zone.as_bytes().first() {
                Some(b'+') => hours * HOUR + minutes * MINUTE,
                Some(b'-') => -(hours * HOUR + minutes * MINUTE),
                Some(_) | None => return None,
            }
        }
        _ => return None,
    };
    let date = days(year, month, day) * DAY;
    Some(date + hour * HOUR + minute * MINUTE + second * SECOND + milliseconds - offset)
}

/// Days since 1970-01-01.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments as `date -u -d @SECONDS` prints them.
    #[test]
    fn moments_are_those_of_date() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        ] {
            assert_eq!(to_rfc3339(at), text);
            assert_eq!(from_rfc3339(text), Some(at));
        }
        assert_eq!(weekday(0), 3, "1970-01-01 was a Thursday");
        assert_eq!(
            from_rfc3339("2026-01-01T01:30:00+01:30"),
            Some(1_767_225_600_000)
        );
        assert_eq!(
            from_rfc3339("2025-12-31T23:00:00.5-01:00"),
            Some(1_767_225_600_500)
        );
        for wrong in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0100",
        ] {
            assert_eq!(from_rfc3339(wrong), None, "{wrong}");
        }
    }
}
