use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, PASSWORD};

const FORGOT: &str = "/api/v1/auth/forgot-password";
const RESET: &str = "/api/v1/auth/reset-password";
const NEW: &str = "thorough bush, thorough brier";

async fn login(app: &App, password: &str) -> Answer {
    app.post("/api/v1/auth/login", json!({"email": "ann@example.org", "password": password})).await
}

#[tokio::test]
async fn with_the_token_of_a_mail_another_password_is_set_and_every_session_ends() {
    let app = App::start().await;
    let here = app.ann().await;
    let answer = app.post(FORGOT, json!({"email": "Ann@Example.org"})).await;
    assert_eq!((answer.status.as_u16(), answer.body), (202, Value::Null));
    let mail = app.mail().await;
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ann@example.org", "Set another password")
    );
    assert_eq!(login(&app, PASSWORD).await.status, 200, "asking changes nothing");

    let token = mail.token();
    let reset = app.post(RESET, json!({"token": token, "new_password": NEW})).await;
    assert_eq!((reset.status.as_u16(), reset.body), (204, Value::Null));
    login(&app, PASSWORD).await.is_problem(401);
    app.me(here["access_token"].as_str().unwrap()).await.is_problem(401);
    app.refresh(&here["refresh_token"]).await.is_problem(401);
    let after = login(&app, NEW).await;
    assert_eq!(after.status, 200);
    let me = app.me(after.body["access_token"].as_str().unwrap()).await.body;
    assert_eq!(me["email_verified"], true, "who reads the mail has the address");
    assert_eq!(app.mail().await.subject, "Your password was changed");

    let again =
        app.post(RESET, json!({"token": token, "new_password": "yet another password"})).await;
    again.is_problem(422);
    assert_eq!(again.violations(), [("token", "invalid_token")]);
    let kinds: Vec<String> =
        sqlx::query_scalar("select kind from auth.activity order by happened_at")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    for kind in ["password_reset_requested", "password_reset"] {
        assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    }
}

#[tokio::test]
async fn nobody_learns_whether_there_is_an_account_and_strangers_get_no_mail() {
    let app = App::start().await;
    let answer = app.post(FORGOT, json!({"email": "nobody@example.org"})).await;
    assert_eq!((answer.status.as_u16(), answer.body), (202, Value::Null));
    assert_eq!(app.mails().await.len(), 0);
    app.post(FORGOT, json!({"email": "no address"})).await.is_problem(422);
    app.post(FORGOT, json!({})).await.is_problem(422);
}

#[tokio::test]
async fn a_mailbox_is_not_flooded_even_by_many_at_once() {
    let app = App::start().await;
    app.ann().await;
    let asked = (0..12).map(|_| app.post(FORGOT, json!({"email": "ann@example.org"})));
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert_eq!(app.mails().await.len(), 3);
}

#[tokio::test]
async fn a_bad_password_or_token_changes_nothing_and_the_token_stays_good() {
    let app = App::start().await;
    app.ann().await;
    app.post(FORGOT, json!({"email": "ann@example.org"})).await;
    let token = app.mail().await.token();
    for (password, code) in
        [("short", "too_short"), ("ann@example.org", "like_email"), ("password123", "too_common")]
    {
        let refused = app.post(RESET, json!({"token": token, "new_password": password})).await;
        refused.is_problem(422);
        assert_eq!(refused.violations(), [("new_password", code)]);
    }
    for wrong in ["", "nonsense", "a\u{0}b", &token[1..]] {
        let refused = app.post(RESET, json!({"token": wrong, "new_password": NEW})).await;
        refused.is_problem(422);
        assert_eq!(refused.violations(), [("token", "invalid_token")]);
    }
    // One that verifies an address sets no password.
    app.post("/api/v1/auth/resend-verification", json!({"email": "ann@example.org"})).await;
    let other = app.mail().await.token();
    app.post(RESET, json!({"token": other, "new_password": NEW})).await.is_problem(422);
    app.post("/api/v1/auth/verify-email", json!({"token": token})).await.is_problem(422);
    assert_eq!(login(&app, PASSWORD).await.status, 200);

    let at_once = (0..4).map(|_| app.post(RESET, json!({"token": token, "new_password": NEW})));
    let answers = futures::future::join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
    assert_eq!(login(&app, NEW).await.status, 200);
}

#[tokio::test]
async fn a_changed_password_makes_links_on_their_way_worthless() {
    let app = App::start().await;
    let pair = app.ann().await;
    app.post(FORGOT, json!({"email": "ann@example.org"})).await;
    let token = app.mail().await.token();
    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    let changed = app
        .call(Method::POST, "/api/v1/auth/change-password", &[("authorization", &bearer)], &body)
        .await;
    assert_eq!(changed.status, 204);
    assert_eq!(app.mail().await.subject, "Your password was changed");
    app.post(RESET, json!({"token": token, "new_password": "yet another password"}))
        .await
        .is_problem(422);
}

#[tokio::test]
async fn who_made_an_account_with_anothers_address_keeps_no_key_to_it() {
    let app = App::start().await;
    let eve = app.ann().await;
    let bearer = format!("Bearer {}", eve["access_token"].as_str().unwrap());
    let body = json!({"name": "a back door", "scopes": ["read"]});
    let key =
        app.call(Method::POST, "/api/v1/auth/api-keys", &[("authorization", &bearer)], &body).await;
    let key = key.body["key"].as_str().unwrap().to_owned();
    assert_eq!(app.me(&key).await.status, 200);
    app.post(FORGOT, json!({"email": "ann@example.org"})).await;
    let token = app.mail().await.token();
    assert_eq!(app.post(RESET, json!({"token": token, "new_password": NEW})).await.status, 204);
    app.me(&key).await.is_problem(401);

    // One that was made after the address was verified stays.
    let ann = login(&app, NEW).await.body;
    let bearer = format!("Bearer {}", ann["access_token"].as_str().unwrap());
    let key =
        app.call(Method::POST, "/api/v1/auth/api-keys", &[("authorization", &bearer)], &body).await;
    let key = key.body["key"].as_str().unwrap().to_owned();
    app.mails().await;
    app.post(FORGOT, json!({"email": "ann@example.org"})).await;
    let token = app.mail().await.token();
    assert_eq!(
        app.post(RESET, json!({"token": token, "new_password": PASSWORD})).await.status,
        204
    );
    assert_eq!(app.me(&key).await.status, 200);
}
