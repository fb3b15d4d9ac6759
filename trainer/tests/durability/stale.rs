//! Reads that say themselves that they do not show everything yet.

use std::time::{Duration, Instant};

use crate::is_undisturbed;
use crate::program::{Answer, Ask, Client};

/// How long what was written may not be shown on a machine that is busy with other tests.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// Reads again while the answer says that it is stale: only what does not say so must be right. Gives that answer, and how
/// many were stale before.
pub(crate) async fn read_until_fresh(client: &mut Client, ask: &Ask) -> (Answer, u64) {
    let (began, mut stale) = (Instant::now(), 0);
    loop {
        let answer = client.send(ask).await.unwrap();
        if answer.header("trainer-consistency").is_none() {
            return (answer.must_be(200), stale);
        }
        assert!(began.elapsed() < SHOWN_WITHIN, "{ask} is stale after {:.1?}", began.elapsed());
        stale += 1;
    }
}

/// Says how many of so many were late. On a machine that has nothing else to do, none may be.
pub(crate) fn must_be_few(late: u64, what: &str, of: u64) {
    println!("{late} {what}, of {of}");
    assert!(late == 0 || !is_undisturbed(), "{late} {what}");
}
