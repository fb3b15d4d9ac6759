use http::StatusCode;
use serde_json::json;

use crate::app::App;

const RUNS: &str = "/api/v1/admin/projections/runs";

#[tokio::test]
async fn parked_streams_are_shown_tried_again_and_let_go_on() {
    let app = App::projecting().await;
    app.posted(&format!("{RUNS}/pause")).await;
    let ids = app.records(3).await;
    let set_version = async |version: &str| {
        sqlx::query("update es.events set event_version = $1 where position <= 2")
            .bind(version)
            .execute(&app.pool)
            .await
            .unwrap();
    };
    set_version("7").await;
    app.posted(&format!("{RUNS}/resume")).await;
    app.until(RUNS, |runs| runs["live"]["parked_streams"] == 2).await;
    app.until(RUNS, |runs| runs["live"]["position"] == 3).await;

    let (_, list) = app.get("/api/v1/admin/parked").await;
    let listed: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|item| &item["stream_id"]).collect();
    assert_eq!(listed, [&json!(ids[0]), &json!(ids[1])]);
    let (mut paged, mut path) = (vec![], "/api/v1/admin/parked?limit=1".to_owned());
    loop {
        let (_, page) = app.get(&path).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/admin/parked?limit=1&cursor={cursor}");
    }
    assert_eq!(json!(paged), list["items"]);
    assert_eq!(list["items"][0].get("reason"), None, "it may say what was recorded");
    let stream = |id: uuid::Uuid| format!("/api/v1/admin/parked/runs/{id}");
    let (status, shown) = app.get(&stream(ids[0])).await;
    assert_eq!(
        (status, &shown["position"], &shown["attempts"]),
        (StatusCode::OK, &json!(1), &json!(1))
    );
    let event = &shown["events"][0];
    assert_eq!((&event["type"], &event["version"]), (&json!("run.recorded"), &json!("7")));

    let stuck = app.posted(&format!("{}/retry", stream(ids[0]))).await;
    assert_eq!(stuck, json!({ "parked": true, "applied": 0, "position": 1 }));
    let (status, problem) = app.post(&format!("{}/drop?position=3", stream(ids[0]))).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    for _sent_again in 0..2 {
        let dropped = app.posted(&format!("{}/drop?position=1", stream(ids[0]))).await;
        assert_eq!(dropped, json!({ "parked": false, "applied": 0, "position": null }));
    }
    set_version("1").await;
    let whole = app.posted(&format!("{}/retry", stream(ids[1]))).await;
    assert_eq!(whole, json!({ "parked": false, "applied": 1, "position": null }));

    assert_eq!(
        app.get("/api/v1/admin/parked").await.1,
        json!({ "items": [], "next_cursor": null })
    );
    for path in [stream(ids[1]), stream(ids[2])] {
        assert_eq!(app.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.post(&format!("{path}/retry")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.post(&format!("{path}/drop")).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(app.get("/api/v1/admin/parked/runs/seven").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(app.posted(&format!("{RUNS}/verify")).await["clean"], true);
}
