use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, PASSWORD};

const NEW: &str = "thorough bush, thorough brier";

async fn change(app: &App, pair: &Value, body: Value) -> Answer {
    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let path = "/api/v1/auth/change-password";
    app.call(Method::POST, path, &[("authorization", &bearer)], &body).await
}

async fn login(app: &App, password: &str) -> Answer {
    let body = json!({"email": "ann@example.org", "password": password});
    app.post("/api/v1/auth/login", body).await
}

#[tokio::test]
async fn the_new_password_opens_the_old_one_does_not_and_other_sessions_end() {
    let app = App::start().await;
    let here = app.ann().await;
    let elsewhere = app.login("ann@example.org").await.body;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});

    let answer = change(&app, &here, body.clone()).await;

    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null), "{}", answer.body);
    login(&app, PASSWORD).await.is_problem(401);
    assert_eq!(login(&app, NEW).await.status, 200);
    assert_eq!(app.me(here["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(app.refresh(&here["refresh_token"]).await.status, 200);
    app.me(elsewhere["access_token"].as_str().unwrap()).await.is_problem(401);
    app.refresh(&elsewhere["refresh_token"]).await.is_problem(401);
    let again = change(&app, &here, body).await;
    again.is_problem(422);
    assert_eq!(again.violations(), [("current_password", "wrong")]);
}

#[tokio::test]
async fn without_the_present_password_or_a_good_new_one_nothing_changes() {
    let app = App::start().await;
    let ann = app.ann().await;
    for (body, expected) in [
        (json!({}), vec![("current_password", "required"), ("new_password", "required")]),
        (
            json!({"current_password": PASSWORD, "new_password": "short"}),
            vec![("new_password", "too_short")],
        ),
        (
            json!({"current_password": PASSWORD, "new_password": "ann@example.org"}),
            vec![("new_password", "like_email")],
        ),
        (
            json!({"current_password": "over dale, over hill", "new_password": NEW}),
            vec![("current_password", "wrong")],
        ),
        (
            json!({"current_password": PASSWORD, "new_password": NEW, "user_id": 1}),
            vec![("user_id", "unknown_field")],
        ),
    ] {
        let answer = change(&app, &ann, body).await;
        answer.is_problem(422);
        assert_eq!(answer.violations(), expected);
    }
    change(&app, &json!({"access_token": "nonsense"}), json!({})).await.is_problem(401);
    assert_eq!(login(&app, PASSWORD).await.status, 200);
}
