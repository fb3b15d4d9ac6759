use serde_json::json;

use crate::app::{App, PASSWORD};

const LOGIN: &str = "/api/v1/auth/login";

#[tokio::test]
async fn a_login_gives_a_pair_of_tokens_that_no_cache_keeps() {
    let app = App::start().await;
    let user_id = app.register("ann@example.org").await.body["user_id"].clone();
    let answer = app.login("ANN@example.org").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["access_token", "expires_in", "refresh_token", "token_type", "user_id"]
    );
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 900);
    assert_eq!(answer.body["user_id"], user_id);
    assert_eq!(
        app.me(answer.body["access_token"].as_str().unwrap()).await.body["user_id"],
        user_id
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_get_the_same_answer() {
    let app = App::start().await;
    assert_eq!(app.register("ann@example.org").await.status, 201);
    let mut answers = vec![];
    for (email, password) in [
        ("ann@example.org", "over hill, over dalf"),
        ("bob@example.org", PASSWORD),
        ("no address", PASSWORD),
        ("a\u{0}@example.org", PASSWORD),
        ("ann@example.org", ""),
        ("", ""),
    ] {
        let answer = app.post(LOGIN, json!({"email": email, "password": password})).await;
        answer.is_problem(401);
        let mut body = answer.body.clone();
        body.as_object_mut().unwrap().remove("request_id");
        answers.push((body, answer.header("www-authenticate").map(str::to_owned)));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn missing_and_unknown_fields_are_named() {
    let app = App::start().await;
    let answer = app.post(LOGIN, json!({"username": "ann@example.org", "password": 7})).await;
    answer.is_problem(422);
    assert_eq!(
        answer.violations(),
        [("email", "required"), ("password", "wrong_type"), ("username", "unknown_field")]
    );
}

#[tokio::test]
async fn more_logins_than_can_wait_are_sent_away_for_a_moment() {
    let app = App::start().await;
    assert_eq!(app.register("ann@example.org").await.status, 201);
    // For each core one works and 50 wait.
    let calls = std::thread::available_parallelism().unwrap().get() * 51 + 100;
    let answers = futures::future::join_all((0..calls).map(|_| app.login("ann@example.org"))).await;
    let refused = answers.iter().filter(|answer| answer.status == 503).collect::<Vec<_>>();
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(accepted + refused.len(), calls);
    assert!(accepted > 0 && !refused.is_empty(), "{accepted} accepted");
    assert!(refused.iter().all(|answer| answer.header("retry-after").is_some()));
    assert_eq!(app.login("ann@example.org").await.status, 200, "and afterwards all is well");
}
