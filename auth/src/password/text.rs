use std::fmt;

use domain::Violation;
use zeroize::Zeroizing;

use super::{commonly_used, patterns};
use crate::email::Email;

/// The fewest characters of a password.
const MIN_CHARS: usize = 10;
/// The most bytes of a password, so that a megabyte of it is not hashed.
const MAX_BYTES: usize = 1024;

/// A password as somebody typed it. It shows itself nowhere and leaves memory when it is dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what somebody typed, to be compared or checked.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Whether it is good enough for a new account, or a changed password.
    ///
    /// # Errors
    /// When it is too short, too long, or what attackers try first.
    pub fn check(&self, email: Option<&Email>) -> Result<(), Violation> {
        let text: &str = &self.0;
        if text.chars().count() < MIN_CHARS {
            return Err(Violation::new(
                "too_short",
                format!("must be at least {MIN_CHARS} characters long"),
            ));
        }
        if text.len() > MAX_BYTES {
            return Err(Violation::new(
                "too_long",
                format!("must be at most {MAX_BYTES} bytes long"),
            ));
        }
        let folded = Zeroizing::new(text.to_lowercase());
        if email.is_some_and(|email| is_like_email(&folded, email)) {
            return Err(Violation::new("like_email", "must not be taken from the e-mail address"));
        }
        if commonly_used::is_common(&folded) || patterns::is_pattern(&folded) {
            return Err(Violation::new("too_common", "is too common or too easy to guess"));
        }
        Ok(())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The address itself, or the part before the `@` with next to nothing added.
fn is_like_email(folded: &str, email: &Email) -> bool {
    const ADDED: usize = 4;
    const SHORTEST: usize = 5;
    let local = email.local_part().to_ascii_lowercase();
    folded == email.folded()
        || folded == local
        || (local.len() >= SHORTEST
            && folded.contains(&local)
            && folded.chars().count() <= local.len() + ADDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), &'static str> {
        let email = Email::parse("alexrunner@example.org").unwrap();
        Password::new(text.to_owned()).check(Some(&email)).map_err(|violation| violation.code)
    }

    #[test]
    fn ten_characters_are_enough_and_they_are_not_bytes() {
        assert_eq!(check("üxöqäzßw9"), Err("too_short"));
        assert_eq!(check("üxöqäzßw9k"), Ok(()));
        assert_eq!(check("🏃🥇🌧🧦🥾🗻🌅🐕🍌"), Err("too_short"));
        assert_eq!(check("🏃🥇🌧🧦🥾🗻🌅🐕🍌🚿"), Ok(()));
    }

    #[test]
    fn a_kilobyte_is_the_most() {
        let phrase = "over hill over dale through bush ".repeat(40);
        assert_eq!(check(&phrase[..1024]), Ok(()));
        assert_eq!(check(&phrase[..1025]), Err("too_long"));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for text in [
            "password123",
            "PassWord123",
            "Qwertyuiop",
            "1234567890",
            "P@ssw0rd2024!",
            "aaaaaaaaaaaa",
            "abcdefghijk",
        ] {
            assert_eq!(check(text), Err("too_common"), "{text}");
        }
    }

    #[test]
    fn the_address_is_no_password() {
        for text in
            ["alexrunner", "AlexRunner", "alexrunner@example.org", "alexrunner1!", "42alexrunner"]
        {
            assert_eq!(check(text), Err("like_email"), "{text}");
        }
        assert_eq!(check("alexrunner likes mud"), Ok(()));
    }

    #[test]
    fn ordinary_good_passwords_are_taken() {
        for text in [
            "correct-horse-42-mud",
            "training for berlin",
            "Tr4ck&Field-hurdles",
            "zx81 spectrum qdos",
            "long slow distance",
            "a1b2c3d4e5f6g7",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn debug_output_does_not_show_the_password() {
        assert!(!format!("{:?}", Password::new("hunter42 and more".to_owned())).contains("hunter"));
    }
}
