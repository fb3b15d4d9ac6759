use std::fmt;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::totp::CODES;
use crate::randomness::{NoRandomness, random_bytes};

/// 80 bits: nobody guesses one, so a plain hash is enough to store it.
const LENGTH: usize = 10;
/// The characters of one, in groups of four.
const CHARS: usize = 16;
const GROUP: usize = 4;

/// What somebody typed as their second factor.
#[derive(Clone)]
pub(crate) enum Code {
    /// Six digits, as an app shows them.
    OfApp(u32),
    /// A recovery code.
    Recovery(RecoveryCode),
    /// Neither.
    Nonsense,
}

/// Lets its owner in once without the app.
#[derive(Clone)]
pub(crate) struct RecoveryCode(Zeroizing<String>);

impl Code {
    /// Reads what somebody typed, with spaces and hyphens wherever they like.
    pub(crate) fn read(text: &str) -> Self {
        let typed: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|char| !char.is_whitespace() && *char != '-')
                // Whatever is longer is neither.
                .take(CHARS + 1)
                .map(|char| char.to_ascii_lowercase())
                .collect(),
        );
        let is_base32 = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
        if typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit()) {
            typed.parse().ok().filter(|code| *code < CODES).map_or(Self::Nonsense, Self::OfApp)
        } else if typed.len() == CHARS && typed.bytes().all(is_base32) {
            Self::Recovery(RecoveryCode(typed))
        } else {
            Self::Nonsense
        }
    }
}

impl RecoveryCode {
    /// A code nobody has had before.
    pub(super) fn generate() -> Result<Self, NoRandomness> {
        let bytes = random_bytes::<LENGTH>()?;
        Ok(Self(Zeroizing::new(BASE32_NOPAD.encode(bytes.as_slice()).to_ascii_lowercase())))
    }

    /// As its owner writes it down.
    pub(super) fn expose(&self) -> String {
        let groups: Vec<_> =
            (0..CHARS / GROUP).map(|group| &self.0[group * GROUP..(group + 1) * GROUP]).collect();
        groups.join("-")
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_of_an_app_however_they_are_grouped() {
        for text in ["000123", " 000 123 ", "000-123", "0 0 0 1 2 3"] {
            assert!(matches!(Code::read(text), Code::OfApp(123)), "{text}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_it_was_shown_or_without_its_hyphens() {
        let code = RecoveryCode::generate().unwrap();
        let shown = code.expose();
        assert_eq!((shown.len(), shown.split('-').count()), (19, 4));
        for text in [shown.clone(), shown.to_uppercase(), shown.replace('-', " ")] {
            let Code::Recovery(read) = Code::read(&text) else { panic!("{text} is one") };
            assert_eq!(read.hash(), code.hash());
        }
        assert_ne!(shown, RecoveryCode::generate().unwrap().expose());
    }

    #[test]
    fn all_else_is_nonsense_and_nothing_shows_itself() {
        for text in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "aaaa-aaaa-aaaa-aaa1", "ä", "\0"]
        {
            assert!(matches!(Code::read(text), Code::Nonsense), "{text:?}");
        }
        assert!(matches!(Code::read(&"a".repeat(100_000)), Code::Nonsense));
        assert_eq!(format!("{:?}", Code::read("123456")), "Code(…)");
    }
}
