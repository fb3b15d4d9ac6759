//! `/api/v1/auth/providers`: through whom a login page can offer to sign in.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::problems::Problems;
use crate::state::AuthState;

/// Somebody through whom people can sign in here.
#[derive(Serialize, ToSchema)]
struct ProviderOffer {
    /// As it stands in paths.
    #[schema(example = "google")]
    name: String,
    /// As people know it.
    #[schema(example = "Google")]
    title: String,
    /// Where a browser goes to sign in; `redirect_uri` can be added to it.
    #[schema(example = "/api/v1/auth/oauth/google")]
    sign_in_path: String,
}

/// The providers through whom people can sign in here.
#[derive(Serialize, ToSchema)]
pub(super) struct ProviderOffers {
    items: Vec<ProviderOffer>,
    /// Always null: there are few.
    next_cursor: Option<String>,
}

/// The providers that a login page can offer, in the order the operator has them. No token is needed.
#[utoipa::path(
    get,
    path = "/api/v1/auth/providers",
    tag = "auth",
    operation_id = "list_providers",
    responses((status = 200, description = "All of them; perhaps none", body = ProviderOffers), Problems),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn list_providers(State(auth): State<AuthState>) -> Json<ProviderOffers> {
    let offers = auth.providers.all().iter().map(|provider| ProviderOffer {
        name: provider.name().to_owned(),
        title: provider.title().to_owned(),
        sign_in_path: format!("/api/v1/auth/oauth/{}", provider.name()),
    });
    Json(ProviderOffers { items: offers.collect(), next_cursor: None })
}
