//! Signing in through others: any OpenID Connect provider, and Strava.

mod configured;
mod error;
mod http;
mod identity;
mod open_id;
mod strava;
mod visits;

pub use configured::{ClientCredentials, Providers};
pub(crate) use error::ProviderError;
pub use error::ProvidersError;
pub(crate) use identity::Identity;
pub(crate) use visits::{Returned, Visit, begin as begin_visit, end as end_visit};

use open_id::OpenId;
use strava::Strava;
use url::Url;

/// Somebody who can say who a person is.
#[derive(Debug)]
pub(crate) enum Provider {
    /// Any that speaks OpenID Connect.
    OpenId(OpenId),
    /// Strava, which has OAuth 2 and an answer of its own.
    Strava(Strava),
}

/// What one visit to a provider goes by.
#[derive(Debug)]
pub(crate) struct Secrets<'a> {
    /// Comes back from the provider as it was sent.
    pub(crate) state: &'a str,
    /// What an OpenID Connect provider puts into its signed answer.
    pub(crate) nonce: String,
    /// What the code is exchanged with: the provider has seen its hash only.
    pub(crate) verifier: String,
    /// Where the provider sends the browser to.
    pub(crate) callback: Url,
}

impl Provider {
    /// As it stands in paths.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::OpenId(provider) => &provider.name,
            Self::Strava(_) => strava::NAME,
        }
    }

    /// As people know it.
    pub(crate) fn title(&self) -> &str {
        match self {
            Self::OpenId(provider) => &provider.title,
            Self::Strava(_) => strava::TITLE,
        }
    }

    /// Where a browser is sent to.
    pub(crate) async fn authorization_url(
        &self,
        http: &http::Http,
        secrets: &Secrets<'_>,
    ) -> Result<Url, ProviderError> {
        match self {
            Self::OpenId(provider) => provider.authorization_url(http, secrets).await,
            Self::Strava(strava) => Ok(strava.authorization_url(secrets)),
        }
    }

    /// Who came back with a code.
    pub(crate) async fn identity(
        &self,
        http: &http::Http,
        code: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Identity, ProviderError> {
        match self {
            Self::OpenId(provider) => provider.identity(http, code, secrets).await,
            Self::Strava(strava) => strava.identity(http, code, secrets).await,
        }
    }
}
