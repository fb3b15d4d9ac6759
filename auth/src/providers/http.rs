use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::ProvidersError;

/// How long a provider may take. It is asked up to four times for one sign-in, which has fifteen seconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// Far more than any provider has to say.
const MAX_ANSWER_BYTES: usize = 512 * 1024;

/// Asks providers. Follows no redirects: none of what is asked has any.
#[derive(Clone)]
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Full<axum::body::Bytes>>);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    #[error("only https is asked, or http on this machine")]
    Plain,
    #[error("no connection: {0}")]
    Connection(String),
    #[error("half an answer, or more than {MAX_ANSWER_BYTES} bytes")]
    Body,
}

impl Http {
    /// Trusts what the system trusts, and what browsers do.
    pub(crate) fn new() -> Result<Self, ProvidersError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // A provider of one's own may have a certificate that only one's own system knows.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| ProvidersError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// One request and its whole answer.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        tokio::time::timeout(PATIENCE, self.exchange(request)).await.map_err(|_| HttpError::Late)?
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // Wherever the address comes from: a provider's own document names some.
        let url = Url::parse(&request.uri().to_string()).map_err(|_| HttpError::Plain)?;
        if !is_safe(&url) {
            return Err(HttpError::Plain);
        }
        let answer = self
            .0
            .request(request.map(Full::from))
            .await
            .map_err(|error| HttpError::Connection(error.to_string()))?;
        let (parts, body) = answer.into_parts();
        let body =
            Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|_| HttpError::Body)?;
        Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
    }
}

/// Whether nobody on the way can read or change what is said there.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => match url.host() {
            Some(url::Host::Domain(domain)) => domain == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        for (url, safe) in [
            ("https://accounts.google.com/token", true),
            ("http://localhost:3000/token", true),
            ("http://127.0.0.1/token", true),
            ("http://[::1]:3000/token", true),
            ("http://localhost.example.org/", false),
            ("http://example.org/token", false),
            ("http://10.0.0.1/token", false),
            ("ftp://localhost/", false),
        ] {
            assert_eq!(is_safe(&Url::parse(url).unwrap()), safe, "{url}");
        }
    }
}
