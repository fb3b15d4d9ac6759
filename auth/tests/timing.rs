//! What the time of an answer tells. Alone in its program, so that no other test is in its way.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "api/app.rs"]
mod app;

use std::time::{Duration, Instant};

use app::App;
use serde_json::json;

#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
    const TRIES: usize = 60;
    let app = App::start().await;
    assert_eq!(app.register("ann@example.org").await.status, 201);
    let mut known = Duration::MAX;
    let mut unknown = Duration::MAX;
    // By turns, and only the fastest count: what else the machine does is in none of them.
    for _ in 0..TRIES {
        for (email, fastest) in [("ann@example.org", &mut known), ("bob@example.org", &mut unknown)]
        {
            let started = Instant::now();
            let attempt = json!({"email": email, "password": "over hill, over dalf"});
            app.post("/api/v1/auth/login", attempt).await.is_problem(401);
            *fastest = started.elapsed().min(*fastest);
        }
    }
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.8..1.25).contains(&ratio), "known {known:?}, unknown {unknown:?}");
}
