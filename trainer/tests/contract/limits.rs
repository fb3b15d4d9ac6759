//! How many requests a client may send, with the limits as they are unless told otherwise.

use std::time::Instant;

use http::Method;
use serde_json::json;

use crate::client::Answer;
use crate::program::Program;
use crate::runner::{Ask, Runner};
use crate::training::run;

/// The budget that an answer tells: limit, what remains of it, and when it is whole again.
#[track_caller]
fn budget(answer: &Answer) -> (u32, u32, i64) {
    let number = |name: &str| {
        answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer:?}")).to_owned()
    };
    (
        number("x-ratelimit-limit").parse().unwrap(),
        number("x-ratelimit-remaining").parse().unwrap(),
        number("x-ratelimit-reset").parse().unwrap(),
    )
}

#[track_caller]
fn is_exceeded(answer: Answer, limit: u32) {
    let (of, remaining, reset) = budget(&answer);
    let retry_after: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    let now = chrono::Utc::now().timestamp();
    assert_eq!((of, remaining), (limit, 0));
    assert!((now..=now + 61).contains(&reset), "{reset} at {now}");
    assert!((1..=60).contains(&retry_after), "{retry_after}");
    answer.problem(429);
}

/// Sends the same until it is too much, which it must be after so many. Gives the statuses, and that answer.
async fn used_up<'a>(ask: impl Fn() -> Ask<'a>, most: usize) -> (Vec<u16>, Answer) {
    let mut statuses = vec![];
    for _ in 0..most {
        let answer = ask().await;
        statuses.push(answer.status);
        if answer.status == 429 {
            return (statuses, answer);
        }
    }
    panic!("no end to it: {statuses:?}");
}

#[tokio::test]
async fn each_client_has_its_budget_of_reads_writes_and_logins() {
    // Wrong passwords are counted apart, whatever the limits.
    let program = Program::start(&[("TRAINER_LOGIN_THROTTLE", "off")]);
    let (runner, other) = (Runner::of(&program).await, Runner::of(&program).await);

    // Whatever is asked for, and whatever the answer. On a busy machine some become free meanwhile: one every 0.6 s.
    let began = Instant::now();
    let free = || (began.elapsed().as_millis() / 600) as u32 + 1;
    for (number, method, path) in [
        (1, Method::GET, "/api/v1/plans"),
        (2, Method::GET, "/api/v1/plans/x"),
        (3, Method::GET, "/api/v1/nothing"),
        (4, Method::HEAD, "/api/v1/plans"),
        (5, Method::GET, "/api/v1/analytics/summary"),
        (6, Method::GET, "/api/v1/auth/me"),
    ] {
        let answer = runner.ask(method, path).await;
        let (limit, remaining, _) = budget(&answer);
        let left = 100 - number..=100 - number + free();
        assert!(limit == 100 && left.contains(&remaining), "{path}: {remaining} of {limit}");
    }
    for _ in 7..=100 {
        runner.get("/api/v1/plans").await.must_be(200);
    }
    let refused = loop {
        let answer = runner.get("/api/v1/plans").await;
        if answer.status == 429 {
            break answer;
        }
        let (_, remaining, _) = budget(&answer.must_be(200));
        assert!(remaining < free(), "{remaining} left");
    };
    is_exceeded(refused, 100);

    // Reads used up, there are still writes.
    let write = |body| runner.post("/api/v1/runs", body).header("prefer", "respond-async");
    for number in 1..=30 {
        let answer = write(if number % 2 == 0 { json!({}) } else { run() }).await;
        assert_eq!(answer.status, if number % 2 == 0 { 422 } else { 201 });
        let (limit, remaining, _) = budget(&answer);
        assert!(limit == 30 && remaining >= 30 - number, "{number}: {remaining}");
    }
    // One more becomes free every two seconds.
    let (statuses, refused) = used_up(|| write(run()), 200).await;
    assert!(statuses[..statuses.len() - 1].iter().all(|status| *status == 201), "{statuses:?}");
    is_exceeded(refused, 30);

    // Another user is another client, and so is nobody at the same address.
    other.get("/api/v1/plans").await.must_be(200);
    other.post("/api/v1/runs", run()).await.must_be(201);
    let nobody = Runner::unknown_to(&program);
    let answer = nobody.get("/api/v1/plans").await;
    assert_eq!(budget(&answer).0, 100);
    answer.problem(401);

    // Two have registered and logged in: that was four of ten attempts.
    let wrong = json!({ "email": runner.email, "password": "not this one" });
    let login = || nobody.post("/api/v1/auth/login", wrong.clone());
    let first = login().await;
    assert_eq!(budget(&first).0, 10);
    first.problem(401);
    let (statuses, refused) = used_up(login, 100).await;
    assert!(statuses[..statuses.len() - 1].iter().all(|status| *status == 401), "{statuses:?}");
    is_exceeded(refused, 10);
    // Of the same budget: at most the few that became free since.
    let (statuses, refused) =
        used_up(|| nobody.post("/api/v1/auth/register", json!({})), 100).await;
    assert!(statuses.len() <= 10, "{statuses:?}");
    is_exceeded(refused, 10);
    // Who is in stays in.
    other.get("/api/v1/plans").await.must_be(200);

    // Who watches over the program is never refused, and is told a budget too.
    for path in
        ["/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/redoc"]
    {
        let answer = nobody.get(path).until_available().await;
        assert!(answer.status < 400, "{path}");
        budget(&answer);
    }
}

#[tokio::test]
async fn limits_that_are_off_are_not_spoken_of() {
    let runner = Runner::new().await;
    for _ in 0..120 {
        let answer = runner.get("/api/v1/plans").await.must_be(200);
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
}
