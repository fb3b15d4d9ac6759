use axum::Router;
use axum::middleware;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use service::CheapClones;

/// Which version of the contract an answer keeps to: that of `/api/v1`.
const API_VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("trainer-api-version"), HeaderValue::from_static("1"));

/// Says with every answer which version of the API it belongs to.
pub(crate) fn with_api_version(router: Router) -> Router {
    let layer = middleware::map_response(async |mut answer: Response| {
        let (name, value) = API_VERSION;
        answer.headers_mut().insert(name, value);
        answer
    });
    router.layer((layer, CheapClones))
}
