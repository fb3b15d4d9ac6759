use chrono::{Days, NaiveDate};

use crate::ImportError;

/// Which day of the calendar a plan's schedule hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its first day.
    Start(NaiveDate),
    /// The day of the race it leads to.
    Race(NaiveDate),
}

/// A schedule's place in the calendar.
#[derive(Debug, PartialEq)]
pub(super) struct Span {
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) race: Option<NaiveDate>,
}

impl Anchor {
    /// Places a schedule of `days` days, whose final race is on day `race` (counted from 0) if it has
    /// one.
    ///
    /// A schedule without a race leads up to one: it ends the day before, and the plan on the race day.
    pub(super) fn place(self, days: usize, race: Option<usize>) -> Result<Span, ImportError> {
        let days = days as u64;
        let race = race.map(|index| index as u64);
        let start = match self {
            Self::Start(start) => Some(start),
            Self::Race(day) => day.checked_sub_days(Days::new(race.unwrap_or(days))),
        };
        let start = start.ok_or(ImportError::OutsideCalendar)?;
        let on = |index: u64| {
            start.checked_add_days(Days::new(index)).ok_or(ImportError::OutsideCalendar)
        };
        let last = on(days - 1)?;
        Ok(match self {
            Self::Start(_) => Span { start, end: last, race: race.map(on).transpose()? },
            Self::Race(day) => Span { start, end: last.max(day), race: Some(day) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_day_places_the_race() {
        let span = Anchor::Start(date(2)).place(14, Some(13)).unwrap();
        assert_eq!(span, Span { start: date(2), end: date(15), race: Some(date(15)) });

        let span = Anchor::Start(date(2)).place(14, None).unwrap();
        assert_eq!(span, Span { start: date(2), end: date(15), race: None });
    }

    #[test]
    fn a_race_day_places_the_first_day() {
        let span = Anchor::Race(date(15)).place(14, Some(13)).unwrap();
        assert_eq!(span, Span { start: date(2), end: date(15), race: Some(date(15)) });

        // A schedule that goes on after its race.
        let span = Anchor::Race(date(15)).place(16, Some(13)).unwrap();
        assert_eq!(span, Span { start: date(2), end: date(17), race: Some(date(15)) });
    }

    #[test]
    fn a_schedule_without_a_race_ends_the_day_before_it() {
        let span = Anchor::Race(date(16)).place(14, None).unwrap();
        assert_eq!(span, Span { start: date(2), end: date(16), race: Some(date(16)) });
    }

    #[test]
    fn the_calendar_has_an_end() {
        for anchor in [Anchor::Start(NaiveDate::MAX), Anchor::Race(NaiveDate::MIN)] {
            assert!(matches!(anchor.place(14, Some(13)), Err(ImportError::OutsideCalendar)));
        }
    }

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
    }
}
