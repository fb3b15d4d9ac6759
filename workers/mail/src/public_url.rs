use std::fmt;
use std::str::FromStr;

use url::Url;

/// Where people reach the program, such as `https://trainer.example.org`: what links in mails begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// It is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the public address must be a URL such as https://trainer.example.org, without query, user or fragment"
)]
pub struct PublicUrlError;

impl PublicUrl {
    /// The address of a path, which begins with a slash.
    #[must_use]
    pub fn of(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl Default for PublicUrl {
    fn default() -> Self {
        Self("http://localhost:8000".to_owned())
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| PublicUrlError)?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if is_plain {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(PublicUrlError)
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_begins_with_it() {
        for text in [
            "https://trainer.example.org",
            "https://trainer.example.org/",
            " https://TRAINER.example.org\n",
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!(url.of("/a#b"), "https://trainer.example.org/a#b");
        }
        let below: PublicUrl = "http://example.org:8080/trainer/".parse().unwrap();
        assert_eq!(below.of("/a"), "http://example.org:8080/trainer/a");
        assert_eq!(PublicUrl::default().of("/a"), "http://localhost:8000/a");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "trainer.example.org",
            "ftp://a.b",
            "javascript:alert(1)",
            "https://u:p@a.b",
            "https://a.b/?q",
            "https://a.b/#f",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError), "{text}");
        }
    }
}
