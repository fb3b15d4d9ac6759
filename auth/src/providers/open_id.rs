use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Name;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims,
    CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, TokenResponse, UserInfoError,
};
use tokio::sync::Mutex;
use url::Url;

use super::http::Http;
use super::{ClientCredentials, Identity, ProviderError, Secrets};
use crate::email::Email;

/// How long what a provider says of itself is taken as true.
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// How often at most it is asked anew because a key of it is not known.
const ASKED_EVERY: Duration = Duration::from_secs(10);

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider that speaks OpenID Connect. Where to ask it, and its keys, it says itself.
pub(crate) struct OpenId {
    pub(super) name: String,
    pub(super) title: String,
    issuer: String,
    client: ClientCredentials,
    metadata: Mutex<Option<(Instant, Arc<CoreProviderMetadata>)>>,
}

impl OpenId {
    pub(super) fn new(name: &str, title: &str, issuer: &str, client: ClientCredentials) -> Self {
        let (name, title, issuer) = (name.to_owned(), title.to_owned(), issuer.to_owned());
        Self { name, title, issuer, client, metadata: Mutex::new(None) }
    }

    pub(super) async fn authorization_url(
        &self,
        http: &Http,
        secrets: &Secrets<'_>,
    ) -> Result<Url, ProviderError> {
        let client = self.client(&*self.metadata(http, KNOWN_FOR).await?, secrets);
        let (state, nonce) =
            (CsrfToken::new(secrets.state.to_owned()), Nonce::new(secrets.nonce.clone()));
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let (url, _, _) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url)
    }

    pub(super) async fn identity(
        &self,
        http: &Http,
        code: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Identity, ProviderError> {
        let metadata = self.metadata(http, KNOWN_FOR).await?;
        let client = self.client(&metadata, secrets);
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(silent)?
            .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.clone()))
            .request_async(http)
            .await
            .map_err(|error| match error {
                // Its words may quote what was sent: only the kind of error is told.
                RequestTokenError::ServerResponse(answer) => {
                    ProviderError::Refused(answer.error().to_string())
                }
                other => silent(other),
            })?;
        let token = answer
            .id_token()
            .ok_or_else(|| ProviderError::Untrue("there is no id token".to_owned()))?;
        let nonce = Nonce::new(secrets.nonce.clone());
        let claims = match token.claims(&client.id_token_verifier(), &nonce) {
            Ok(claims) => claims.clone(),
            // Perhaps it signs with a key that it has only just made.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let client = self.client(&*self.metadata(http, ASKED_EVERY).await?, secrets);
                token.claims(&client.id_token_verifier(), &nonce).map_err(untrue)?.clone()
            }
            Err(error) => return Err(untrue(error)),
        };
        if let Some(expected) = claims.access_token_hash() {
            let verifier = client.id_token_verifier();
            let found = AccessTokenHash::from_token(
                answer.access_token(),
                token.signing_alg().map_err(untrue)?,
                token.signing_key(&verifier).map_err(untrue)?,
            )
            .map_err(untrue)?;
            if found != *expected {
                return Err(ProviderError::Untrue("the access token is another one".to_owned()));
            }
        }
        // Many say no more in the token than who it is.
        let more = if claims.email().is_none() && metadata.userinfo_endpoint().is_some() {
            let subject = claims.subject().clone();
            let asked = client
                .user_info(answer.access_token().clone(), Some(subject))
                .map_err(silent)?
                .request_async(http)
                .await;
            Some(asked.map_err(|error| match error {
                UserInfoError::ClaimsVerification(error) => untrue(error),
                other => silent(other),
            })?)
        } else {
            None
        };
        Ok(self.identity_of(&claims, more.as_ref()))
    }

    fn identity_of(
        &self,
        claims: &CoreIdTokenClaims,
        more: Option<&CoreUserInfoClaims>,
    ) -> Identity {
        let (email, is_verified) = match more {
            Some(more) => (more.email(), more.email_verified()),
            None => (claims.email(), claims.email_verified()),
        };
        let name = more.and_then(|more| more.name()).or(claims.name());
        let name = name.and_then(|names| names.get(None)).map(|name| name.as_str());
        Identity {
            issuer: self.issuer.clone(),
            subject: claims.subject().to_string(),
            verified_email: email
                .filter(|_| is_verified == Some(true))
                .and_then(|email| Email::parse(email).ok()),
            name: name.and_then(|name| Name::parse(name).ok()),
        }
    }

    /// What it says of itself; asked anew when that is older than so much.
    async fn metadata(
        &self,
        http: &Http,
        known_for: Duration,
    ) -> Result<Arc<CoreProviderMetadata>, ProviderError> {
        // Held while it is asked: many who come at once ask once.
        let mut known = self.metadata.lock().await;
        if let Some((at, metadata)) = &*known
            && at.elapsed() < known_for
        {
            return Ok(Arc::clone(metadata));
        }
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(silent)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, http).await.map_err(silent)?;
        let metadata = Arc::new(metadata);
        *known = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    fn client(&self, metadata: &CoreProviderMetadata, secrets: &Secrets<'_>) -> Client {
        let id = ClientId::new(self.client.id.clone());
        let secret = ClientSecret::new(self.client.secret.to_string());
        let takes_basic = metadata
            .token_endpoint_auth_methods_supported()
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        CoreClient::from_provider_metadata(metadata.clone(), id, Some(secret))
            .set_redirect_uri(RedirectUrl::from_url(secrets.callback.clone()))
            .set_auth_type(if takes_basic { AuthType::BasicAuth } else { AuthType::RequestBody })
    }
}

/// With the causes beneath it, of which the error itself says nothing.
fn silent(error: impl std::error::Error) -> ProviderError {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(": ");
        said.push_str(&error.to_string());
        cause = error.source();
    }
    ProviderError::Silent(said)
}

fn untrue(error: impl std::error::Error) -> ProviderError {
    ProviderError::Untrue(error.to_string())
}

impl fmt::Debug for OpenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, title: _, issuer, client, metadata: _ } = self;
        f.debug_struct("OpenId")
            .field("name", name)
            .field("issuer", issuer)
            .field("client", client)
            .finish_non_exhaustive()
    }
}
