//! What turns one JSON value into a typed one, for [`Fields`](crate::Fields). None converts between types: `"45"` is no
//! number and `1` no boolean.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, SubsecRound};
use domain::Violation;
use serde_json::Value;
use uuid::Uuid;

/// The largest whole number that a double holds exactly.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A string that `parse` accepts.
pub fn text<T>(
    parse: impl FnOnce(&str) -> Result<T, Violation>,
) -> impl FnOnce(&Value) -> Result<T, Violation> {
    move |value| parse(string(value)?)
}

/// A whole number that `make` accepts; `45.0` is one, `45.5` is not.
pub fn integer<T>(
    make: impl FnOnce(i64) -> Result<T, Violation>,
) -> impl FnOnce(&Value) -> Result<T, Violation> {
    move |value| make(whole_number(value)?)
}

/// A number that `make` accepts.
pub fn number<T>(
    make: impl FnOnce(f64) -> Result<T, Violation>,
) -> impl FnOnce(&Value) -> Result<T, Violation> {
    move |value| make(value.as_f64().ok_or_else(|| wrong_type("a number"))?)
}

/// `true` or `false`.
///
/// # Errors
/// When it is anything else.
pub fn boolean(value: &Value) -> Result<bool, Violation> {
    value.as_bool().ok_or_else(|| wrong_type("true or false"))
}

/// A day as `YYYY-MM-DD` that the calendar has, of the years 0001 to 9999.
///
/// # Errors
/// When it is anything else.
pub fn date(value: &Value) -> Result<NaiveDate, Violation> {
    parse_date(string(value)?)
}

/// An instant as RFC 3339 has it, with its offset from UTC.
///
/// # Errors
/// When it is anything else.
pub fn instant(value: &Value) -> Result<DateTime<FixedOffset>, Violation> {
    parse_instant(string(value)?)
}

/// An id in the usual form of a UUID, made into its type by `make`.
pub fn uuid<T>(make: impl FnOnce(Uuid) -> T) -> impl FnOnce(&Value) -> Result<T, Violation> {
    move |value| parse_uuid(string(value)?).map(make)
}

/// One of a few words; the violation lists them.
pub fn word<T: Copy, const N: usize>(
    allowed: [T; N],
    as_str: impl Fn(T) -> &'static str,
) -> impl FnOnce(&Value) -> Result<T, Violation> {
    move |value| {
        let word = string(value)?;
        allowed.into_iter().find(|candidate| as_str(*candidate) == word).ok_or_else(|| {
            let words = allowed.map(as_str);
            Violation::new("invalid_choice", format!("must be one of {}", words.join(", ")))
        })
    }
}

/// A day as `YYYY-MM-DD`, strictly.
///
/// # Errors
/// When it is anything else, or the calendar does not have it.
pub fn parse_date(text: &str) -> Result<NaiveDate, Violation> {
    let invalid = || Violation::new("invalid_date", "must be a date that exists, as YYYY-MM-DD");
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(invalid());
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| date.year() >= 1)
        .ok_or_else(invalid)
}

/// An instant as RFC 3339 has it, with `T` between day and time and an offset or `Z`.
///
/// # Errors
/// When it is anything else.
pub fn parse_instant(text: &str) -> Result<DateTime<FixedOffset>, Violation> {
    let shaped = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    DateTime::parse_from_rfc3339(text)
        .ok()
        // As precise as it is stored.
        .map(|instant| instant.trunc_subsecs(6))
        // In UTC too: the offset must not push it out of the years that are stored.
        .filter(|instant| {
            shaped
                && (1..=9999).contains(&instant.year())
                && (1..=9999).contains(&instant.to_utc().year())
        })
        .ok_or_else(|| {
            Violation::new(
                "invalid_instant",
                "must be an instant with an offset, as 2026-05-24T09:30:00+02:00",
            )
        })
}

/// An id in the usual form of a UUID, 36 characters.
///
/// # Errors
/// When it is anything else.
pub fn parse_uuid(text: &str) -> Result<Uuid, Violation> {
    Some(text)
        .filter(|text| text.len() == 36)
        .and_then(|text| Uuid::try_parse(text).ok())
        .ok_or_else(|| Violation::new("invalid_id", "must be a UUID"))
}

fn string(value: &Value) -> Result<&str, Violation> {
    value.as_str().ok_or_else(|| wrong_type("a string"))
}

fn whole_number(value: &Value) -> Result<i64, Violation> {
    let Value::Number(number) = value else {
        return Err(wrong_type("a whole number"));
    };
    if let Some(whole) = number.as_i64() {
        return Ok(whole);
    }
    match number.as_f64() {
        Some(float) if float.fract() != 0.0 => Err(wrong_type("a whole number")),
        Some(float) if float.abs() <= MAX_EXACT => Ok(float as i64),
        Some(_) | None => Err(Violation::new("out_of_range", "is out of range")),
    }
}

fn wrong_type(expected: &str) -> Violation {
    Violation::new("wrong_type", format!("must be {expected}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_date_is_one_that_the_calendar_has() {
        for right in ["0001-01-01", "2028-02-29", "9999-12-31"] {
            assert_eq!(parse_date(right).map(|date| date.to_string()), Ok(right.to_owned()));
        }
        for wrong in [
            "2026-02-29",
            "2026-02-30",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "26-01-01",
            "0000-01-01",
            "+2026-01-1",
            "-001-01-01",
            "12026-01-01",
            "2026-01-01T00:00:00Z",
            "2026/01/01",
            " 2026-01-1",
            "２０２６-01-01",
            "",
        ] {
            assert_eq!(
                parse_date(wrong).map_err(|violation| violation.code),
                Err("invalid_date"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_instant_has_an_offset() {
        for right in
            ["2026-05-24T09:30:00Z", "2026-05-24T09:30:00.123+02:00", "2026-05-24t09:30:00-09:30"]
        {
            assert!(parse_instant(right).is_ok(), "{right}");
        }
        for wrong in [
            "2026-05-24T09:30:00",
            "2026-05-24 09:30:00Z",
            "2026-05-24T24:30:00Z",
            "2026-02-30T09:30:00Z",
            "2026-05-24",
            "9999-12-31T23:59:59-01:00",
            "0001-01-01T00:00:00+01:00",
            "1748072400",
            "",
        ] {
            assert_eq!(
                parse_instant(wrong).map_err(|violation| violation.code),
                Err("invalid_instant"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
        let read = |value| integer(Ok)(&value).map_err(|violation| violation.code);
        assert_eq!(read(json!(45)), Ok(45));
        assert_eq!(read(json!(45.0)), Ok(45));
        assert_eq!(read(json!(-4.5e1)), Ok(-45));
        assert_eq!(read(json!(i64::MIN)), Ok(i64::MIN));
        for wrong in [json!(45.5), json!("45"), json!(true), json!([45])] {
            assert_eq!(read(wrong.clone()), Err("wrong_type"), "{wrong}");
        }
        for too_large in [json!(u64::MAX), json!(1e300), json!(-1e19)] {
            assert_eq!(read(too_large.clone()), Err("out_of_range"), "{too_large}");
        }
    }
}
