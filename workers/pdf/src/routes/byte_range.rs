//! Which bytes of a file are asked for: RFC 9110, 14.

use std::ops::Range;

use http::{HeaderMap, header};

/// What to send of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Unsatisfiable,
}

impl Asked {
    /// What is asked for of a file with this many bytes and this tag. What cannot be read, several ranges, and a range of
    /// another version of the file ask for the whole.
    pub(super) fn of(headers: &HeaderMap, size: u64, etag: &str) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if headers.contains_key(header::IF_RANGE) && text(header::IF_RANGE) != Some(etag) {
            return Self::Whole;
        }
        let mut lines = headers.get_all(header::RANGE).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else { return Self::Whole };
        line.to_str().ok().and_then(|line| parse(line, size)).unwrap_or(Self::Whole)
    }
}

fn parse(line: &str, size: u64) -> Option<Asked> {
    let (unit, range) = line.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let range = match (first.trim(), last.trim()) {
        ("", last) => {
            let length = number(last)?;
            size.saturating_sub(length)..size
        }
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some(if range.is_empty() { Asked::Unsatisfiable } else { Asked::Part(range) })
}

fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // One that is too large for us is too large for any file.
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(range: &str) -> Asked {
        let headers =
            HeaderMap::from_iter([(header::RANGE, HeaderValue::from_str(range).unwrap())]);
        Asked::of(&headers, 100, "\"a\"")
    }

    #[test]
    fn a_range_is_read_as_the_standard_has_it() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-99", 0..100),
            ("bytes=10-", 10..100),
            ("bytes=10-1000", 10..100),
            ("bytes=-10", 90..100),
            ("bytes=-1000", 0..100),
            ("Bytes = 5 - 6", 5..7),
            ("bytes=0-99999999999999999999999", 0..100),
        ] {
            assert_eq!(asked(range), Asked::Part(part), "{range}");
        }
        for range in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(asked(range), Asked::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn what_is_no_range_asks_for_everything() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "lines=0-1",
            "bytes=0-1,4-5",
        ] {
            assert_eq!(asked(range), Asked::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_asks_for_everything() {
        let with = |tag: &'static str| {
            HeaderMap::from_iter([
                (header::RANGE, HeaderValue::from_static("bytes=0-1")),
                (header::IF_RANGE, HeaderValue::from_static(tag)),
            ])
        };
        assert_eq!(Asked::of(&with("\"a\""), 100, "\"a\""), Asked::Part(0..2));
        for other in ["\"b\"", "W/\"a\"", "Sat, 21 Nov 2026 16:00:00 GMT"] {
            assert_eq!(Asked::of(&with(other), 100, "\"a\""), Asked::Whole, "{other}");
        }
    }
}
