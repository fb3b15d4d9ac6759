use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App};

async fn logout(app: &App, access_token: &Value) -> Answer {
    let bearer = format!("Bearer {}", access_token.as_str().unwrap());
    app.call(Method::POST, "/api/v1/auth/logout", &[("authorization", &bearer)], &Value::Null).await
}

async fn revoked_because(app: &App) -> Vec<Option<String>> {
    sqlx::query_scalar("select revoked_because from auth.sessions order by created_at")
        .fetch_all(&app.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_refresh_gives_the_next_pair() {
    let app = App::start().await;
    let first = app.ann().await;
    let answer = app.refresh(&first["refresh_token"]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let second = answer.body;
    assert_eq!(second["user_id"], first["user_id"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(app.me(second["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(app.refresh(&second["refresh_token"]).await.status, 200);
}

#[tokio::test]
async fn a_token_used_twice_ends_the_whole_family_and_no_other() {
    let app = App::start().await;
    let first = app.ann().await;
    let other = app.login("ann@example.org").await.body;
    let second = app.refresh(&first["refresh_token"]).await.body;
    let third = app.refresh(&second["refresh_token"]).await.body;

    app.refresh(&first["refresh_token"]).await.is_problem(401);

    app.refresh(&third["refresh_token"]).await.is_problem(401);
    app.me(third["access_token"].as_str().unwrap()).await.is_problem(401);
    assert_eq!(revoked_because(&app).await, [Some("token reuse".to_owned()), None]);
    assert_eq!(app.refresh(&other["refresh_token"]).await.status, 200);
}

#[tokio::test]
async fn of_many_at_once_with_one_token_one_at_most_goes_on_and_the_session_ends() {
    let app = App::start().await;
    let first = app.ann().await;
    let answers =
        futures::future::join_all((0..8).map(|_| app.refresh(&first["refresh_token"]))).await;
    let good: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(good.len(), 1);
    assert!(answers.iter().filter(|answer| answer.status == 401).count() == 7);
    app.refresh(&good[0].body["refresh_token"]).await.is_problem(401);
}

#[tokio::test]
async fn an_expired_refresh_token_is_refused() {
    let app = App::start().await;
    let pair = app.ann().await;
    sqlx::query("update auth.refresh_tokens set expires_at = now() - interval '1 second'")
        .execute(&app.pool)
        .await
        .unwrap();
    app.refresh(&pair["refresh_token"]).await.is_problem(401);
    assert_eq!(revoked_because(&app).await, [None], "being late is no theft");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let app = App::start().await;
    let pair = app.ann().await;
    for token in [json!(""), json!("nonsense"), json!("a\u{0}b"), pair["access_token"].clone()] {
        app.refresh(&token).await.is_problem(401);
    }
    let answer = app.refresh(&Value::Null).await;
    answer.is_problem(422);
    assert_eq!(answer.violations(), [("refresh_token", "required")]);
}

#[tokio::test]
async fn a_logout_ends_this_session_and_no_other() {
    let app = App::start().await;
    let here = app.ann().await;
    let elsewhere = app.login("ann@example.org").await.body;

    let answer = logout(&app, &here["access_token"]).await;
    assert_eq!((answer.status.as_u16(), answer.body), (204, Value::Null));

    app.refresh(&here["refresh_token"]).await.is_problem(401);
    app.me(here["access_token"].as_str().unwrap()).await.is_problem(401);
    logout(&app, &here["access_token"]).await.is_problem(401);
    assert_eq!(app.me(elsewhere["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(app.refresh(&elsewhere["refresh_token"]).await.status, 200);
    assert_eq!(revoked_because(&app).await, [Some("logout".to_owned()), None]);
}

#[tokio::test]
async fn another_process_learns_of_a_logout_within_a_second() {
    let app = App::start().await;
    let pair = app.ann().await;
    let access_token = pair["access_token"].as_str().unwrap();
    let other_process = auth::verifier(app.pool.clone());
    assert!(other_process.verify(access_token).await.is_ok());
    assert_eq!(logout(&app, &pair["access_token"]).await.status, 204);
    tokio::time::sleep(Duration::from_millis(950)).await;
    let refused = loop {
        let asked = Instant::now();
        match other_process.verify(access_token).await {
            // A database that takes longer is not waited for.
            Ok(_) if asked.elapsed() >= Duration::from_millis(400) => {}
            verified => break verified.map(|_| ()),
        }
    };
    assert_eq!(refused, Err(service::TokenError::Revoked));
}

#[tokio::test]
async fn no_token_is_stored_as_it_is() {
    let app = App::start().await;
    let pair = app.ann().await;
    let dump: String = sqlx::query_scalar(
        "select concat((select json_agg(t) from auth.refresh_tokens t), (select json_agg(s) from auth.sessions s))",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert!(!dump.contains(pair["refresh_token"].as_str().unwrap()));
    assert!(!dump.contains(pair["access_token"].as_str().unwrap()));
}

#[tokio::test]
async fn sessions_that_have_expired_are_cleared_away_at_the_next_login() {
    let app = App::start().await;
    app.ann().await;
    sqlx::query("update auth.sessions set expires_at = now() - interval '1 second'")
        .execute(&app.pool)
        .await
        .unwrap();
    app.login("ann@example.org").await;
    let left: i64 = sqlx::query_scalar("select count(*) from auth.sessions")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}
