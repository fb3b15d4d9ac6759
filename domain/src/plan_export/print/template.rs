use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Violation;

/// The name of a template: one that comes with the trainer, or one of the self-hoster's own.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Template(String);

impl Template {
    /// The templates that come with the trainer.
    pub const BUILT_IN: [&'static str; 3] = ["weekly", "monthly", "overview"];

    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 40;

    /// Takes a name from outside: it becomes a file's name, so it is a short word of `a` to `z`, `0` to `9`, `_` and `-`
    /// that begins with a letter.
    ///
    /// Whether there is such a template is known only where plans are printed.
    ///
    /// # Errors
    /// When it is no such word.
    pub fn parse(name: &str) -> Result<Self, Violation> {
        let is_word = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.len() <= Self::MAX_CHARS
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
        if !is_word {
            return Err(Violation::new(
                "invalid_template",
                format!(
                    "must be one of {}, or the name of an own template: at most {} of a-z, 0-9, _ and -, a letter first",
                    Self::BUILT_IN.join(", "),
                    Self::MAX_CHARS
                ),
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// One table row a day.
    #[must_use]
    pub fn weekly() -> Self {
        Self("weekly".to_owned())
    }

    /// A calendar.
    #[must_use]
    pub fn monthly() -> Self {
        Self("monthly".to_owned())
    }

    /// The whole plan on one page.
    #[must_use]
    pub fn overview() -> Self {
        Self("overview".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_a_short_word_that_is_safe_as_a_file_name() {
        for name in Template::BUILT_IN.into_iter().chain(["club-2027", "a", "my_plan"]) {
            assert_eq!(Template::parse(name).map(|template| template.0), Ok(name.to_owned()));
        }
        let long = "a".repeat(41);
        for name in
            ["", "Weekly", "../weekly", "a/b", "a.typ", "-a", "1a", "ä", "a b", "a\0", &long]
        {
            assert!(Template::parse(name).is_err(), "{name:?}");
        }
    }
}
