use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::UnknownWord;

/// Defines choices of one word each: the words are those of requests, events and command lines.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$variant_about:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$variant_about])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in requests, answers and events.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord),
                }
            }
        }
    };
}

words! {
    /// The size of the pages.
    Paper {
        /// 210 × 297 mm.
        #[default]
        A4 = "a4",
        /// 8.5 × 11 in.
        Letter = "letter",
    }
}

words! {
    /// Which way the pages lie.
    Orientation {
        /// Upright.
        #[default]
        Portrait = "portrait",
        /// Lying.
        Landscape = "landscape",
    }
}

words! {
    /// What distances and paces are told in.
    Units {
        /// Kilometres, and minutes a kilometre.
        #[default]
        Kilometres = "km",
        /// Miles, and minutes a mile.
        Miles = "mi",
    }
}

words! {
    /// The language of headings and dates. What the runner wrote stays as it is.
    Language {
        /// English.
        #[default]
        English = "en",
        /// German.
        German = "de",
        /// French.
        French = "fr",
        /// Spanish.
        Spanish = "es",
        /// Dutch.
        Dutch = "nl",
        /// Portuguese.
        Portuguese = "pt",
        /// Italian.
        Italian = "it",
    }
}

words! {
    /// The first day of a row in a calendar.
    WeekStart {
        /// Monday.
        #[default]
        Monday = "monday",
        /// Sunday.
        Sunday = "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_and_is_what_events_hold() {
        for language in Language::ALL {
            assert_eq!(language.as_str().parse(), Ok(*language));
            assert_eq!(serde_json::to_value(language).unwrap(), language.as_str());
        }
        assert_eq!("mi".parse(), Ok(Units::Miles));
        assert_eq!("A4".parse::<Paper>(), Err(UnknownWord));
        assert_eq!("".parse::<Orientation>(), Err(UnknownWord));
        assert_eq!("sunday".parse(), Ok(WeekStart::Sunday));
    }
}
