use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::app::{App, PASSWORD};

const REGISTER: &str = "/api/v1/auth/register";

#[tokio::test]
async fn a_registration_makes_an_account() {
    let app = App::start().await;
    let body = json!({"email": " Ann@Example.org ", "password": PASSWORD, "name": " Ann 🏃 "});
    let answer = app.post(REGISTER, body).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["email", "user_id"]);
    assert_eq!(answer.body["email"], "Ann@Example.org");

    let stored = sqlx::query_as::<_, (String, Option<String>, String, Vec<String>, i64)>(
        "select email, name, password_hash, roles, version from auth.users where user_id = $1::uuid",
    )
    .bind(answer.body["user_id"].as_str())
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!((stored.0.as_str(), stored.1.as_deref()), ("Ann@Example.org", Some("Ann 🏃")));
    assert!(stored.2.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.2);
    assert_eq!((stored.3, stored.4), (vec!["athlete".to_owned()], 1));
}

#[tokio::test]
async fn a_name_is_optional_and_may_be_null() {
    let app = App::start().await;
    assert_eq!(app.register("one@example.org").await.status, 201);
    let body = json!({"email": "two@example.org", "password": PASSWORD, "name": null});
    assert_eq!(app.post(REGISTER, body).await.status, 201);
}

#[tokio::test]
async fn an_email_has_one_account_in_whatever_case() {
    let app = App::start().await;
    assert_eq!(app.register("Ann@Example.org").await.status, 201);
    for email in ["Ann@Example.org", "ann@example.org", "ANN@EXAMPLE.ORG"] {
        app.register(email).await.is_problem(409);
    }
}

#[tokio::test]
async fn of_many_at_once_with_one_email_one_gets_the_account() {
    let app = App::start().await;
    let calls = (0..16).map(|number| {
        let email = if number % 2 == 0 { "ann@example.org" } else { "Ann@Example.Org" };
        app.register(email)
    });
    let mut statuses: Vec<u16> =
        futures_of(calls).await.into_iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 15]].concat());
}

#[tokio::test]
async fn all_wrong_fields_are_named_at_once() {
    let app = App::start().await;
    let name = "🏃".repeat(256);
    let answer = app
        .post(
            REGISTER,
            json!({"email": "nobody", "password": "short", "name": name, "admin": true}),
        )
        .await;
    answer.is_problem(422);
    let expected = [
        ("email", "invalid_email"),
        ("password", "too_short"),
        ("name", "too_long"),
        ("admin", "unknown_field"),
    ];
    assert_eq!(answer.violations(), expected);

    let answer = app.post(REGISTER, json!({})).await;
    answer.is_problem(422);
    assert_eq!(answer.violations(), [("email", "required"), ("password", "required")]);

    let answer = app.post(REGISTER, json!({"email": 7, "password": ["x"], "name": {}})).await;
    assert_eq!(
        answer.violations(),
        [("email", "wrong_type"), ("password", "wrong_type"), ("name", "wrong_type")]
    );
}

#[tokio::test]
async fn nobody_makes_himself_an_admin() {
    let app = App::start().await;
    let body = json!({"email": "eve@example.org", "password": PASSWORD, "roles": ["admin"]});
    assert_eq!(app.post(REGISTER, body).await.violations(), [("roles", "unknown_field")]);
}

#[tokio::test]
async fn guessable_passwords_are_refused_and_never_quoted() {
    let app = App::start().await;
    for (password, code) in [
        ("password123", "too_common"),
        ("QWERTYUIOP", "too_common"),
        ("1234567890", "too_common"),
        ("zzzzzzzzzzzz", "too_common"),
        ("alexrunner99", "like_email"),
    ] {
        let answer = app
            .post(REGISTER, json!({"email": "alexrunner@example.org", "password": password}))
            .await;
        assert_eq!(answer.violations(), [("password", code)], "{password}");
        assert!(!answer.body.to_string().contains(password));
    }
    let long = "over hill, over dale ".repeat(60);
    let answer = app.post(REGISTER, json!({"email": "ann@example.org", "password": long})).await;
    assert_eq!(answer.violations(), [("password", "too_long")]);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused() {
    let app = App::start().await;
    let body = json!({"email": "a\u{0}@example.org", "password": PASSWORD, "name": "a\u{0}b"});
    let answer = app.post(REGISTER, body).await;
    answer.is_problem(422);
    assert_eq!(answer.violations(), [("email", "invalid_email"), ("name", "invalid_character")]);
}

#[tokio::test]
async fn sql_and_markup_are_just_text() {
    let app = App::start().await;
    let name = "'; drop table auth.users; -- {{7*7}} <script>";
    let body = json!({"email": "o'brien+\"@example.org".replace('"', ""), "password": "\0'; drop table auth.users; --", "name": name});
    assert_eq!(app.post(REGISTER, body).await.status, 201);
    assert_eq!(app.register("ann@example.org").await.status, 201);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let app = App::start().await;
    let send = |content_type: Option<&'static str>, body: &'static [u8]| {
        let mut request = Request::builder().method(Method::POST).uri(REGISTER);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        app.send(request.body(Body::from(body)).unwrap())
    };
    for body in [
        b"{".as_slice(),
        b"",
        b"{\"email\": NaN}",
        b"\xff\xfe",
        b"{\"email\":\"a\",\"email\":\"b\"}",
    ] {
        send(Some("application/json"), body).await.is_problem(400);
    }
    send(Some("application/json"), b"[]").await.is_problem(422);
    send(Some("text/plain"), b"{}").await.is_problem(415);
    send(Some("application/x-www-form-urlencoded"), b"email=a").await.is_problem(415);
    send(None, b"{}").await.is_problem(415);
}

#[tokio::test]
async fn the_paths_take_no_other_methods() {
    let app = App::start().await;
    for path in [REGISTER, "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/logout"] {
        let answer = app.call(Method::GET, path, &[], &Value::Null).await;
        answer.is_problem(405);
        assert_eq!(answer.header("allow"), Some("POST"), "{path}");
    }
}

async fn futures_of<F: Future>(calls: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures::future::join_all(calls).await
}
