use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::secret_token::SecretToken;
use crate::state::AuthState;

/// How long a browser may be away at a provider and with the code afterwards.
const MAX_AGE_S: u32 = 900;

/// The secret that a browser was given when it left for a provider.
pub(super) struct Browser(pub(super) Option<SecretToken>);

impl FromRequestParts<AuthState> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, auth: &AuthState) -> Result<Self, Infallible> {
        Ok(Self(find(&parts.headers, cookie_name(auth)).map(SecretToken::presented)))
    }
}

/// The cookie that gives a browser its secret.
pub(super) fn cookie(auth: &AuthState, secret: &SecretToken) -> HeaderValue {
    let (name, secret) = (cookie_name(auth), secret.expose());
    let secure = if auth.providers.is_https() { "; Secure" } else { "" };
    // Lax: it must come along when the provider sends the browser back.
    let cookie =
        format!("{name}={secret}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).expect("base64url and what a cookie is made of")
}

/// With the prefix, which browsers allow over TLS only, no other host of the domain can set it.
fn cookie_name(auth: &AuthState) -> &'static str {
    if auth.providers.is_https() { "__Host-trainer-sign-in" } else { "trainer-sign-in" }
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut values = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(candidate, value)| (candidate == name).then_some(value));
    // Of two nobody can tell which is ours.
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        find(&headers, "mine").map(str::to_owned)
    }

    #[test]
    fn a_cookie_is_found_among_others_and_only_when_there_is_one() {
        assert_eq!(found(&["a=1; mine=x=y; b=2"]), Some("x=y".to_owned()));
        assert_eq!(found(&["a=1", "mine=x"]), Some("x".to_owned()));
        for none in
            [&[][..], &["not-mine=x"], &["mine"], &["mine=x; mine=y"], &["mine=x", "mine=y"]]
        {
            assert_eq!(found(none), None, "{none:?}");
        }
    }
}
