//! E-mail addresses.

use std::fmt;

use domain::Violation;

/// The longest address that mail can be sent to, in characters.
const MAX_CHARS: usize = 254;
/// The longest part before the `@`.
const MAX_LOCAL_CHARS: usize = 64;
/// The longest name between two dots of a domain.
const MAX_LABEL_CHARS: usize = 63;

/// An e-mail address as its owner writes it. Two that differ only in case are the same account.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an address, leaving out spaces around it.
    ///
    /// Takes what browsers take in an e-mail field, a domain with a dot in it, and no misplaced dots.
    ///
    /// # Errors
    /// When it is none, or too long.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = text.trim();
        if text.chars().count() > MAX_CHARS {
            return Err(Violation::new(
                "too_long",
                format!("must be at most {MAX_CHARS} characters long"),
            ));
        }
        match text.rsplit_once('@') {
            Some((local, domain)) if is_local_part(local) && is_domain(domain) => {
                Ok(Self(text.to_owned()))
            }
            Some(_) | None => Err(Violation::new(
                "invalid_email",
                "must be an e-mail address such as name@example.org",
            )),
        }
    }

    /// The address as its owner writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the address is compared by.
    pub(crate) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The part before the `@`.
    pub(crate) fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.as_str(), |(local, _)| local)
    }
}

// Addresses belong to people: they stay out of logs and error reports.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

fn is_local_part(local: &str) -> bool {
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
    };
    local.len() <= MAX_LOCAL_CHARS && local.split('.').all(atom)
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=MAX_LABEL_CHARS).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.')
        && domain.split('.').all(label)
        && !top.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<&'static str> {
        Email::parse(text).err().map(|violation| violation.code)
    }

    #[test]
    fn usual_addresses_are_taken_as_written() {
        for address in [
            "a@b.de",
            "Ann.Lee+runs@Mail.Example.org",
            "o'neil_x@sub.example.co.uk",
            "1@xn--bcher-kva.example",
        ] {
            assert_eq!(Email::parse(address).unwrap().as_str(), address);
        }
    }

    #[test]
    fn spaces_around_are_left_out_and_case_does_not_count() {
        let email = Email::parse("  Ann@Example.org\n").unwrap();
        assert_eq!(email.as_str(), "Ann@Example.org");
        assert_eq!(email.folded(), Email::parse("ANN@example.ORG").unwrap().folded());
        assert_eq!(email.local_part(), "Ann");
    }

    #[test]
    fn what_no_mail_server_takes_is_refused() {
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@b.de",
            "a@b",
            "a b@c.de",
            "a@b..de",
            ".a@b.de",
            "a.@b.de",
            "a..b@c.de",
            "a@-b.de",
            "a@b-.de",
            "a@b.de.",
            "a@1.2.3.4",
            "a@[::1]",
            "a\0@b.de",
            "a@b.de\u{0}x",
            "jörg@b.de",
            "a@b@c.de",
            "a,b@c.de",
            "<a@b.de>",
            "a@b.de\r\nbcc:x@y.de",
        ] {
            assert_eq!(refusal(text), Some("invalid_email"), "{text:?}");
        }
        assert_eq!(refusal(&format!("{}@b.de", "a".repeat(65))), Some("invalid_email"));
    }

    #[test]
    fn an_address_has_at_most_254_characters() {
        let domain = format!("{0}.{0}.{0}.de", "d".repeat(60));
        let longest = format!("{}@{domain}", "a".repeat(64));
        assert!(Email::parse(&longest).is_ok());
        let too_long = format!("{}@{domain}", "a".repeat(254 - domain.len()));
        assert_eq!(too_long.len(), 255);
        assert_eq!(refusal(&too_long), Some("too_long"));
    }

    #[test]
    fn debug_output_does_not_show_the_address() {
        assert!(!format!("{:?}", Email::parse("ann@example.org").unwrap()).contains("ann"));
    }
}
