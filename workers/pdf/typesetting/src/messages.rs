//! The words of the pages, one file a language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use domain::plan_export::Language;
use serde::{Deserialize, Serialize};

/// What a language calls things, and how it writes dates. Templates get all of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Messages {
    /// What stands between a number and its decimals.
    pub(crate) decimal: String,
    date: String,
    date_short: String,
    months: Vec<String>,
    months_short: Vec<String>,
    /// From Monday on.
    pub(crate) weekdays: Vec<String>,
    /// From Monday on.
    pub(crate) weekdays_short: Vec<String>,
    pub(crate) types: BTreeMap<String, TypeName>,
    pub(crate) phases: BTreeMap<String, String>,
    /// Everything else, as templates ask for it.
    #[serde(flatten)]
    pub(crate) words: BTreeMap<String, String>,
}

/// What a type of workout is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TypeName {
    pub(crate) name: String,
    /// One or two characters that tell it from other types without colour.
    pub(crate) code: String,
}

impl Messages {
    pub(crate) fn of(language: Language) -> &'static Self {
        let at = Language::ALL.iter().position(|known| *known == language);
        &ALL[at.expect("every language is in the list of all")]
    }

    /// `1 June 2027`
    pub(crate) fn date(&self, day: NaiveDate) -> String {
        self.fill(&self.date, day)
    }

    /// `1 Jun`
    pub(crate) fn date_short(&self, day: NaiveDate) -> String {
        self.fill(&self.date_short, day)
    }

    /// `June 2027`
    pub(crate) fn month(&self, day: NaiveDate) -> String {
        format!("{} {}", self.months[day.month0() as usize], day.year())
    }

    pub(crate) fn weekday(&self, day: NaiveDate) -> &str {
        &self.weekdays[day.weekday().num_days_from_monday() as usize]
    }

    pub(crate) fn weekday_short(&self, day: NaiveDate) -> &str {
        &self.weekdays_short[day.weekday().num_days_from_monday() as usize]
    }

    fn fill(&self, pattern: &str, day: NaiveDate) -> String {
        let month = day.month0() as usize;
        pattern
            .replace("{day}", &day.day().to_string())
            .replace("{month}", &self.months[month])
            .replace("{month_short}", &self.months_short[month])
            .replace("{year}", &day.year().to_string())
    }
}

static ALL: LazyLock<Vec<Messages>> =
    LazyLock::new(|| Language::ALL.iter().map(|language| read(*language)).collect());

fn read(language: Language) -> Messages {
    let file = match language {
        Language::English => include_str!("../messages/en.json"),
        Language::German => include_str!("../messages/de.json"),
        Language::French => include_str!("../messages/fr.json"),
        Language::Spanish => include_str!("../messages/es.json"),
        Language::Dutch => include_str!("../messages/nl.json"),
        Language::Portuguese => include_str!("../messages/pt.json"),
        Language::Italian => include_str!("../messages/it.json"),
    };
    serde_json::from_str(file).expect("a test has read all messages")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::plan::WorkoutType;

    use super::*;

    #[test]
    fn every_language_says_everything() {
        let english = Messages::of(Language::English);
        for language in Language::ALL {
            let messages = Messages::of(*language);
            assert!(messages.words.keys().eq(english.words.keys()), "{language:?}");
            assert!(messages.phases.keys().eq(english.phases.keys()), "{language:?}");
            assert_eq!((messages.months.len(), messages.months_short.len()), (12, 12));
            assert_eq!((messages.weekdays.len(), messages.weekdays_short.len()), (7, 7));
            let codes = WorkoutType::ALL.map(|kind| &messages.types[kind.as_str()].code);
            assert_eq!(BTreeSet::from(codes).len(), 12, "two types look alike in {language:?}");
            for (word, text) in &messages.words {
                let holes = |text: &str| text.matches('{').count();
                assert_eq!(holes(text), holes(&english.words[word]), "{word} in {language:?}");
            }
        }
    }

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        let day = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap();
        let date = |language| Messages::of(language).date(day);
        assert_eq!(date(Language::English), "1 March 2027");
        assert_eq!(date(Language::German), "1. März 2027");
        assert_eq!(date(Language::Spanish), "1 de marzo de 2027");
        assert_eq!(Messages::of(Language::French).weekday(day), "lundi");
        assert_eq!(Messages::of(Language::Italian).month(day), "marzo 2027");
    }
}
