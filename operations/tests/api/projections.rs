use http::{Method, StatusCode};
use serde_json::json;
use service::Role;

use crate::app::{App, nobody, somebody};

#[tokio::test]
async fn everything_is_for_administrators_only() {
    let app = App::start().await;
    let id = "019aa0f6-7a5c-7bd2-8a3e-53d3a1f0c111";
    let mut paths = vec![
        (Method::GET, "/api/v1/admin/projections".to_owned()),
        (Method::GET, "/api/v1/admin/projections/runs".to_owned()),
        (Method::GET, "/api/v1/admin/parked".to_owned()),
        (Method::GET, format!("/api/v1/admin/parked/runs/{id}")),
        (Method::POST, format!("/api/v1/admin/parked/runs/{id}/retry")),
        (Method::POST, format!("/api/v1/admin/parked/runs/{id}/drop")),
    ];
    for what in ["pause", "resume", "rebuild", "rollback", "diff", "verify"] {
        paths.push((Method::POST, format!("/api/v1/admin/projections/runs/{what}")));
    }
    for (method, path) in paths {
        let (status, _) = app.ask(method.clone(), &path, nobody()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        let coach = somebody(&[Role::Athlete, Role::Coach]);
        let (status, _) = app.ask(method, &path, coach).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let (_, runs) = app.get("/api/v1/admin/projections/runs").await;
    assert_eq!((&runs["state"], &runs["previous"]), (&json!("up_to_date"), &json!(null)));
}

#[tokio::test]
async fn projections_are_listed_with_where_they_stand() {
    let app = App::start().await;
    app.records(3).await;

    let (status, list) = app.get("/api/v1/admin/projections").await;

    assert_eq!(status, StatusCode::OK);
    let names: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert_eq!(names, ["exports", "plans", "runs"]);
    let runs = &list["items"][2];
    assert_eq!((&runs["state"], &runs["head"]), (&json!("behind"), &json!(3)));
    assert_eq!(
        (&runs["live"]["position"], &runs["live"]["lag_events"], &runs["live"]["parked_streams"]),
        (&json!(0), &json!(3), &json!(0))
    );
    assert_eq!(app.get("/api/v1/admin/projections/runs").await.1, *runs);
    let (status, problem) = app.get("/api/v1/admin/projections/walks").await;
    assert_eq!(
        (status, &problem["detail"]),
        (StatusCode::NOT_FOUND, &json!("there is no such projection"))
    );
}

#[tokio::test]
async fn a_projection_is_paused_and_resumed() {
    let app = App::start().await;
    let paused = app.posted("/api/v1/admin/projections/runs/pause").await;
    assert_eq!(paused["state"], "paused");
    assert!(paused["paused_at"].is_string());
    assert_eq!(app.get("/api/v1/admin/projections/plans").await.1["state"], "up_to_date");
    let resumed = app.posted("/api/v1/admin/projections/runs/resume").await;
    assert_eq!((&resumed["state"], &resumed["paused_at"]), (&json!("up_to_date"), &json!(null)));
    let (status, _) = app.post("/api/v1/admin/projections/walks/pause").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
