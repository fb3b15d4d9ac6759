//! What every answer carries, whoever made it.

use axum::extract::Path;
use axum::routing::{get as on_get, post};
use axum::{Json, Router};
use domain::PlanId;
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use service::{HealthApi, Metrics, PathId, Problem, ProblemKind, RequestContext, enveloped};

use super::asking::{Answer, ask, empty, get, post_json};

#[derive(Deserialize)]
struct Strict {
    #[serde(rename = "n")]
    _n: u8,
}

fn router() -> Router {
    enveloped(
        Router::new()
            .route("/plans/{id}", on_get(async |PathId(id): PathId<PlanId>| id.to_string()))
            .route("/plans/{id}", axum::routing::delete(async || StatusCode::NO_CONTENT))
            .route("/panics", on_get(async || -> String { panic!("the secret is xyzzy") }))
            .route("/conflict", post(async || Problem::conflict("busy").with("workouts", ["a"])))
            .route("/unavailable", on_get(async || Problem::unavailable(7)))
            .route("/internal", on_get(async || Problem::internal()))
            .route("/bare", on_get(async || StatusCode::BAD_GATEWAY))
            .route("/own", on_get(async || (StatusCode::SERVICE_UNAVAILABLE, Json("down"))))
            .route("/strict", post(async |_: Json<Strict>| ()))
            .route("/number/{n}", on_get(async |_: Path<u8>| ()))
            .route(
                "/context",
                on_get(async |context: RequestContext| {
                    format!(
                        "{} {:?}",
                        context.request_id,
                        context.traceparent.map(|trace| trace.to_string())
                    )
                }),
            ),
    )
}

async fn read(uri: &str) -> Answer {
    ask(&router(), empty(get(uri))).await
}

#[tokio::test]
async fn an_unknown_path_is_a_404() {
    let answer = read("/nowhere?secret=1").await;
    assert_eq!(answer.status, 404);
    let problem = answer.problem();
    assert_eq!(problem["type"], "urn:running-trainer:problem:not-found");
    assert_eq!(problem["instance"], "/nowhere");
}

#[tokio::test]
async fn another_method_is_a_405_that_names_those_allowed() {
    let answer = ask(&router(), post_json("/plans/1", "{}")).await;
    assert_eq!(answer.status, 405);
    answer.problem();
    let mut allowed = answer.header("allow").split(',').collect::<Vec<_>>();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD"]);
}

#[tokio::test]
async fn a_path_id_is_a_uuid() {
    let id = "019aa0f6-7a5c-7bd2-8a3e-53d3a1f0c111";
    assert_eq!(read(&format!("/plans/{id}")).await.body, id);
    for malformed in [
        "1",
        "%00",
        "%ff%fe",
        "019aa0f67a5c7bd28a3e53d3a1f0c111",
        "'%20or%201=1--",
        "%7B%7B7*7%7D%7D",
        "..%2f..",
    ] {
        let answer = read(&format!("/plans/{malformed}")).await;
        assert_eq!(answer.status, 400, "{malformed}");
        answer.problem();
    }
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let answer = read("/panics").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.problem()["detail"], "internal error");
    assert!(!String::from_utf8_lossy(&answer.body).contains("xyzzy"));
}

#[tokio::test]
async fn a_problem_keeps_its_headers_and_members() {
    let answer = read("/unavailable").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "7"));
    answer.problem();
    let conflict = ask(&router(), post_json("/conflict", "")).await;
    let problem = conflict.problem();
    assert_eq!(problem["detail"], "busy");
    assert_eq!(problem["workouts"], serde_json::json!(["a"]));
    assert!(problem.get("errors").is_none());
}

#[tokio::test]
async fn what_axum_refuses_is_a_problem_too() {
    for (request, status) in [
        (post_json("/strict", "{"), 400),
        (post_json("/strict", "{\"n\":\"x\"}"), 422),
        (empty(Request::post("/strict")), 415),
        (empty(get("/number/300")), 400),
        (empty(get("/bare")), 500),
    ] {
        let answer = ask(&router(), request).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(!String::from_utf8_lossy(&answer.body).contains("Failed to"));
    }
}

#[tokio::test]
async fn an_answer_of_its_own_stays_as_it_is() {
    let answer = read("/own").await;
    assert_eq!((answer.status.as_u16(), answer.json()), (503, Value::from("down")));
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_another_made() {
    let with_id =
        async |id: &str| ask(&router(), empty(get("/context").header("x-request-id", id))).await;
    let kept = with_id("build-7/step_3").await;
    assert_eq!(kept.header("x-request-id"), "build-7/step_3");
    assert!(String::from_utf8_lossy(&kept.body).starts_with("build-7/step_3 "));
    for insane in ["", "two words", &"x".repeat(129)] {
        let made = with_id(insane).await;
        let id = made.header("x-request-id").parse::<uuid::Uuid>().expect("a UUID");
        assert_eq!(id.get_version_num(), 7);
    }
    assert_ne!(
        read("/context").await.header("x-request-id"),
        read("/context").await.header("x-request-id")
    );
}

#[tokio::test]
async fn a_valid_traceparent_is_continued() {
    let with_trace = async |trace: &str| {
        let answer = ask(&router(), empty(get("/context").header("traceparent", trace))).await;
        String::from_utf8_lossy(&answer.body)
            .split_once(' ')
            .map(|(_, trace)| trace.to_owned())
            .unwrap_or_default()
    };
    let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(with_trace(valid).await, format!("Some(\"{valid}\")"));
    assert_eq!(
        with_trace("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").await,
        format!("Some(\"{valid}\")")
    );
    for invalid in [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "x",
    ] {
        assert_eq!(with_trace(invalid).await, "None", "{invalid}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let metrics = Metrics::install().expect("metrics");
    assert!(Metrics::install().is_ok());
    let router = enveloped(
        Router::new().route("/counted/{id}", on_get(async || "yes")).merge(metrics.router()),
    );
    for uri in ["/counted/1", "/counted/2", "/uncounted-3"] {
        ask(&router, empty(get(uri))).await;
    }
    let invented = Request::builder()
        .method(Method::from_bytes(b"INVENTED").expect("a method"))
        .uri("/counted/1");
    ask(&router, empty(invented)).await;
    let answer = ask(&router, empty(get("/metrics"))).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let line = r#"http_requests_total{method="GET",route="/counted/{id}",status="200"} 2"#;
    assert!(text.contains(line), "{text}");
    assert!(text.contains(
        r#"http_request_duration_seconds_bucket{method="GET",route="/counted/{id}",le="0.0005"}"#
    ));
    assert!(text.contains(r#"method="other""#));
    assert!(!text.contains("uncounted-3") && !text.contains("INVENTED"));
}

#[tokio::test]
async fn every_kind_of_problem_has_its_own_type_and_status() {
    let kinds = [
        (ProblemKind::BadRequest, 400),
        (ProblemKind::Unauthorized, 401),
        (ProblemKind::Forbidden, 403),
        (ProblemKind::NotFound, 404),
        (ProblemKind::MethodNotAllowed, 405),
        (ProblemKind::Conflict, 409),
        (ProblemKind::Gone, 410),
        (ProblemKind::RangeNotSatisfiable, 416),
        (ProblemKind::PreconditionFailed, 412),
        (ProblemKind::PayloadTooLarge, 413),
        (ProblemKind::UnsupportedMediaType, 415),
        (ProblemKind::Unprocessable, 422),
        (ProblemKind::TooManyRequests, 429),
        (ProblemKind::Internal, 500),
        (ProblemKind::Unavailable, 503),
    ];
    let types = kinds
        .map(|(kind, _)| kind.type_uri())
        .into_iter()
        .collect::<std::collections::HashSet<_>>();
    assert_eq!(types.len(), kinds.len());
    for (kind, status) in kinds {
        assert_eq!(kind.status(), status);
    }
}

#[test]
fn the_health_paths_are_in_the_api_document() {
    use utoipa::OpenApi;
    let paths = HealthApi::openapi().paths.paths;
    assert_eq!(paths.keys().collect::<Vec<_>>(), ["/health", "/health/live", "/health/ready"]);
}
