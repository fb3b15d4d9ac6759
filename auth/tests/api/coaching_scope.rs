//! What a coach may do is changed by the athlete, while the access goes on.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::coaching::{ANN, ATHLETES, BEA, COACHES, Process};

impl App {
    async fn change(&self, who: &Value, id: &Value, body: Value) -> Answer {
        let path = format!("{COACHES}/{}", id.as_str().unwrap());
        self.ask(Method::PATCH, &path, who, body).await
    }
}

#[tokio::test]
async fn the_athlete_changes_the_scope_and_the_coach_has_it_within_a_second_in_every_process() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let id = app.granted(&ann, &bea, "full").await;
    let (process, athlete) = (Process::start(&app), ann["user_id"].as_str().unwrap());
    assert_eq!(process.act(Method::POST, "/full", &bea, athlete).await, 200);
    for (scope, plan, full) in [("view", 403, 403), ("plan", 200, 403), ("full", 200, 200)] {
        let changed = app.change(&ann, &id, json!({ "scope": scope })).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert_eq!((&changed.body["id"], &changed.body["scope"]), (&id, &json!(scope)));
        assert_eq!(app.relations(&ann, COACHES).await[0], changed.body);
        assert_eq!(app.relations(&bea, ATHLETES).await[0]["scope"], scope);
        tokio::time::sleep(Duration::from_millis(950)).await;
        assert_eq!(process.reads(&bea, &ann).await, 200, "{scope}");
        assert_eq!(process.act(Method::POST, "/plan", &bea, athlete).await, plan, "{scope}");
        assert_eq!(process.act(Method::POST, "/full", &bea, athlete).await, full, "{scope}");
    }
}

#[tokio::test]
async fn a_change_is_in_the_activity_of_both_and_none_is_not() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let id = app.granted(&ann, &bea, "full").await;
    for _ in 0..2 {
        assert_eq!(app.change(&ann, &id, json!({ "scope": "view" })).await.status, 200);
    }
    for (who, by_other) in [(&ann, false), (&bea, true)] {
        let list = app.ask(Method::GET, "/api/v1/auth/activity", who, Value::Null).await;
        let items = list.body["items"].as_array().unwrap();
        assert_eq!(items[0]["kind"], "coaching_scope_changed");
        assert_eq!(items[0]["by_other"], by_other);
        assert_eq!(items[0]["subject"], format!("view, {}", id.as_str().unwrap()));
        assert_eq!(items[1]["kind"], "coaching_accepted", "the same scope again is no change");
    }
}

#[tokio::test]
async fn nobody_else_changes_a_scope_and_a_question_has_none_yet() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    app.register("cy@example.org").await;
    let cy = app.login("cy@example.org").await.body;
    let asked = app.asks(&bea, ATHLETES, ANN, "view").await;
    let full = || json!({ "scope": "full" });
    app.change(&ann, &asked["id"], full()).await.is_problem(409);
    app.change(&bea, &asked["id"], full()).await.is_problem(404);
    app.step(&ann, COACHES, &asked["id"], "accept", 200).await;
    for stranger in [&bea, &cy] {
        app.change(stranger, &asked["id"], full()).await.is_problem(404);
    }
    assert_eq!(app.relations(&ann, COACHES).await[0]["scope"], "view");
    let invited = app.asks(&ann, COACHES, "nobody@example.org", "view").await;
    app.change(&ann, &invited["id"], full()).await.is_problem(409);
    for (body, blamed) in [
        (json!({}), ("scope", "required")),
        (json!({ "scope": "king" }), ("scope", "invalid_choice")),
        (json!({ "scope": "view", "email": BEA }), ("email", "unknown_field")),
    ] {
        let refused = app.change(&ann, &asked["id"], body).await;
        refused.is_problem(422);
        assert_eq!(refused.violations(), [blamed]);
    }
    let key = json!({ "name": "the watch", "scopes": ["read", "write"] });
    let key = app.ask(Method::POST, "/api/v1/auth/api-keys", &ann, key).await.body;
    let key = json!({ "access_token": key["key"] });
    app.change(&key, &asked["id"], full()).await.is_problem(403);
    app.ends(&bea, ATHLETES, &asked["id"], 204).await;
    app.change(&ann, &asked["id"], full()).await.is_problem(404);
}
