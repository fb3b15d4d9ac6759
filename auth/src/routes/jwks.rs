use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use service::{Problem, VerifyingKey};
use utoipa::ToSchema;

use super::problems::Problems;
use crate::keys::verifying_keys;
use crate::state::AuthState;

/// The public keys that access tokens are verified with (RFC 7517).
#[derive(Serialize, ToSchema)]
pub(super) struct JsonWebKeySet {
    /// The one that signs now comes first.
    keys: Vec<JsonWebKey>,
}

/// An Ed25519 key (RFC 8037).
#[derive(Serialize, ToSchema)]
struct JsonWebKey {
    #[schema(example = "OKP")]
    kty: &'static str,
    #[schema(example = "Ed25519")]
    crv: &'static str,
    #[schema(example = "EdDSA")]
    alg: &'static str,
    #[schema(example = "sig")]
    r#use: &'static str,
    /// Its RFC 7638 thumbprint, as in the header of its tokens.
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    kid: String,
    /// The key itself, in base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: String,
}

impl From<VerifyingKey> for JsonWebKey {
    fn from(key: VerifyingKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            r#use: "sig",
            kid: key.kid,
            x: URL_SAFE_NO_PAD.encode(key.public_key),
        }
    }
}

/// The keys of the access tokens.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "auth",
    operation_id = "get_jwks",
    responses((status = 200, description = "Good for five minutes", body = JsonWebKeySet), Problems),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn jwks(State(auth): State<AuthState>) -> Result<Response, Problem> {
    let keys = verifying_keys(&auth.pool).await?.into_iter().map(JsonWebKey::from).collect();
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(JsonWebKeySet { keys }))
        .into_response())
}
