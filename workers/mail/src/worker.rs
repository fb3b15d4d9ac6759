//! Sends what waits in the queue. Any number of workers share it: each mail is taken by one of them.
//!
//! A mail is sent once as far as SMTP allows. Between a server's "taken" and the commit that says so a worker may be
//! killed; then the mail is sent again after its lease, with the same `Message-ID`. Nothing else makes it come twice.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::carrier::Carrier;
use crate::delivery::Delivery;
use crate::message::Sender;
use crate::sealing_key::SealingKey;

/// How long a mail that is on its way may take when the worker is told to stop.
const GRACE: Duration = Duration::from_secs(8);

/// What a worker works with.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Where the queue is.
    pub pool: PgPool,
    /// The key that mails lie under.
    pub key: SealingKey,
    /// Whom mails are from.
    pub from: Sender,
    /// Where mails go.
    pub delivery: Delivery,
    /// How fast.
    pub pace: Pace,
}

/// How long a worker waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often it looks for mails.
    pub poll: Duration,
    /// For how long a mail is its own: longer than any server takes.
    pub lease: Duration,
    /// How long a mail waits that was not taken the first time. Four times as long the next time.
    pub first_delay: Duration,
    /// The longest of these delays.
    pub longest_delay: Duration,
    /// How often a mail is tried.
    pub max_attempts: u32,
    /// The longest wait for a server that cannot be reached. Mails do not count it as an attempt.
    pub longest_outage_delay: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(1),
            lease: Duration::from_secs(5 * 60),
            first_delay: Duration::from_secs(30),
            longest_delay: Duration::from_secs(6 * 60 * 60),
            max_attempts: 8,
            longest_outage_delay: Duration::from_secs(60),
        }
    }
}

impl Pace {
    pub(crate) fn delay(&self, attempts: u32) -> Duration {
        let growth = 4_u32.saturating_pow(attempts.saturating_sub(1));
        self.first_delay.saturating_mul(growth).min(self.longest_delay)
    }

    pub(crate) fn outage_delay(&self, failures: u32) -> Duration {
        let growth = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.poll.saturating_mul(growth).min(self.longest_outage_delay)
    }
}

/// Sends mails until told to stop. Errors are logged and tried again.
pub async fn run(worker: Worker, shutdown: CancellationToken) {
    match &worker.delivery {
        Delivery::Smtp(server) => info!(?server, "mails are sent through SMTP"),
        Delivery::Folder(folder) => {
            info!(folder = %folder.display(), "no SMTP server is set: mails are written to files");
        }
    }
    let mut carrier = Carrier::new(worker);
    let stopped = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::pin!(stopped);
    while !shutdown.is_cancelled() {
        let pause = tokio::select! {
            () = &mut stopped => return,
            pause = carrier.round(&shutdown) => pause,
        };
        shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
    carrier.hang_up().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_limit() {
        let pace = Pace::default();
        let delays: Vec<_> = (1..=9).map(|attempts| pace.delay(attempts).as_secs()).collect();
        assert_eq!(delays, [30, 120, 480, 1_920, 7_680, 21_600, 21_600, 21_600, 21_600]);
        assert_eq!(pace.delay(u32::MAX), pace.longest_delay);
        let outages: Vec<_> =
            (1..=8).map(|failures| pace.outage_delay(failures).as_secs()).collect();
        assert_eq!(outages, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pace.outage_delay(u32::MAX), pace.longest_outage_delay);
    }
}
