use std::collections::HashSet;

use axum::Router;
use service::HealthApi;
use utoipa::openapi::info::LicenseBuilder;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Server};
use utoipa_axum::router::OpenApiRouter;

const LICENSE: &str = env!("CARGO_PKG_LICENSE");
const BEARER: &str = "bearer";

const DESCRIPTION: &str = "A self-hosted training platform for runners: plans, workouts and runs, and what they add \
up to.

A write answers with `Trainer-Position`, after the read models show it. Lists are paged by an opaque cursor. Writes take \
`If-Match` with a version and `Idempotency-Key` for a safe repetition. Every refusal is an `application/problem+json`.";

/// The paths of those who have no access token yet, or check those of others.
const OPEN: [&str; 2] = ["/api/v1/auth/", "/.well-known/"];

const TAGS: [(&str, &str); 10] = [
    ("plans", "Training plans and where they stand"),
    ("workouts", "The workouts of a plan"),
    ("runs", "What was run"),
    ("analytics", "What runs and plans add up to"),
    ("pdf", "Plans on paper"),
    ("auth", "Accounts and access tokens"),
    ("coaching", "Coaches and their athletes"),
    ("admin", "For administrators: accounts"),
    ("operations", "For administrators: projections and parked streams"),
    ("health", "How the program is"),
];

/// One API: its routes, and what its part of the document says of them.
#[derive(Clone)]
pub struct Api {
    /// Its routes.
    pub router: Router,
    /// Its part of the document.
    pub openapi: OpenApi,
}

impl From<OpenApiRouter> for Api {
    fn from(router: OpenApiRouter) -> Self {
        router.split_for_parts().into()
    }
}

impl From<(Router, OpenApi)> for Api {
    fn from((router, openapi): (Router, OpenApi)) -> Self {
        Self { router, openapi }
    }
}

/// All APIs as one router and one OpenAPI document, with the health paths in it.
///
/// An operation needs an access token unless it says `security(())`; one of `/api/v1/auth/` or `/.well-known/` needs
/// none unless it says so.
pub fn document(apis: Vec<Api>) -> (Router, OpenApi) {
    let beginning = (Router::new(), described());
    let (router, mut openapi) = apis.into_iter().fold(beginning, |(router, openapi), api| {
        (router.merge(api.router), openapi.merge_from(api.openapi))
    });
    openapi.merge(<HealthApi as utoipa::OpenApi>::openapi());
    let open_paths = openapi
        .paths
        .paths
        .iter_mut()
        .filter(|(path, _)| OPEN.iter().any(|open| path.starts_with(open)));
    for operation in open_paths.flat_map(|(_, item)| operations(item)) {
        operation.security.get_or_insert_with(|| vec![SecurityRequirement::default()]);
    }
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        operation.parameters.iter_mut().flatten().for_each(never_null);
    }
    // An API may have described a tag by itself; the document may name each once.
    let mut named = HashSet::new();
    openapi.tags.get_or_insert_default().retain(|tag| named.insert(tag.name.clone()));
    (router, openapi)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().filter_map(Option::as_mut)
}

/// A header or parameter that may be left out is described as one that may be null, which none can be.
fn never_null(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(Parameter { schema: Some(RefOr::T(Schema::Object(object))), .. }) = parameter
        && let SchemaType::Array(types) = &mut object.schema_type
    {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = types.as_slice() {
            object.schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn described() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The `access_token` of `POST /api/v1/auth/login`"))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Running Trainer")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(
                    LicenseBuilder::new().name(LICENSE).identifier(Some(LICENSE)).build(),
                ))
                .build(),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some(
            TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build()),
        ))
        .components(Some(
            ComponentsBuilder::new().security_scheme(BEARER, SecurityScheme::Http(bearer)).build(),
        ))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, [])]))
        .build()
}
