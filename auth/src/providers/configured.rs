use std::fmt;
use std::sync::Arc;

use url::Url;
use zeroize::Zeroizing;

use super::http::{Http, is_safe};
use super::open_id::OpenId;
use super::strava::{self, Strava};
use super::{Provider, ProvidersError};

/// How long the title of a provider may be.
const MAX_TITLE_CHARS: usize = 60;

/// What a provider gave the operator for this installation.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Not secret.
    pub id: String,
    /// Secret.
    pub secret: Zeroizing<String>,
}

/// The providers that people can sign in through. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Providers(Option<Arc<Configured>>);

#[derive(Debug)]
struct Configured {
    /// Where browsers reach this program.
    public_url: Url,
    /// Where a browser may be sent when it comes back.
    redirects: Vec<String>,
    http: Http,
    providers: Vec<Provider>,
}

impl Providers {
    /// Google, as people know it.
    pub const GOOGLE: (&str, &str, &str) = ("google", "Google", "https://accounts.google.com");
    /// Strava, as people know it.
    pub const STRAVA: &str = strava::ISSUER;

    /// None yet. Browsers reach this program at `public_url`, and may be sent to one of `redirects` when they come back.
    ///
    /// # Errors
    /// When one of these is no address that a browser could safely be sent to.
    pub fn at(public_url: &str, redirects: &[String]) -> Result<Self, ProvidersError> {
        let public_url = address("the public address", public_url)?;
        let redirects = redirects
            .iter()
            .map(|url| Ok(address("an address to return to", url)?.to_string()))
            .collect::<Result<_, ProvidersError>>()?;
        let http = Http::new()?;
        Ok(Self(Some(Arc::new(Configured { public_url, redirects, http, providers: vec![] }))))
    }

    /// One more: any that speaks OpenID Connect, by its name in paths and its title for people.
    ///
    /// # Errors
    /// When its address is none, or its name or title does not do.
    pub fn with_open_id(
        self,
        name: &str,
        title: &str,
        issuer: &str,
        client: ClientCredentials,
    ) -> Result<Self, ProvidersError> {
        // Parsed to look at it: a provider calls itself by the very text.
        address("the issuer", issuer)?;
        if !(1..=MAX_TITLE_CHARS).contains(&title.chars().count())
            || title.contains(char::is_control)
        {
            return Err(ProvidersError::Title(name.to_owned()));
        }
        self.with(name, || Provider::OpenId(OpenId::new(name, title, issuer, client)))
    }

    /// One more: Strava, or what stands in for it at another address.
    ///
    /// # Errors
    /// When its address is none.
    pub fn with_strava(self, url: &str, client: ClientCredentials) -> Result<Self, ProvidersError> {
        let url = address("Strava", url)?;
        self.with(strava::NAME, || Provider::Strava(Strava { url, client }))
    }

    fn with(self, name: &str, provider: impl FnOnce() -> Provider) -> Result<Self, ProvidersError> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_word) || self.find(name).is_some() {
            return Err(ProvidersError::Name(name.to_owned()));
        }
        let mut configured = self
            .0
            .and_then(Arc::into_inner)
            .ok_or_else(|| ProvidersError::Name(name.to_owned()))?;
        configured.providers.push(provider());
        Ok(Self(Some(Arc::new(configured))))
    }

    /// All of them, in the order they were added.
    pub(crate) fn all(&self) -> &[Provider] {
        self.0.as_deref().map_or(&[], |configured| &configured.providers)
    }

    /// The one with a name, and how to ask it.
    pub(crate) fn find(&self, name: &str) -> Option<(&Provider, &Http)> {
        let configured = self.0.as_deref()?;
        let provider = configured.providers.iter().find(|provider| provider.name() == name)?;
        Some((provider, &configured.http))
    }

    /// Where a provider sends browsers back to.
    pub(crate) fn callback(&self, name: &str) -> Option<Url> {
        let mut url = self.0.as_deref()?.public_url.clone();
        let path = url.path().trim_end_matches('/');
        let path = format!("{path}/api/v1/auth/oauth/{name}/callback");
        url.set_path(&path);
        Some(url)
    }

    /// Whether a browser may be sent there when it comes back: only to what the operator has named, to the letter.
    pub(crate) fn may_return_to(&self, url: &str) -> bool {
        self.0
            .as_deref()
            .is_some_and(|configured| configured.redirects.iter().any(|allowed| allowed == url))
    }

    /// Whether browsers come over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.as_deref().is_some_and(|configured| configured.public_url.scheme() == "https")
    }
}

/// An address with nothing in it that would lead elsewhere.
fn address(what: &'static str, text: &str) -> Result<Url, ProvidersError> {
    Url::parse(text)
        .ok()
        .filter(|url| {
            is_safe(url)
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        })
        .ok_or_else(|| ProvidersError::Url { what, url: text.to_owned() })
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> ClientCredentials {
        ClientCredentials { id: "us".to_owned(), secret: Zeroizing::new("hidden".to_owned()) }
    }

    fn at(url: &str) -> Result<Providers, ProvidersError> {
        Providers::at(url, &["https://app.example.org/back".to_owned()])
    }

    #[test]
    fn browsers_come_back_to_where_the_program_is_and_go_on_to_what_is_named() {
        let providers = at("https://runs.example.org/trainer/").unwrap();
        assert_eq!(
            providers.callback("google").unwrap().as_str(),
            "https://runs.example.org/trainer/api/v1/auth/oauth/google/callback"
        );
        assert!(providers.is_https() && !at("http://localhost:8000").unwrap().is_https());
        assert!(providers.may_return_to("https://app.example.org/back"));
        for elsewhere in [
            "https://app.example.org/back/",
            "https://app.example.org/back?x=1",
            "https://app.example.org/back#x",
            "https://app.example.org.evil.example/back",
            "https://app.example.org@evil.example/back",
            "//app.example.org/back",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!providers.may_return_to(elsewhere), "{elsewhere}");
        }
        assert!(!Providers::default().may_return_to(""));
    }

    #[test]
    fn an_address_that_others_could_read_is_none() {
        for url in [
            "http://runs.example.org",
            "runs.example.org",
            "https://me:secret@runs.example.org",
            "https://runs.example.org/?x=1",
            "https://runs.example.org/#x",
        ] {
            assert!(matches!(at(url), Err(ProvidersError::Url { .. })), "{url}");
        }
        let issuer =
            at("http://localhost").unwrap().with_open_id("a", "A", "http://b.org", client());
        assert!(matches!(issuer, Err(ProvidersError::Url { what: "the issuer", .. })));
    }

    #[test]
    fn a_name_stands_in_a_path_and_once() {
        let add = |name: &str| {
            let providers = at("http://localhost").unwrap();
            let providers = providers.with_strava(Providers::STRAVA, client()).unwrap();
            providers.with_open_id(name, "Theirs", "https://id.example.org", client())
        };
        for name in ["", "strava", "a/b", "A", "ä", "a b", ".."] {
            assert_eq!(add(name).unwrap_err(), ProvidersError::Name(name.to_owned()));
        }
        assert!(add("my-id-2").unwrap().find("my-id-2").is_some());
    }

    #[test]
    fn several_have_a_name_and_a_title_each() {
        let mut providers = at("http://localhost").unwrap();
        for (name, title) in [("work", "Work"), ("club", "Läufer e. V.")] {
            let issuer = format!("https://{name}.example.org");
            providers = providers.with_open_id(name, title, &issuer, client()).unwrap();
        }
        let named: Vec<_> = providers.all().iter().map(|one| (one.name(), one.title())).collect();
        assert_eq!(named, [("work", "Work"), ("club", "Läufer e. V.")]);
        assert!(Providers::default().all().is_empty());
        for title in ["", "a\nb", &"x".repeat(61)] {
            let providers = at("http://localhost").unwrap();
            let refused = providers.with_open_id("id", title, "https://id.example.org", client());
            assert_eq!(refused.unwrap_err(), ProvidersError::Title("id".to_owned()));
        }
    }

    #[test]
    fn nothing_shows_a_secret() {
        let providers = at("http://localhost").unwrap();
        let providers = providers.with_strava(Providers::STRAVA, client()).unwrap();
        let providers =
            providers.with_open_id("id", "Id", "https://id.example.org", client()).unwrap();
        assert!(!format!("{providers:?}").contains("hidden"));
    }
}
