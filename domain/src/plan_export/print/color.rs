use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Violation;

/// The colour of headings and lines, dark enough to be read on white paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AccentColor(String);

/// What the Web Content Accessibility Guidelines ask of text (level AA).
const LEAST_CONTRAST: f64 = 4.5;

impl AccentColor {
    /// Takes a colour from outside, as `#rrggbb`.
    ///
    /// # Errors
    /// When it is not one, or its contrast to white is less than 4.5 to 1.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let [red, green, blue] = channels(text)
            .ok_or_else(|| Violation::new("invalid_color", "must be a colour as #rrggbb"))?;
        let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        let contrast = 1.05 / (luminance + 0.05);
        if contrast < LEAST_CONTRAST {
            return Err(Violation::new(
                "low_contrast",
                format!(
                    "must be darker: its contrast to white is {:.1} to 1, {LEAST_CONTRAST} are needed to read it",
                    // Not rounded up to what is needed.
                    (contrast * 10.0).floor() / 10.0
                ),
            ));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The colour as `#rrggbb`, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AccentColor {
    /// A dark blue-green.
    fn default() -> Self {
        Self("#0b5563".to_owned())
    }
}

impl fmt::Display for AccentColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn channels(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// A channel as light, as WCAG 2.2 defines it.
fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_color_can_be_read_on_white() {
        assert_eq!(AccentColor::parse("#B00020").map(|color| color.0), Ok("#b00020".to_owned()));
        // The lightest grey that passes is known: #767676.
        assert!(AccentColor::parse("#767676").is_ok());
        assert_eq!(AccentColor::parse("#777777").map_err(|v| v.code), Err("low_contrast"));
        assert_eq!(AccentColor::parse("#ffff00").map_err(|v| v.code), Err("low_contrast"));
        let default = AccentColor::default();
        assert_eq!(AccentColor::parse(default.as_str()), Ok(default));
        for text in ["", "#", "b00020", "#b0002", "#b000200", "#b0002g", "#äöü", "red", "#+1+1+1"]
        {
            assert_eq!(
                AccentColor::parse(text).map_err(|v| v.code),
                Err("invalid_color"),
                "{text}"
            );
        }
    }
}
