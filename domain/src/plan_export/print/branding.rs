use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccentColor, Logo};
use crate::Violation;

/// What makes a printed plan a club's or a coach's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Branding {
    /// A line above the plan's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<BrandingTitle>,
    /// The colour of headings and lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_color: Option<AccentColor>,
    /// A picture in the corner.
    #[serde(default, rename = "logo_base64", skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
}

/// A line above the plan's name: 1 to 100 characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BrandingTitle(String);

impl BrandingTitle {
    /// The longest title, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Takes a title from outside.
    ///
    /// # Errors
    /// When nothing is left after trimming, it is too long, or it holds a control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(Violation::new("empty", "must not be empty"));
        }
        if trimmed.chars().any(char::is_control) {
            return Err(Violation::new(
                "invalid_character",
                "must not contain a control character",
            ));
        }
        if trimmed.chars().count() > Self::MAX_CHARS {
            return Err(Violation::new(
                "too_long",
                format!("must be at most {} characters long", Self::MAX_CHARS),
            ));
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_short_line() {
        let title = BrandingTitle::parse(" Club 🏃 ");
        assert_eq!(title.map(|title| title.0), Ok("Club 🏃".to_owned()));
        assert!(BrandingTitle::parse(&"ä".repeat(100)).is_ok());
        assert_eq!(BrandingTitle::parse(&"ä".repeat(101)).map_err(|v| v.code), Err("too_long"));
        assert_eq!(BrandingTitle::parse(" ").map_err(|v| v.code), Err("empty"));
        assert_eq!(BrandingTitle::parse("a\nb").map_err(|v| v.code), Err("invalid_character"));
    }
}
