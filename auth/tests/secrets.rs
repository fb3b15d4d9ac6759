//! What the log says. Alone in its program, because a program has one log.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "api/app.rs"]
mod app;

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "api/authenticator.rs"]
mod authenticator;

use app::{App, PASSWORD};
use authenticator::COMPLETE;
use axum::http::Method;
use embedded::testing::CapturedLog;
use serde_json::{Value, json};

#[tokio::test]
async fn the_log_holds_no_password_token_address_or_name_even_at_its_loudest() {
    let log = CapturedLog::start();

    let app = App::start().await;
    let ann = json!({"email": "ann@example.org", "password": PASSWORD, "name": "Ann Onymous"});
    app.call(Method::POST, "/api/v1/auth/register", &[("idempotency-key", "key of ann")], &ann)
        .await;
    app.call(Method::POST, "/api/v1/auth/register", &[("idempotency-key", "key of ann")], &ann)
        .await;
    app.register("ann@example.org").await.is_problem(409);
    let pair = app.login("ann@example.org").await.body;
    app.post(
        "/api/v1/auth/login",
        json!({"email": "ann@example.org", "password": "wrong, but close"}),
    )
    .await;
    app.me(pair["access_token"].as_str().unwrap()).await;
    let next = app.refresh(&pair["refresh_token"]).await.body;
    app.refresh(&pair["refresh_token"]).await.is_problem(401);

    let ann = app.login("ann@example.org").await.body;
    let (authenticator, recovery_codes) = app.enrol(&ann).await;
    let challenge = app.challenge().await;
    let (code, wrong_code) = (authenticator.code(0), authenticator.wrong_code());
    app.complete(&challenge, &wrong_code).await.is_problem(401);
    assert_eq!(app.complete(&challenge, &code).await.status, 200);
    let challenge_of_recovery = app.challenge().await;
    let recovery = json!({"challenge": challenge_of_recovery, "code": recovery_codes[0]});
    assert_eq!(app.post(COMPLETE, recovery).await.status, 200);
    app.forget_codes().await;
    let proof = json!({"password": PASSWORD, "code": authenticator.code(0)});
    assert_eq!(app.ask(Method::POST, "/api/v1/auth/proof", &ann, proof).await.status, 200);

    app.execute("update auth.users set email_verified_at = now()").await;
    let invitation = json!({"email": "bea@example.org", "scope": "view"});
    let coaches = "/api/v1/athlete/coaches";
    let invited = app.ask(Method::POST, coaches, &ann, invitation).await;
    assert_eq!(invited.status, 202, "{}", invited.body);

    let log = log.text();
    assert!(log.contains("logged in") && log.contains("refresh token used twice"), "{log}");
    let secrets = [
        &pair["access_token"],
        &pair["refresh_token"],
        &next["access_token"],
        &next["refresh_token"],
    ];
    for secret in secrets.into_iter().filter_map(Value::as_str) {
        assert!(!log.contains(secret), "a token is in the log");
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "a signature is in the log");
    }
    for secret in [challenge.as_str().unwrap(), challenge_of_recovery.as_str().unwrap()] {
        assert!(!log.contains(secret), "a challenge is in the log");
    }
    for code in recovery_codes {
        assert!(!log.contains(&code) && !log.contains(&code.replace('-', "")), "{code}");
    }
    for secret in [
        PASSWORD,
        "wrong, but close",
        "ann@example.org",
        "bea@example.org",
        "Ann Onymous",
        "key of ann",
        "$argon2id",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
