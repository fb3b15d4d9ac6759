use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset, Utc};

/// When a run began: its day, and the instant where that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    pub(super) day: NaiveDate,
    pub(super) at: Option<DateTime<FixedOffset>>,
}

impl Moment {
    /// From a time in UTC, as the bulk export gives it. Without a known offset the day is UTC's.
    pub(super) fn in_utc(utc: NaiveDateTime, offset: Option<FixedOffset>) -> Self {
        let at = utc.and_utc().with_timezone(&offset.unwrap_or(Utc.fix()));
        Self { day: at.date_naive(), at: Some(at) }
    }

    /// From a time on the runner's own clock, and the same in UTC.
    ///
    /// The offset is the difference of the two. Where there is none and the UTC time does not say that
    /// it is one, it may be local time written twice: then only the day is known.
    pub(super) fn local(
        local: NaiveDateTime,
        utc: Option<(NaiveDateTime, Zone)>,
        offset: Option<FixedOffset>,
    ) -> Self {
        let told = utc.and_then(|(utc, zone)| match zone {
            Zone::Unsaid if utc == local => None,
            Zone::Unsaid | Zone::Said => offset_between(utc, local),
        });
        let at = told.or(offset).and_then(|offset| local.and_local_timezone(offset).single());
        Self { day: local.date(), at }
    }
}

/// Whether a time says which zone it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Said,
    Unsaid,
}

/// The difference, when it is one that a zone of this earth has.
fn offset_between(utc: NaiveDateTime, local: NaiveDateTime) -> Option<FixedOffset> {
    const QUARTER: i64 = 15 * 60;
    let seconds = (local - utc).num_seconds();
    let real = seconds % QUARTER == 0 && (-12 * 3600..=14 * 3600).contains(&seconds);
    i32::try_from(seconds).ok().filter(|_| real).and_then(FixedOffset::east_opt)
}

/// Reads `2024-12-04 21:48:15+00:00`, `2024-12-04T21:48:15Z` or the same without a zone, as UTC.
pub(super) fn instant(text: &str) -> Option<(NaiveDateTime, Zone)> {
    let text = text.trim().replacen('T', " ", 1);
    let zoned = text.strip_suffix('Z').map_or_else(|| text.clone(), |text| format!("{text}+00:00"));
    if let Ok(at) = DateTime::parse_from_str(&zoned, "%Y-%m-%d %H:%M:%S%.f%:z") {
        return Some((at.naive_utc(), Zone::Said));
    }
    Some((clock(&text)?, Zone::Unsaid))
}

/// Reads a time on the runner's own clock. Strava writes a `Z` behind it that means nothing.
pub(super) fn local(text: &str) -> Option<NaiveDateTime> {
    clock(text.trim().trim_end_matches('Z').replacen('T', " ", 1).as_str())
}

fn clock(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()
}

/// Reads `Jan 27, 2021, 1:57:47 PM`, as the bulk export writes it; newer ones with a narrow space.
pub(super) fn spelt_out(text: &str) -> Option<NaiveDateTime> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    NaiveDateTime::parse_from_str(&words, "%b %d, %Y, %I:%M:%S %p").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_an_instant_are_read() {
        let expected = clock("2024-12-04 21:48:15");
        for text in
            ["2024-12-04 21:48:15+00:00", "2024-12-04T21:48:15Z", "2024-12-04T23:48:15+02:00"]
        {
            assert_eq!(instant(text), expected.map(|at| (at, Zone::Said)), "{text}");
        }
        for text in ["2024-12-04 21:48:15", "2024-12-04T21:48:15", " 2024-12-04T21:48:15 "] {
            assert_eq!(instant(text), expected.map(|at| (at, Zone::Unsaid)), "{text}");
            assert_eq!(local(text), expected, "{text}");
        }
        assert_eq!(local("2024-12-04T21:48:15Z"), expected);
        for text in [
            "",
            "2024-02-30 10:00:00",
            "2024-12-04",
            "yesterday",
            "2024-12-04 25:00:00",
            "٢٠٢٤-12-04 10:00:00",
        ] {
            assert_eq!((instant(text), local(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn a_spelt_out_time_is_read() {
        let expected = clock("2021-01-27 13:57:47");
        for text in [
            "Jan 27, 2021, 1:57:47 PM",
            "Jan 27, 2021, 1:57:47\u{202f}PM",
            "Jan  27, 2021, 01:57:47 pm",
        ] {
            assert_eq!(spelt_out(text), expected, "{text}");
        }
        assert_eq!(spelt_out("Jan 27, 2021, 12:00:00 AM"), clock("2021-01-27 00:00:00"));
        for text in ["", "27 Jan 2021", "Feb 30, 2021, 1:57:47 PM", "Jan 27, 2021, 13:57:47 PM"] {
            assert_eq!(spelt_out(text), None, "{text}");
        }
    }

    #[test]
    fn the_day_is_the_runners_own() {
        let (utc, local) = (at("2024-12-04 21:48:15"), at("2024-12-05 05:48:15"));
        let moment = Moment::local(local, Some((utc, Zone::Unsaid)), None);
        assert_eq!(moment.day, local.date());
        assert_eq!(
            moment.at.map(|at| at.to_rfc3339()).as_deref(),
            Some("2024-12-05T05:48:15+08:00")
        );
    }

    #[test]
    fn local_time_written_twice_tells_the_day_only() {
        let noon = at("2024-12-04 12:00:00");
        assert_eq!(Moment::local(noon, Some((noon, Zone::Unsaid)), None).at, None);
        assert_eq!(Moment::local(noon, None, None).at, None);

        let said = Moment::local(noon, Some((noon, Zone::Said)), None);
        assert_eq!(said.at.map(|at| at.offset().local_minus_utc()), Some(0));

        let east = FixedOffset::east_opt(2 * 3600);
        let told = Moment::local(noon, Some((noon, Zone::Unsaid)), east);
        assert_eq!(told.at.map(|at| at.to_rfc3339()).as_deref(), Some("2024-12-04T12:00:00+02:00"));
    }

    #[test]
    fn a_difference_that_is_no_zones_tells_the_day_only() {
        let local = at("2024-12-04 12:00:00");
        for utc in ["2024-12-04 11:53:00", "2024-12-02 12:00:00", "2024-12-05 01:00:00"] {
            assert_eq!(Moment::local(local, Some((at(utc), Zone::Said)), None).at, None, "{utc}");
        }
    }

    #[test]
    fn a_time_in_utc_falls_on_the_runners_day_when_the_offset_is_known() {
        let utc = at("2024-12-04 23:30:00");
        assert_eq!(Moment::in_utc(utc, None).day, utc.date());
        assert_eq!(
            Moment::in_utc(utc, FixedOffset::east_opt(3600)).day,
            at("2024-12-05 00:30:00").date()
        );
    }

    fn at(text: &str) -> NaiveDateTime {
        clock(text).unwrap()
    }
}
