//! Starts servers again that die by themselves.

use std::{sync::Weak, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    embedded::Servers,
    server::{Kept, Server},
};

const LOOK_EVERY: Duration = Duration::from_millis(250);
const TIDY_EVERY: Duration = Duration::from_secs(300);

/// The longest wait between two tries. It never gives up: a full disk gets room again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A server that ran this long is taken for healthy, so that its next death is answered at once.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// Watches until nobody holds the servers any longer.
pub(crate) async fn watch(servers: Weak<Servers>) {
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
