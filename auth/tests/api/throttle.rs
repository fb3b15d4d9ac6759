use std::net::SocketAddr;
use std::time::Instant;

use auth::{AuthSettings, LoginThrottle};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use serde_json::json;

use crate::app::{Answer, App, PASSWORD};
use crate::familiar::login_from;

const WRONG: &str = "over hill, over dalf";
const HOME: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.9";

async fn login_as(app: &App, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password}).to_string();
    let from: SocketAddr = format!("{address}:4711").parse().unwrap();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/auth/login")
        .header("content-type", "application/json")
        .extension(ConnectInfo(from));
    app.send(request.body(Body::from(body)).unwrap()).await
}

/// Lets time pass, for all that was counted.
async fn wait(app: &App, seconds: i32) {
    sqlx::query(
        "update auth.login_throttle set last_failed_at = last_failed_at - make_interval(secs => $1),
                                        blocked_until = blocked_until - make_interval(secs => $1)",
    )
    .bind(f64::from(seconds))
    .execute(&app.pool)
    .await
    .unwrap();
}

/// By how much waits are made longer, so that the next attempt has to wait however late it comes.
const LONGER_S: u64 = 100;

/// Makes all waits longer.
async fn prolong(app: &App) {
    shift_waits(app, LONGER_S as f64).await;
}

/// Makes them what they were.
async fn shorten(app: &App) {
    shift_waits(app, -(LONGER_S as f64)).await;
}

async fn shift_waits(app: &App, seconds: f64) {
    sqlx::query(
        "update auth.login_throttle set blocked_until = blocked_until + make_interval(secs => $1)
          where blocked_until > last_failed_at",
    )
    .bind(seconds)
    .execute(&app.pool)
    .await
    .unwrap();
}

/// The wait that the last attempt has led to, in seconds.
async fn last_wait_s(app: &App) -> u64 {
    let seconds: i64 = sqlx::query_scalar(
        "select ceil(extract(epoch from blocked_until - last_failed_at))::bigint from auth.login_throttle
          where blocked_until > last_failed_at order by last_failed_at desc limit 1",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    seconds.unsigned_abs()
}

fn retry_after(answer: &Answer) -> u64 {
    answer.is_problem(429);
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn delays_grow_to_a_limit_and_are_the_same_for_addresses_without_an_account() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    let mut seen = vec![];
    for email in ["ann@example.org", "nobody@example.org"] {
        for attempt in 1..=10 {
            // From everywhere: what counts is the account.
            let address = format!("203.0.113.{attempt}");
            login_as(&app, &address, email, WRONG).await.is_problem(401);
        }
        let mut waits = vec![];
        for attempt in 20..34 {
            let seconds = last_wait_s(&app).await;
            prolong(&app).await;
            let refused = login_as(&app, ELSEWHERE, email, WRONG).await;
            shorten(&app).await;
            let told = retry_after(&refused);
            assert!((seconds..=seconds + LONGER_S).contains(&told), "{told} of {seconds}");
            let mut body = refused.body.clone();
            body.as_object_mut().unwrap().remove("request_id");
            waits.push((seconds, body));
            wait(&app, i32::try_from(seconds).unwrap()).await;
            let address = format!("203.0.113.{attempt}");
            login_as(&app, &address, email, WRONG).await.is_problem(401);
        }
        let seconds: Vec<_> = waits.iter().map(|(seconds, _)| *seconds).collect();
        assert_eq!(seconds[0], 1, "{seconds:?}");
        assert!(seconds[1..9].windows(2).all(|pair| pair[1] * 2 >= pair[0] * 3), "{seconds:?}");
        assert!(seconds[9..].iter().all(|wait| (300..=900).contains(wait)), "{seconds:?}");
        seen.push(waits);
    }
    for ((known_s, known), (unknown_s, unknown)) in seen[0].iter().zip(&seen[1]) {
        // What the counting itself takes is in it.
        assert!(known_s.abs_diff(*unknown_s) <= known_s / 50 + 1, "{known_s} {unknown_s}");
        assert_eq!((&known["type"], &known["title"]), (&unknown["type"], &unknown["title"]));
    }
}

#[tokio::test]
async fn the_right_password_waits_too_and_ends_the_wait_afterwards() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    for attempt in 1..=10 {
        login_as(&app, &format!("203.0.113.{attempt}"), "ann@example.org", WRONG)
            .await
            .is_problem(401);
    }
    prolong(&app).await;
    retry_after(&login_as(&app, ELSEWHERE, "ann@example.org", PASSWORD).await);
    shorten(&app).await;
    wait(&app, 1).await;
    assert_eq!(login_as(&app, ELSEWHERE, "ann@example.org", PASSWORD).await.status, 200);
    // Elsewhere is familiar now; from a third place all is counted anew, too.
    for attempt in 1..=9 {
        login_as(&app, &format!("203.0.113.{attempt}"), "ann@example.org", WRONG)
            .await
            .is_problem(401);
    }
}

#[tokio::test]
async fn strangers_do_not_lock_the_owner_out() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    assert_eq!(login_from(&app, HOME, "curl", PASSWORD).await.status, 200);
    for attempt in 1..=10 {
        login_as(&app, &format!("203.0.113.{attempt}"), "ann@example.org", WRONG)
            .await
            .is_problem(401);
    }
    prolong(&app).await;
    retry_after(&login_as(&app, ELSEWHERE, "ann@example.org", PASSWORD).await);
    assert_eq!(login_from(&app, HOME, "curl", PASSWORD).await.status, 200, "at home all is well");
    retry_after(&login_as(&app, ELSEWHERE, "ann@example.org", PASSWORD).await);
    // Even at home guesses are counted.
    for _ in 0..10 {
        login_from(&app, HOME, "curl", WRONG).await.is_problem(401);
    }
    prolong(&app).await;
    retry_after(&login_from(&app, HOME, "curl", PASSWORD).await);

    // Whoever reads the account's mail gets in from anywhere, however long strangers go on.
    app.post("/api/v1/auth/forgot-password", json!({"email": "ann@example.org"})).await;
    let token = app.mail().await.token();
    let from: SocketAddr = format!("{ELSEWHERE}:4711").parse().unwrap();
    let body = json!({"token": token, "new_password": "thorough bush, thorough brier"}).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/auth/reset-password")
        .header("content-type", "application/json")
        .extension(ConnectInfo(from));
    assert_eq!(app.send(request.body(Body::from(body)).unwrap()).await.status, 204);
    for attempt in 1..=11 {
        login_as(&app, &format!("203.0.113.{attempt}"), "ann@example.org", WRONG).await;
    }
    prolong(&app).await;
    retry_after(
        &login_as(&app, "203.0.113.99", "ann@example.org", "thorough bush, thorough brier").await,
    );
    let owner = login_as(&app, ELSEWHERE, "ann@example.org", "thorough bush, thorough brier").await;
    assert_eq!(owner.status, 200);
}

#[tokio::test]
async fn a_network_that_tries_many_accounts_waits_and_whoever_is_at_home_there_does_not() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    assert_eq!(login_from(&app, HOME, "curl", PASSWORD).await.status, 200);
    for number in 0..30 {
        login_as(&app, HOME, &format!("bob{number}@example.org"), WRONG).await.is_problem(401);
    }
    prolong(&app).await;
    retry_after(&login_as(&app, HOME, "bob99@example.org", WRONG).await);
    shorten(&app).await;
    login_as(&app, ELSEWHERE, "bob99@example.org", WRONG).await.is_problem(401);
    assert_eq!(login_from(&app, HOME, "curl", PASSWORD).await.status, 200);
    wait(&app, 60).await;
    login_as(&app, HOME, "bob98@example.org", WRONG).await.is_problem(401);
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_are_answered_than_one_after_the_other() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    let guesses = (0..60).map(|number| {
        let (app, address) = (&app, format!("203.0.113.{number}"));
        // The right one is among them, somewhere behind.
        let password = if number == 59 { PASSWORD } else { WRONG };
        async move { login_as(app, &address, "ann@example.org", password).await.status.as_u16() }
    });
    let began = Instant::now();
    let statuses = futures::future::join_all(guesses).await;
    // Ten are free, and one more after 1 s, 2 s, 4 s and so on.
    let free = 10 + (began.elapsed().as_secs() + 1).ilog2() as usize;
    let answered = statuses.iter().filter(|status| **status != 429).count();
    // On a slow machine a wait is over before the right one is looked at: with it counting begins anew for those behind it.
    let begins_anew = free > 10 && statuses.contains(&200);
    let most = if begins_anew { free + 10 } else { free };
    assert!((10..=most).contains(&answered), "{most} {statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401, 429].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn a_token_does_not_help_to_guess_the_password() {
    let app = App::start().await;
    let pair = app.ann().await;
    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let guess = async |path: &str| {
        let body = match path {
            "change-password" => {
                json!({"current_password": WRONG, "new_password": "thorough bush"})
            }
            _ => json!({"current_password": WRONG, "new_email": "new@example.org"}),
        };
        app.call(
            Method::POST,
            &format!("/api/v1/auth/{path}"),
            &[("authorization", &bearer)],
            &body,
        )
        .await
    };
    for _ in 0..5 {
        guess("change-password").await.is_problem(422);
        guess("change-email").await.is_problem(422);
    }
    prolong(&app).await;
    retry_after(&guess("change-password").await);
    retry_after(&guess("change-email").await);
    assert_eq!(app.login("ann@example.org").await.status, 200, "sign-in is counted apart");
}

#[tokio::test]
async fn a_sign_in_that_succeeds_writes_no_count_and_old_ones_go() {
    let app = App::start().await;
    app.ann().await;
    let counts = async || -> i64 {
        sqlx::query_scalar("select count(*) from auth.login_throttle")
            .fetch_one(&app.pool)
            .await
            .unwrap()
    };
    assert_eq!(counts().await, 0);
    login_as(&app, HOME, "ann@example.org", WRONG).await.is_problem(401);
    assert_eq!(counts().await, 2);
    wait(&app, 25 * 3600).await;
    login_as(&app, ELSEWHERE, "bob@example.org", WRONG).await.is_problem(401);
    assert_eq!(counts().await, 2, "only those of today");
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let login_throttle = LoginThrottle::Off;
    let app = App::with_settings(AuthSettings { login_throttle, ..AuthSettings::default() }).await;
    app.register("ann@example.org").await;
    for _ in 0..14 {
        login_as(&app, HOME, "ann@example.org", WRONG).await.is_problem(401);
    }
    assert_eq!(login_as(&app, HOME, "ann@example.org", PASSWORD).await.status, 200);
}
