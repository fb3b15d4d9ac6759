use std::sync::LazyLock;

use axum::Router;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, StatusCode, header};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::browser_safety::PAGE_POLICY;

const REDOC_SCRIPT: &str = include_str!("../assets/redoc.standalone.js");
/// Changes with the script, which changes only with the program.
static REDOC_ETAG: LazyLock<String> = LazyLock::new(|| format!("\"redoc-{}\"", REDOC_SCRIPT.len()));

// ReDoc's own page names fonts of a third party; the browser's do.
const REDOC_PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Running Trainer API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>body { margin: 0; }</style>
</head>
<body>
<redoc spec-url="/openapi.json"></redoc>
<script src="/redoc/redoc.standalone.js"></script>
</body>
</html>
"#;

/// `/openapi.json`, and the two pages that show it: Swagger UI at `/docs` and ReDoc at `/redoc`. Nothing comes from
/// elsewhere.
pub(crate) fn documents(openapi: OpenApi) -> Router {
    let json = openapi.to_json().expect("the document is made of strings, numbers and lists");
    let swagger_ui = SwaggerUi::new("/docs").config(
        // The validator is a page of a third party.
        Config::from("/openapi.json")
            .validator_url("none")
            .try_it_out_enabled(true)
            .persist_authorization(true),
    );
    Router::from(swagger_ui)
        .route("/redoc", get(async || (PAGE_POLICY, Html(REDOC_PAGE))))
        .route("/redoc/redoc.standalone.js", get(redoc_script))
        .layer(axum::middleware::map_response(async |mut answer: Response| {
            let (name, value) = &PAGE_POLICY[0];
            answer.headers_mut().insert(name, value.clone());
            answer
        }))
        .route(
            "/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], json.clone())),
        )
}

async fn redoc_script(headers: HeaderMap) -> Response {
    let caching: [(HeaderName, &str); 2] =
        [(header::ETAG, REDOC_ETAG.as_str()), (header::CACHE_CONTROL, "public, max-age=86400")];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == REDOC_ETAG.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], REDOC_SCRIPT)
        .into_response()
}
