use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Violation;

/// A one-line name, 1 to 255 characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Takes a name from outside.
    ///
    /// # Errors
    /// When nothing is left after trimming, it is too long, or it holds a NUL character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(Violation::new("empty", "must not be empty"));
        }
        without_nul(trimmed)?;
        no_longer_than(trimmed, Self::MAX_CHARS)?;
        Ok(Self(trimmed.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A free text of up to 10,000 characters: a description or notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 10_000;

    /// Takes a text from outside, as it is.
    ///
    /// # Errors
    /// When it is too long or holds a NUL character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        without_nul(text)?;
        no_longer_than(text, Self::MAX_CHARS)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn no_longer_than(text: &str, max: usize) -> Result<(), Violation> {
    // Characters, not bytes: an emoji counts once.
    if text.chars().count() > max {
        return Err(Violation::new("too_long", format!("must be at most {max} characters long")));
    }
    Ok(())
}

fn without_nul(text: &str) -> Result<(), Violation> {
    // Postgres cannot store it, in no text type.
    if text.contains('\0') {
        return Err(Violation::new("invalid_character", "must not contain the character U+0000"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters() {
        assert_eq!(Name::parse("  Tempo \n").map(|name| name.0), Ok("Tempo".to_owned()));
        assert!(Name::parse(&"🏃".repeat(255)).is_ok());
        assert_eq!(Name::parse(&"🏃".repeat(256)).map_err(|v| v.code), Err("too_long"));
        assert_eq!(Name::parse(" \t ").map_err(|v| v.code), Err("empty"));
        assert_eq!(Name::parse("a\0b").map_err(|v| v.code), Err("invalid_character"));
    }

    #[test]
    fn a_text_may_be_empty_but_not_endless() {
        assert!(Text::parse("").is_ok());
        assert!(Text::parse(&"ä".repeat(10_000)).is_ok());
        assert_eq!(Text::parse(&"ä".repeat(10_001)).map_err(|v| v.code), Err("too_long"));
    }
}
