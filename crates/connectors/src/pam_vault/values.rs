//! Reading JSON of which only the meaning is known: the first key of a list that is there, in whatever notation.

use decision::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::bounds::{ID_CHARS_MAX, NAME_CHARS_MAX};
use super::text;

/// The value at a key, or at keys with `.` between.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// A string or a number as text; `None` for everything else and for what is empty.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first of `paths` that holds a text, cut to the length of a name.
pub(super) fn name(value: &Value, paths: &[&str]) -> Option<String> {
    first(value, paths, text).map(|found| text::line(&found, NAME_CHARS_MAX))
}

/// The first of `paths` that holds an id. Ids are never cut or trimmed: another text is another id, and what is too long
/// or holds blanks is none.
pub(super) fn id(value: &Value, paths: &[&str]) -> Option<String> {
    let found = first(value, paths, |value| {
        let whole = value.as_str().filter(|whole| !whole.is_empty());
        whole.map(str::to_owned).or_else(|| text(value))
    })?;
    text::is_id(&found).then_some(found)
}

/// What `read` makes of the first of `paths` of which it makes something.
pub(super) fn first<T>(
    value: &Value,
    paths: &[&str],
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    paths
        .iter()
        .find_map(|path| at(value, path).and_then(&read))
}

/// A whole number from zero, as number or digits.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A time: milliseconds (10¹¹ and more) or seconds since 1970, as number or digits; RFC 3339; the same without a colon in
/// the offset, or without an offset, which is UTC. `None` outside of the years 1970 to 9999.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => from_number(whole),
            // A number with a fraction or an exponent.
            None => format!("{:.0}", number.as_f64()?)
                .parse()
                .ok()
                .and_then(from_number),
        },
        Value::String(text) => from_text(text.trim()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// From here on a number counts milliseconds: as seconds it would lie beyond the year 5000.
const MILLISECONDS_MIN: i64 = 100_000_000_000;

fn from_number(number: i64) -> Option<Timestamp> {
    let seconds = if number >= MILLISECONDS_MIN {
        number / 1000
    } else {
        number
    };
    let time = Timestamp::from_seconds(seconds);
    (time.seconds() == seconds).then_some(time)
}

fn from_text(text: &str) -> Option<Timestamp> {
    if text.is_empty() || text.len() > ID_CHARS_MAX {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        return from_number(number);
    }
    Timestamp::parse(text).or_else(|| {
        // Without an offset. What has one was read above, or is wrong.
        let local: DateTime = text.parse().ok()?;
        let offset = text
            .split_once(['T', 't', ' '])
            .is_some_and(|(_, clock)| clock.contains(['+', '-']));
        let zoned = (!offset).then(|| local.to_zoned(TimeZone::UTC).ok())??;
        from_number_of_seconds(zoned.timestamp().as_second())
    })
}

fn from_number_of_seconds(seconds: i64) -> Option<Timestamp> {
    let time = Timestamp::from_seconds(seconds);
    (time.seconds() == seconds).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_moment_in_every_notation() {
        let moment = Timestamp::from_seconds(1_767_200_520);
        for value in [
            json!(1_767_200_520_000_i64),
            json!(1_767_200_520_999_i64),
            json!(1_767_200_520),
            json!(1_767_200_520_000.0),
            json!("1767200520000"),
            json!("1767200520"),
            json!("2025-12-31T17:02:00Z"),
            json!("2025-12-31T17:02:00.123Z"),
            json!("2025-12-31T18:02:00+01:00"),
            json!("2025-12-31T18:02:00.000+0100"),
            json!("2025-12-31T17:02:00"),
            json!(" 2025-12-31 17:02:00 "),
        ] {
            assert_eq!(time(&value), Some(moment), "{value}");
        }
        for value in [
            json!(null),
            json!(true),
            json!(-1),
            json!(1e300),
            json!(""),
            json!("soon"),
            json!([1]),
            json!("1969-12-31T00:00:00Z"),
            json!(i64::MAX),
            json!("9".repeat(400)),
            json!(u64::MAX),
        ] {
            assert_eq!(time(&value), None, "{value}");
        }
        // A day of the future is a time as well.
        assert!(time(&json!("2999-01-01T00:00:00Z")).is_some());
    }

    #[test]
    fn the_first_key_that_is_there_counts() {
        let row = json!({ "a": null, "b": { "c": "x" }, "d": "y", "e": " ", "n": 17 });
        assert_eq!(name(&row, &["a", "e", "b.c", "d"]).as_deref(), Some("x"));
        assert_eq!(id(&row, &["n"]).as_deref(), Some("17"));
        assert_eq!(id(&json!({ "id": "x".repeat(500) }), &["id"]), None);
    }
}
