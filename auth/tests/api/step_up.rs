use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, PASSWORD};
use crate::authenticator::{CONFIRM, TWO_FACTOR};

const PROOF: &str = "/api/v1/auth/proof";
const ELEVEN_MINUTES_AGO: &str =
    "update auth.sessions set proved_at = now() - interval '10 minutes 1 second'";

async fn prove(app: &App, pair: &Value, body: Value) -> Answer {
    app.ask(Method::POST, PROOF, pair, body).await
}

/// What takes a recent proof, in an order in which all can be asked for.
fn sensitive() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::POST, TWO_FACTOR, Value::Null),
        (Method::POST, CONFIRM, json!({"code": "000000"})),
        (Method::POST, "/api/v1/auth/two-factor/recovery-codes", Value::Null),
        (Method::DELETE, TWO_FACTOR, Value::Null),
        (Method::POST, "/api/v1/auth/api-keys", json!({"name": "the watch", "scopes": ["read"]})),
        (Method::POST, "/api/v1/auth/links/google", json!({})),
        (Method::DELETE, "/api/v1/auth/links/google", Value::Null),
        (Method::DELETE, "/api/v1/auth/me", Value::Null),
    ]
}

#[tokio::test]
async fn what_matters_most_takes_a_proof_of_the_last_ten_minutes() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.execute(ELEVEN_MINUTES_AGO).await;
    for (method, path, body) in sensitive() {
        let refused = app.ask(method.clone(), path, &ann, body).await;
        refused.is_problem(403);
        let kind = "urn:running-trainer:problem:proof-required";
        assert_eq!(refused.body["type"], kind, "{method} {path}");
    }
    // All else goes on, a new pair of tokens is no proof, and what carries the password needs no other.
    let again = app.refresh(&ann["refresh_token"]).await.body;
    let path = "/api/v1/auth/me";
    assert_eq!(app.ask(Method::PATCH, path, &again, json!({"name": "Ann"})).await.status, 200);
    app.ask(Method::DELETE, path, &again, Value::Null).await.is_problem(403);
    let change = json!({"current_password": PASSWORD, "new_password": format!("{PASSWORD}!!")});
    let changed = app.ask(Method::POST, "/api/v1/auth/change-password", &again, change).await;
    assert_eq!(changed.status, 204, "{}", changed.body);

    let proved = prove(&app, &again, json!({"password": format!("{PASSWORD}!!")})).await;
    assert_eq!(proved.status, 200, "{}", proved.body);
    assert!(proved.body["good_until"].is_string());
    assert_eq!(app.activity(&again).await[..2], ["proved", "password_changed"]);
    for (method, path, body) in sensitive() {
        let answer = app.ask(method.clone(), path, &again, body).await;
        let expected = match (method.as_str(), path) {
            ("POST", TWO_FACTOR) => 200,
            ("POST", CONFIRM) => 422,
            ("POST", "/api/v1/auth/two-factor/recovery-codes") => 409,
            ("POST", "/api/v1/auth/api-keys") => 201,
            (_, "/api/v1/auth/links/google") => 404,
            _ => 204,
        };
        assert_eq!(answer.status, expected, "{method} {path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_sign_in_is_a_proof_and_each_session_has_its_own() {
    let app = App::start().await;
    let old = app.ann().await;
    app.execute(ELEVEN_MINUTES_AGO).await;
    let new = app.login("ann@example.org").await.body;
    app.ask(Method::DELETE, "/api/v1/auth/me", &old, Value::Null).await.is_problem(403);
    assert_eq!(app.ask(Method::DELETE, "/api/v1/auth/me", &new, Value::Null).await.status, 204);
}

#[tokio::test]
async fn a_proof_is_the_password_and_with_a_second_factor_a_code() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (authenticator, codes) = app.enrol(&ann).await;
    app.execute(ELEVEN_MINUTES_AGO).await;
    let (wrong, right) = (authenticator.wrong_code(), authenticator.code(0));
    for (body, expected) in [
        (json!({}), vec![("password", "required"), ("code", "required")]),
        (json!({"password": PASSWORD}), vec![("code", "required")]),
        (json!({"password": PASSWORD, "code": 7}), vec![("code", "wrong_type")]),
        (json!({"password": "not this one", "code": right}), vec![("password", "wrong")]),
        (json!({"password": PASSWORD, "code": wrong}), vec![("code", "wrong")]),
        (json!({"password": PASSWORD, "code": "nonsense"}), vec![("code", "wrong")]),
    ] {
        let refused = prove(&app, &ann, body).await;
        refused.is_problem(422);
        assert_eq!(refused.violations(), expected);
    }
    app.ask(Method::DELETE, TWO_FACTOR, &ann, Value::Null).await.is_problem(403);
    // With a factor the present password alone does not change the password either.
    let change = json!({"current_password": PASSWORD, "new_password": format!("{PASSWORD}!!")});
    let path = "/api/v1/auth/change-password";
    app.ask(Method::POST, path, &ann, change.clone()).await.is_problem(403);

    let proof = json!({"password": PASSWORD, "code": right});
    assert_eq!(prove(&app, &ann, proof.clone()).await.status, 200);
    prove(&app, &ann, proof).await.is_problem(422);
    let with_recovery_code = json!({"password": PASSWORD, "code": codes[0]});
    assert_eq!(prove(&app, &ann, with_recovery_code).await.status, 200);
    assert_eq!(app.ask(Method::POST, path, &ann, change).await.status, 204);
    let happened = app.activity(&ann).await;
    assert!(happened.contains(&"proof_failed".to_owned()), "{happened:?}");
    assert!(happened.contains(&"code_failed".to_owned()), "{happened:?}");
    assert_eq!(app.ask(Method::DELETE, TWO_FACTOR, &ann, Value::Null).await.status, 204);
}

#[tokio::test]
async fn a_session_that_has_not_shown_the_factor_proves_anew() {
    let app = App::start().await;
    let here = app.ann().await;
    let elsewhere = app.login("ann@example.org").await.body;
    app.enrol(&here).await;
    app.ask(Method::DELETE, TWO_FACTOR, &elsewhere, Value::Null).await.is_problem(403);
    app.ask(Method::DELETE, "/api/v1/auth/me", &elsewhere, Value::Null).await.is_problem(403);
    assert_eq!(app.me(elsewhere["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(app.ask(Method::DELETE, TWO_FACTOR, &here, Value::Null).await.status, 204);
}

#[tokio::test]
async fn an_api_key_proves_nothing() {
    let app = App::start().await;
    let ann = app.ann().await;
    let key = json!({"name": "the watch", "scopes": ["read", "write"]});
    let key = app.ask(Method::POST, "/api/v1/auth/api-keys", &ann, key).await.body;
    let key = json!({"access_token": key["key"]});
    for (method, path, body) in sensitive() {
        app.ask(method, path, &key, body).await.is_problem(403);
    }
    prove(&app, &key, json!({"password": PASSWORD})).await.is_problem(403);
    app.ask(Method::GET, TWO_FACTOR, &key, Value::Null).await.is_problem(403);
}
