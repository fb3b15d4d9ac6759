use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, PASSWORD};

const KEY: &str = "9a3e1c5e-first try";

async fn register(app: &App, key: &str, body: Value) -> Answer {
    app.call(Method::POST, "/api/v1/auth/register", &[("idempotency-key", key)], &body).await
}

fn ann() -> Value {
    json!({"email": "ann@example.org", "password": PASSWORD, "name": "Ann"})
}

#[tokio::test]
async fn the_same_registration_again_gets_the_first_answer() {
    let app = App::start().await;
    let first = register(&app, KEY, ann()).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, None));
    for _ in 0..2 {
        let again = register(&app, KEY, ann()).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotency-replayed")),
            (201, Some("true"))
        );
        assert_eq!(again.body, first.body);
    }
    register(&app, "another key", ann()).await.is_problem(409);
}

#[tokio::test]
async fn a_key_is_good_for_one_registration() {
    let app = App::start().await;
    assert_eq!(register(&app, KEY, ann()).await.status, 201);
    for (field, value) in [
        ("email", "bob@example.org"),
        ("name", "Anne"),
        ("password", "through bush, through brier"),
    ] {
        let mut other = ann();
        other[field] = json!(value);
        register(&app, KEY, other).await.is_problem(422);
    }
    let mut nameless = ann();
    nameless.as_object_mut().unwrap().remove("name");
    register(&app, KEY, nameless).await.is_problem(422);
}

#[tokio::test]
async fn a_refused_registration_uses_up_no_key() {
    let app = App::start().await;
    register(&app, KEY, json!({"email": "ann", "password": PASSWORD})).await.is_problem(422);
    assert_eq!(app.register("taken@example.org").await.status, 201);
    register(&app, KEY, json!({"email": "taken@example.org", "password": PASSWORD}))
        .await
        .is_problem(409);
    assert_eq!(register(&app, KEY, ann()).await.status, 201);
}

#[tokio::test]
async fn the_same_registration_many_times_at_once_makes_one_account() {
    let app = App::start().await;
    let answers = futures::future::join_all((0..8).map(|_| register(&app, KEY, ann()))).await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.body == answers[0].body));
    assert_eq!(
        answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count(),
        1
    );
    let accounts: i64 =
        sqlx::query_scalar("select count(*) from auth.users").fetch_one(&app.pool).await.unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn different_registrations_at_once_with_one_key_make_one_account() {
    let app = App::start().await;
    let answers = futures::future::join_all((0..8).map(|number| {
        register(
            &app,
            KEY,
            json!({"email": format!("runner{number}@example.org"), "password": PASSWORD}),
        )
    }))
    .await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 422).count();
    assert_eq!((created, refused), (1, 7));
    let accounts: i64 =
        sqlx::query_scalar("select count(*) from auth.users").fetch_one(&app.pool).await.unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn a_key_is_1_to_255_printable_characters() {
    let app = App::start().await;
    for key in ["", "tab\there", &"k".repeat(256)] {
        register(&app, key, ann()).await.is_problem(400);
    }
    assert_eq!(register(&app, &"k".repeat(255), ann()).await.status, 201);
}

#[tokio::test]
async fn a_changed_name_sent_again_gets_the_first_answer() {
    let app = App::start().await;
    let bearer = format!("Bearer {}", app.ann().await["access_token"].as_str().unwrap());
    let change = |key: &'static str, name: &'static str| {
        let headers =
            [("authorization", bearer.as_str()), ("idempotency-key", key), ("if-match", "\"1\"")];
        let app = &app;
        async move { app.call(Method::PATCH, "/api/v1/auth/me", &headers, &json!({"name": name})).await }
    };
    let first = change(KEY, "Ann").await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (200, None));
    let again = change(KEY, "Ann").await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, Some("true")));
    assert_eq!((&again.body, again.header("etag")), (&first.body, Some("\"2\"")));
    change(KEY, "Anne").await.is_problem(422);
    change("another key", "Anne").await.is_problem(412);
}
