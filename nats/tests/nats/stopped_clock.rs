//! A clock that stands still: what happens all the same has not waited for time to pass.

use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use tokio::select;
use tokio::task::spawn_blocking;
use tokio::time;

/// Does something with the clock of this test stopped: whoever waits for a while waits for ever. Whether it was done so
/// within the patience; if not, the clock goes on, and it is done with time passing.
///
/// For tests on one thread, as only they can stop their clock.
pub(crate) async fn is_done_without_waiting(
    patience: Duration,
    work: impl Future<Output = ()>,
) -> bool {
    let (_stands, until) = mpsc::channel::<()>();
    // Tokio moves a stopped clock on as soon as there is nothing to do but to wait, unless something blocks.
    let mut impatience = spawn_blocking(move || until.recv_timeout(patience));
    let mut work = pin!(work);
    time::pause();
    let is_done = select! {
        biased;
        () = &mut work => true,
        _over = &mut impatience => false,
    };
    time::resume();
    if !is_done {
        work.await;
    }
    is_done
}
