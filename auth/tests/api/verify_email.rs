use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, PASSWORD};

const VERIFY: &str = "/api/v1/auth/verify-email";
const RESEND: &str = "/api/v1/auth/resend-verification";

#[tokio::test]
async fn an_account_can_be_used_once_its_address_is_verified() {
    let app = App::verifying().await;
    let registered = app.register("ann@example.org").await;
    assert_eq!(registered.status, 201);
    app.login("ann@example.org").await.is_problem(401);
    let mail = app.mail().await;
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ann@example.org", "Confirm your e-mail address")
    );
    assert!(
        mail.text.contains("http://localhost:8000/api/v1/auth/pages/verify-email#token="),
        "{}",
        mail.text
    );

    let token = mail.token();
    let verified = app.post(VERIFY, json!({"token": token})).await;
    assert_eq!((verified.status.as_u16(), verified.body), (204, Value::Null));
    let login = app.login("ann@example.org").await;
    assert_eq!(login.status, 200);
    let me = app.me(login.body["access_token"].as_str().unwrap()).await.body;
    assert_eq!((&me["email_verified"], &me["version"]), (&json!(true), &json!(2)));
    app.post(VERIFY, json!({"token": token})).await.is_problem(422);
    let kinds: Vec<String> =
        sqlx::query_scalar("select kind from auth.activity order by happened_at")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    assert!(kinds.contains(&"email_verified".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn a_token_is_stored_as_a_hash_and_good_once_until_it_expires() {
    let app = App::verifying().await;
    app.register("ann@example.org").await;
    let token = app.mail().await.token();
    let stored: String = sqlx::query_scalar("select json_agg(t)::text from auth.mail_tokens t")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert!(!stored.contains(&token));
    for wrong in ["", "nonsense", "a\u{0}b", &token[1..]] {
        let refused = app.post(VERIFY, json!({"token": wrong})).await;
        refused.is_problem(422);
        assert_eq!(refused.violations(), [("token", "invalid_token")]);
    }
    let at_once =
        futures::future::join_all((0..8).map(|_| app.post(VERIFY, json!({"token": token})))).await;
    let good = at_once.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(good, 1);

    app.register("bob@example.org").await;
    let token = app.mails().await.pop().unwrap().token();
    sqlx::query("update auth.mail_tokens set expires_at = now() - interval '1 second'")
        .execute(&app.pool)
        .await
        .unwrap();
    app.post(VERIFY, json!({"token": token})).await.is_problem(422);
    app.login("bob@example.org").await.is_problem(401);
}

#[tokio::test]
async fn a_taken_address_is_answered_like_a_new_one_and_its_owner_is_told() {
    let app = App::verifying().await;
    let new = app.register("ann@example.org").await;
    let token = app.mail().await.token();
    assert_eq!(app.post(VERIFY, json!({"token": token})).await.status, 204);
    let body =
        json!({"email": "Ann@example.org", "password": "another good password", "name": "Eve"});
    let key = [("idempotency-key", "key of eve")];
    let taken = app.call(Method::POST, "/api/v1/auth/register", &key, &body).await;
    assert_eq!(taken.status, 201);
    assert_eq!(taken.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["email", "user_id"]);
    assert_eq!(taken.body["email"], "Ann@example.org");
    assert_ne!(taken.body["user_id"], new.body["user_id"]);
    // Its repetition, and another request under the same key, are answered as for a new account, too.
    let again = app.call(Method::POST, "/api/v1/auth/register", &key, &body).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotency-replayed"), &again.body),
        (201, Some("true"), &taken.body)
    );
    let other =
        json!({"email": "Ann@example.org", "password": "yet another password", "name": "Eve"});
    app.call(Method::POST, "/api/v1/auth/register", &key, &other).await.is_problem(422);

    // The password that was given opens nothing, and the answer is that of an account that waits for its mail.
    let refused = app
        .post(
            "/api/v1/auth/login",
            json!({"email": "ann@example.org", "password": "another good password"}),
        )
        .await;
    app.register("new@example.org").await;
    let unverified = app.login("new@example.org").await;
    refused.is_problem(401);
    assert_eq!(
        (refused.status, &refused.body["detail"]),
        (unverified.status, &unverified.body["detail"])
    );
    assert_eq!(app.login("ann@example.org").await.status, 200, "the owner's does");

    let told = app.mails().await;
    let told: Vec<_> = told.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(
        told,
        [
            ("ann@example.org", "You have an account already"),
            ("new@example.org", "Confirm your e-mail address")
        ]
    );
}

#[tokio::test]
async fn a_mail_comes_again_if_it_is_needed_and_not_too_often() {
    let app = App::verifying().await;
    app.register("ann@example.org").await;
    for email in [
        "nobody@example.org",
        "ANN@example.org",
        "ann@example.org",
        "ann@example.org",
        "ann@example.org",
    ] {
        let answer = app.post(RESEND, json!({"email": email})).await;
        assert_eq!((answer.status.as_u16(), answer.body), (202, Value::Null));
    }
    let mails = app.mails().await;
    assert_eq!(mails.len(), 3, "three an hour");
    // Each of them is good: mails overtake each other. With the first that is used the others are not any more.
    assert_eq!(app.post(VERIFY, json!({"token": mails[0].token()})).await.status, 204);
    app.post(VERIFY, json!({"token": mails[2].token()})).await.is_problem(422);
    sqlx::query("delete from mail.queue").execute(&app.pool).await.unwrap();
    assert_eq!(app.post(RESEND, json!({"email": "ann@example.org"})).await.status, 202);
    assert_eq!(app.mails().await.len(), 0, "there is nothing to verify");
    app.post(RESEND, json!({"email": "no address"})).await.is_problem(422);
}

#[tokio::test]
async fn an_answer_takes_as_long_whether_or_not_there_is_an_account() {
    let app = App::verifying().await;
    app.register("ann@example.org").await;
    let whole_beats = |elapsed: Duration| elapsed.as_millis() / 200;
    for path in [RESEND, "/api/v1/auth/forgot-password"] {
        for email in ["ann@example.org", "nobody@example.org"] {
            let began = Instant::now();
            assert_eq!(app.post(path, json!({"email": email})).await.status, 202);
            assert!(whole_beats(began.elapsed()) >= 1, "{path} {email}");
        }
    }
    for email in ["ann@example.org", "new@example.org"] {
        let began = Instant::now();
        assert_eq!(app.register(email).await.status, 201);
        assert!(whole_beats(began.elapsed()) >= 1, "{email}");
    }
}

#[tokio::test]
async fn where_addresses_need_not_be_verified_nothing_is_sent_and_they_can_be() {
    let app = App::start().await;
    let pair = app.ann().await;
    assert_eq!(app.mails().await.len(), 0);
    assert_eq!(app.post(RESEND, json!({"email": "ann@example.org"})).await.status, 202);
    let token = app.mail().await.token();
    assert_eq!(app.post(VERIFY, json!({"token": token})).await.status, 204);
    let me = app.me(pair["access_token"].as_str().unwrap()).await.body;
    assert_eq!(me["email_verified"], true);
    let body = json!({"email": "ann@example.org", "password": PASSWORD});
    app.post("/api/v1/auth/register", body).await.is_problem(409);
}

#[tokio::test]
async fn every_address_that_is_taken_can_get_mail() {
    let app = App::verifying().await;
    let longest = format!("{}@{}.de", "a".repeat(64), "d".repeat(63));
    for email in [
        "a@b.de",
        "o'neil_x+1@sub.example.co.uk",
        "1@xn--bcher-kva.example",
        "#!$%&*/=?^`{|}~@b.de",
        &longest,
    ] {
        assert_eq!(app.register(email).await.status, 201, "{email}");
    }
    assert_eq!(app.mails().await.len(), 5);
}
