//! Starts servers again that die by themselves, and ends those that are stuck.

use std::{sync::Weak, time::Duration};

use tokio::{
    join,
    time::{Instant, sleep},
};

use crate::{
    embedded::Servers,
    nats::Nats,
    server::{Kept, Server},
};

const LOOK_EVERY: Duration = Duration::from_millis(250);
const TIDY_EVERY: Duration = Duration::from_secs(300);

/// The longest wait between two tries. It never gives up: a full disk gets room again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A server that ran this long is taken for healthy, so that its next death is answered at once.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// How often a server that runs is asked whether it works, and how many times in a row it must be
/// stuck before it is ended: what a busy machine makes slow is not.
const ASK_EVERY: Duration = Duration::from_secs(5);
const STUCK_TIMES: u32 = 3;

/// Watches until nobody holds the servers any longer.
pub(crate) async fn watch(servers: Weak<Servers>) {
    join!(start_the_dead(servers.clone()), end_the_stuck(servers));
}

async fn end_the_stuck(servers: Weak<Servers>) {
    let mut times = 0;
    loop {
        sleep(ASK_EVERY).await;
        let Some(servers) = servers.upgrade() else { return };
        times = if servers.nats.server().is_stuck().await { times + 1 } else { 0 };
        if times == STUCK_TIMES {
            times = 0;
            tracing::error!(
                server = Nats::NAME,
                "a private server answers but does not work, starting it again; is the disk full?"
            );
            if let Err(error) = servers.nats.end_stuck().await {
                tracing::error!(server = Nats::NAME, %error, "a stuck private server could not be ended");
            }
        }
    }
}

async fn start_the_dead(servers: Weak<Servers>) {
    let mut postgres = Patience::default();
    let mut nats = Patience::default();
    let mut tidied = Instant::now();
    loop {
        sleep(LOOK_EVERY).await;
        let Some(servers) = servers.upgrade() else { return };
        look_after(&servers.postgres, &mut postgres).await;
        look_after(&servers.nats, &mut nats).await;
        if tidied.elapsed() > TIDY_EVERY {
            servers.postgres.server().tidy();
            servers.nats.server().tidy();
            tidied = Instant::now();
        }
    }
}

/// How long to wait before a server is started again.
#[derive(Default)]
struct Patience {
    failures: u32,
    last_try: Option<Instant>,
}

impl Patience {
    /// At once for the first time, then after 1, 2, 4, … seconds.
    fn wait(&self) -> Duration {
        match self.failures {
            0 => Duration::ZERO,
            failures => Duration::from_secs(1 << (failures - 1).min(8)).min(LONGEST_WAIT),
        }
    }

    fn allows_a_try(&mut self) -> bool {
        let Some(last_try) = self.last_try else { return true };
        if last_try.elapsed() > HEALTHY_AFTER {
            self.failures = 0;
        }
        last_try.elapsed() >= self.wait()
    }
}

/// Starts a server again that has died, if it is time to.
async fn look_after<S: Server>(kept: &Kept<S>, patience: &mut Patience) {
    if !kept.has_died() || !patience.allows_a_try() {
        return;
    }
    tracing::warn!(
        server = S::NAME,
        failures = patience.failures,
        "a private server died, starting it again"
    );
    patience.failures = patience.failures.saturating_add(1);
    patience.last_try = Some(Instant::now());
    if let Err(error) = kept.restart().await {
        let wait_s = patience.wait().as_secs();
        tracing::error!(server = S::NAME, %error, wait_s, "a private server could not be started again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_get_rarer_but_never_stop() {
        let waits: Vec<u64> =
            (0..8).map(|failures| Patience { failures, last_try: None }.wait().as_secs()).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(Patience { failures: u32::MAX, last_try: None }.wait(), LONGEST_WAIT);
    }
}
