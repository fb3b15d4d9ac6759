//! What was acknowledged stays, whatever dies: the real program, killed, starved of NATS, and taken apart.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]
#![allow(
    clippy::print_stdout,
    reason = "figures and seeds are for whoever reads the test's output"
)]

mod behind_gateways;
mod blow;
mod checks;
mod crash;
mod failure_table;
mod faults;
mod foreign_transaction;
mod full_disk;
mod history;
mod history_checks;
mod house;
mod journal;
mod latencies;
mod line;
mod long_history;
mod mix;
mod outage;
mod outdated;
mod printing;
#[allow(dead_code, unused_imports, reason = "two test programs share it, and use different parts")]
mod program;
mod read_models;
mod rebuild_under_load;
mod report;
mod restart;
mod roles;
mod scene;
mod seen;
mod small_disk;
mod stale;
mod steady_load;
mod stock;
mod stopped_projector;
mod stopped_rebuild;
mod things;
mod torn_lines;
mod torture;
mod trouble;
mod two_of_each;
mod whole_tables;
mod write;
mod writer;

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T>(
    what: &str,
    within: Duration,
    ask: impl AsyncFn() -> Option<T>,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < within, "{what} takes longer than {within:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A number that the environment gives.
pub(crate) fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}

/// Whether the machine has nothing else to do, and what is promised in seconds is demanded: no read is stale, and others
/// take over in time. Beside other tests, in a program that is not optimized, whatever is late must only be right.
pub(crate) fn is_undisturbed() -> bool {
    number_from("TRAINER_TEST_FRESH") == Some(1)
}
