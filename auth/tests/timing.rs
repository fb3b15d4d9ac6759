//! What the time of an answer tells. Alone in its program, so that no other test is in its way.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may, and its figures are for whoever reads its output"
)]

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "api/app.rs"]
mod app;

use std::time::{Duration, Instant};

use app::{Answer, App};
use rand::seq::SliceRandom;
use serde_json::{Value, json};

/// How often somebody tries who wants to know whether there is an account.
const TRIES: usize = 200;

/// What is no chance any more when it comes again.
const SUSPICIOUS: f64 = 0.1;

/// Whether accounts are there, locked or not, or are not: with a wrong password it is the same.
#[tokio::test]
async fn who_tries_two_hundred_times_cannot_tell_whether_there_is_an_account() {
    let app = App::start().await;
    for email in ["ann@example.org", "lea@example.org"] {
        assert_eq!(app.register(email).await.status, 201);
    }
    let lock = "update auth.users set locked_at = now() where email = 'lea@example.org'";
    sqlx::query(lock).execute(&app.pool).await.unwrap();

    let suspicion = suspicion(&app).await;
    if suspicion.abs() > SUSPICIOUS {
        // By chance a series is so once in some thousand, and two of them are so in the same way once in some million.
        let again = self::suspicion(&app).await;
        assert!(again * suspicion.signum() < SUSPICIOUS, "{suspicion:.3}, and again {again:.3}");
    }
}

/// How much more often than not a try takes longer when there is an account: 0 when nothing tells, 0.5 when everything
/// does.
async fn suspicion(app: &App) -> f64 {
    // In no order, so that what one try leaves behind slows whatever comes next, and not the others.
    let there = ["ann@example.org", "lea@example.org"].into_iter().cycle().take(TRIES);
    let nowhere = ["bob@example.org", "kim@example.org"].into_iter().cycle().take(TRIES);
    let mut tries: Vec<_> = there.zip([true; TRIES]).chain(nowhere.zip([false; TRIES])).collect();
    tries.shuffle(&mut rand::rng());
    let (mut with, mut without) = (vec![], vec![]);
    let mut answers = vec![];
    for (email, is_there) in tries {
        let attempt = json!({ "email": email, "password": "over hill, over dalf" });
        // Else soon whoever tries had to wait, for either.
        sqlx::query("delete from auth.login_throttle").execute(&app.pool).await.unwrap();
        let began = Instant::now();
        let answer = app.post("/api/v1/auth/login", attempt).await;
        if is_there { &mut with } else { &mut without }.push(began.elapsed());
        answer.is_problem(401);
        answers.push(said(answer));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let slower = share_of_slower(&with, &without);
    let (with, without) = (median(with), median(without));
    println!("{slower:.3} of pairs slower with an account; medians {with:?} and {without:?}");
    slower - 0.5
}

/// What an answer says, but for the name of the request.
fn said(mut answer: Answer) -> (Vec<String>, Value) {
    let headers = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
    answer.body["request_id"].take();
    (headers, answer.body)
}

/// In how many of all pairs one of the first took longer than one of the others: a half when nothing tells them apart.
fn share_of_slower(first: &[Duration], others: &[Duration]) -> f64 {
    let slower = |one: &Duration| others.iter().filter(|other| *other < one).count();
    let pairs = first.len() * others.len();
    first.iter().map(slower).sum::<usize>() as f64 / pairs as f64
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
