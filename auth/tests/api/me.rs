use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App};

const ME: &str = "/api/v1/auth/me";

async fn patch(app: &App, access_token: &Value, headers: &[(&str, &str)], body: Value) -> Answer {
    let bearer = format!("Bearer {}", access_token.as_str().unwrap());
    let headers = [&[("authorization", bearer.as_str())], headers].concat();
    app.call(Method::PATCH, ME, &headers, &body).await
}

#[tokio::test]
async fn me_is_who_signed_in() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.register("bob@example.org").await;
    let answer = app.me(ann["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.body["user_id"], ann["user_id"]);
    assert_eq!(answer.body["email"], "ann@example.org");
    assert_eq!(answer.body["name"], Value::Null);
    assert_eq!(answer.body["roles"], json!(["athlete"]));
    assert_eq!(answer.body["version"], 1);
    assert_eq!(answer.body["email_verified"], false);
    assert!(answer.body["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(answer.body.as_object().unwrap().len(), 7, "and nothing else, above all no hash");
}

#[tokio::test]
async fn a_client_that_has_the_version_gets_304() {
    let app = App::start().await;
    let ann = app.ann().await;
    let bearer = format!("Bearer {}", ann["access_token"].as_str().unwrap());
    let answer = app.get(ME, &[("authorization", &bearer), ("if-none-match", "\"1\"")]).await;
    assert_eq!((answer.status.as_u16(), answer.body), (304, Value::Null));
    assert_eq!(
        app.get(ME, &[("authorization", &bearer), ("if-none-match", "\"2\"")]).await.status,
        200
    );
}

#[tokio::test]
async fn a_name_is_given_changed_and_taken_away() {
    let app = App::start().await;
    let token = app.ann().await["access_token"].clone();
    for (name, version) in
        [(json!(" Ann "), 2), (json!("Anne"), 3), (json!("Anne"), 3), (Value::Null, 4)]
    {
        let answer = patch(&app, &token, &[], json!({"name": name})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["version"], version);
        assert_eq!(
            answer.body["name"],
            name.as_str().map(str::trim).map_or(Value::Null, Value::from)
        );
        assert_eq!(answer.header("etag"), Some(format!("\"{version}\"").as_str()));
        assert_eq!(app.me(token.as_str().unwrap()).await.body, answer.body);
    }
    assert_eq!(
        patch(&app, &token, &[], json!({})).await.body["version"],
        4,
        "nothing said, nothing changed"
    );
}

#[tokio::test]
async fn if_match_names_the_version_to_change() {
    let app = App::start().await;
    let token = app.ann().await["access_token"].clone();
    patch(&app, &token, &[("if-match", "\"7\"")], json!({"name": "Ann"})).await.is_problem(412);
    assert_eq!(
        patch(&app, &token, &[("if-match", "\"1\"")], json!({"name": "Ann"})).await.status,
        200
    );
    patch(&app, &token, &[("if-match", "\"1\"")], json!({"name": "Anne"})).await.is_problem(412);
    patch(&app, &token, &[("if-match", "2")], json!({"name": "Anne"})).await.is_problem(400);
    assert_eq!(app.me(token.as_str().unwrap()).await.body["name"], "Ann");
}

#[tokio::test]
async fn of_two_who_change_the_same_version_one_succeeds() {
    let app = App::start().await;
    let token = app.ann().await["access_token"].clone();
    let headers = [("if-match", "\"1\"")];
    let (one, two) = tokio::join!(
        patch(&app, &token, &headers, json!({"name": "one"})),
        patch(&app, &token, &headers, json!({"name": "two"})),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn nothing_but_the_name_can_be_changed_here() {
    let app = App::start().await;
    let token = app.ann().await["access_token"].clone();
    let answer =
        patch(&app, &token, &[], json!({"name": "", "roles": ["admin"], "email": "x@example.org"}))
            .await;
    answer.is_problem(422);
    assert_eq!(
        answer.violations(),
        [("name", "empty"), ("email", "unknown_field"), ("roles", "unknown_field")]
    );
}

#[tokio::test]
async fn me_needs_a_token() {
    let app = App::start().await;
    app.get(ME, &[]).await.is_problem(401);
    app.call(Method::PATCH, ME, &[], &json!({"name": "Ann"})).await.is_problem(401);
    app.call(Method::POST, "/api/v1/auth/logout", &[], &Value::Null).await.is_problem(401);
}
