use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use service::{Problem, describe_replays, in_time};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    activity, admin, admin_two_factor, api_keys, change_email, change_password, coaching,
    complete_login, erase_me, forgot_password, jwks, links, login, logout, me, oauth,
    oauth_callback, pages, proof, providers, refresh, register, resend_verification,
    reset_password, two_factor, verify_email,
};
use crate::state::AuthState;

/// The routes of accounts and sessions, and their part of the API document.
///
/// Wrap the program's whole router with [`service::authenticated`]: it finds out who is asking.
pub fn router(state: AuthState) -> (Router, OpenApi) {
    let (router, document) = routes().split_for_parts();
    (router.with_state(state).layer(middleware::from_fn(answered_in_time)), document)
}

/// The routes' part of the API document alone, for which no database is needed.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

async fn answered_in_time(request: Request, next: Next) -> Result<Response, Problem> {
    in_time(next.run(request)).await
}

fn routes() -> OpenApiRouter<AuthState> {
    let mut routes = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(complete_login::complete_login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me, me::change_me, erase_me::erase_me))
        .routes(routes!(change_password::change_password))
        .routes(routes!(verify_email::verify_email))
        .routes(routes!(resend_verification::resend_verification))
        .routes(routes!(forgot_password::forgot_password))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(change_email::change_email))
        .routes(routes!(pages::page))
        .routes(routes!(api_keys::create_key, api_keys::list_keys))
        .routes(routes!(api_keys::revoke_key))
        .routes(routes!(oauth::go_to_provider, oauth::begin))
        .routes(routes!(oauth_callback::come_back, oauth_callback::bring_back))
        .routes(routes!(providers::list_providers))
        .routes(routes!(links::list_links))
        .routes(routes!(links::begin_link, links::remove_link))
        .routes(routes!(proof::prove))
        .routes(routes!(two_factor::status, two_factor::begin, two_factor::remove))
        .routes(routes!(two_factor::confirm))
        .routes(routes!(two_factor::replace_recovery_codes))
        .routes(routes!(activity::list_activity))
        .routes(routes!(jwks::jwks))
        .routes(routes!(admin::list_users))
        .routes(routes!(admin::get_user))
        .routes(routes!(admin::put_roles))
        .routes(routes!(admin::lock))
        .routes(routes!(admin::unlock))
        .routes(routes!(admin_two_factor::remove))
        .merge(coaching::routes());
    describe_replays(routes.get_openapi_mut());
    routes
}

#[derive(utoipa::OpenApi)]
#[openapi(modifiers(&BearerTokens), tags(
    (name = "auth", description = "Accounts, sessions and access tokens"),
    (name = "admin", description = "For administrators"),
    (name = "coaching", description = "Coaches and their athletes"),
))]
struct Document;

struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}
