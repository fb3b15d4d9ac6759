use http::{HeaderValue, Method, StatusCode, header};
use openidconnect::{HttpRequest, PkceCodeChallenge, PkceCodeVerifier};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::http::Http;
use super::{ClientCredentials, Identity, ProviderError, Secrets};

/// As it stands in paths.
pub(super) const NAME: &str = "strava";
/// As people know it.
pub(super) const TITLE: &str = "Strava";
/// Who it is, wherever it is asked.
pub(super) const ISSUER: &str = "https://www.strava.com";

/// Strava says who an athlete is when a code is exchanged, by an id that stays, and never by an e-mail address.
#[derive(Debug)]
pub(crate) struct Strava {
    pub(super) url: Url,
    pub(super) client: ClientCredentials,
}

/// What is needed of its answer. The tokens in it are not kept: nothing is asked with them.
#[derive(Deserialize)]
struct Exchanged {
    athlete: Athlete,
}

#[derive(Deserialize)]
struct Athlete {
    id: u64,
}

impl Strava {
    pub(super) fn authorization_url(&self, secrets: &Secrets<'_>) -> Url {
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let mut url = self.at("oauth/authorize");
        url.query_pairs_mut()
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", secrets.callback.as_str())
            .append_pair("response_type", "code")
            .append_pair("approval_prompt", "auto")
            // The least there is: only who it is.
            .append_pair("scope", "read")
            .append_pair("state", secrets.state)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method());
        url
    }

    pub(super) async fn identity(
        &self,
        http: &Http,
        code: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Identity, ProviderError> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.client.id)
            .append_pair("client_secret", &self.client.secret)
            .append_pair("code", code)
            .append_pair("grant_type", "authorization_code")
            .append_pair("code_verifier", &secrets.verifier)
            .finish();
        let mut request = HttpRequest::new(body.into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self
            .at("oauth/token")
            .as_str()
            .parse()
            .map_err(|_| ProviderError::Silent("its address is none".to_owned()))?;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        let answer =
            http.send(request).await.map_err(|error| ProviderError::Silent(error.to_string()))?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_client_error() => {
                return Err(ProviderError::Refused(status.to_string()));
            }
            status => return Err(ProviderError::Silent(status.to_string())),
        }
        // What is wrong with it is not told: it would quote tokens.
        let Exchanged { athlete } = serde_json::from_slice(answer.body())
            .map_err(|_| ProviderError::Silent("it does not say who the athlete is".to_owned()))?;
        Ok(Identity {
            issuer: ISSUER.to_owned(),
            subject: athlete.id.to_string(),
            verified_email: None,
            name: None,
        })
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let path = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }
}
