use std::time::{Duration, Instant};

use metrics::{counter, gauge};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::content::Content;
use crate::delivery::{Connection, Delivery, Refusal, write_to_folder};
use crate::message::message;
use crate::queue::{
    Claimed, anything_due, claim, failed, forget_old, give_up_the_late, put_off, queue_state, sent,
};
use crate::worker::Worker;

/// How often the queue is counted, and old mails are forgotten.
const UPKEEP: Duration = Duration::from_secs(15);

/// A worker at work.
pub(crate) struct Carrier {
    worker: Worker,
    connection: Option<Connection>,
    /// How often in a row the server could not be reached.
    failures: u32,
    upkeep_at: Instant,
}

/// What a mail met with.
enum Outcome {
    Sent,
    PutOff(String),
    Failed(String),
    /// Its lease is nearly over: another worker may have it already.
    TooLate,
}

impl Carrier {
    pub(crate) fn new(worker: Worker) -> Self {
        Self { worker, connection: None, failures: 0, upkeep_at: Instant::now() }
    }

    /// Sends all that is due. How long to wait for the next round.
    pub(crate) async fn round(&mut self, shutdown: &CancellationToken) -> Duration {
        let worked = self.work(shutdown).await;
        match worked {
            Ok(pause) => pause,
            Err(error) => {
                warn!(%error, "the queue of mails cannot be read, trying again");
                self.worker.pace.outage_delay(4)
            }
        }
    }

    async fn work(&mut self, shutdown: &CancellationToken) -> Result<Duration, sqlx::Error> {
        let Worker { pool, pace, .. } = self.worker.clone();
        self.look_after_the_queue().await?;
        while !shutdown.is_cancelled() && anything_due(&pool).await? {
            if let Err(why) = self.be_connected().await {
                self.failures += 1;
                counter!("trainer_mail_server_unreachable_total").increment(1);
                let pause = pace.outage_delay(self.failures);
                warn!(
                    why,
                    retry_s = pause.as_secs_f64(),
                    "the SMTP server cannot be used, mails wait"
                );
                return Ok(pause);
            }
            self.failures = 0;
            let began = Instant::now();
            let Some(claimed) = claim(&pool, pace.lease).await? else { break };
            self.deliver(claimed, began).await;
        }
        self.hang_up().await;
        Ok(pace.poll)
    }

    async fn look_after_the_queue(&mut self) -> Result<(), sqlx::Error> {
        let Worker { pool, pace, .. } = &self.worker;
        let given_up = give_up_the_late(pool, pace.max_attempts).await?;
        if given_up > 0 {
            warn!(mails = given_up, "mails given up; `trainer mail list` says why");
            counter!("trainer_mails_total", "outcome" => "failed").increment(given_up);
        }
        if self.upkeep_at <= Instant::now() {
            self.upkeep_at = Instant::now() + UPKEEP;
            forget_old(pool).await?;
            gauge!("trainer_mails_waiting").set(queue_state(pool).await?.waiting as f64);
        }
        Ok(())
    }

    /// Has a conversation with the server, where there is one: whether it can be had says nothing about any mail.
    async fn be_connected(&mut self) -> Result<(), String> {
        let Delivery::Smtp(server) = &self.worker.delivery else { return Ok(()) };
        if let Some(connection) = &mut self.connection
            && connection.is_alive().await
        {
            return Ok(());
        }
        self.connection = Some(Connection::open(server).await?);
        Ok(())
    }

    /// Takes leave of the server.
    pub(crate) async fn hang_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
    }

    async fn deliver(&mut self, claimed: Claimed, began: Instant) {
        let Claimed { mail_id, lease, attempts, .. } = claimed;
        let kind = claimed.kind.clone();
        let mut outcome = self.hand_over(claimed, began).await;
        let Worker { pool, pace, .. } = &self.worker;
        if let Outcome::PutOff(why) = &outcome
            && attempts >= pace.max_attempts
        {
            outcome = Outcome::Failed(format!("tried {attempts} times; the last attempt: {why}"));
        }
        // What happened must get into the queue, or it happens again.
        let until = began + pace.lease / 2;
        loop {
            let settled = match &outcome {
                Outcome::Sent => sent(pool, mail_id, lease).await,
                Outcome::PutOff(why) => {
                    put_off(pool, mail_id, lease, pace.delay(attempts), why).await
                }
                Outcome::Failed(why) => failed(pool, mail_id, lease, why).await,
                Outcome::TooLate => return,
            };
            match settled {
                Ok(true) => break,
                Ok(false) => {
                    warn!(mail.id = %mail_id, "another worker has taken this mail, or it was erased");
                    return;
                }
                Err(error) if Instant::now() < until => {
                    warn!(mail.id = %mail_id, %error, "it is not stored yet what became of a mail");
                    tokio::time::sleep(pace.poll).await;
                }
                Err(error) => {
                    error!(mail.id = %mail_id, %error, "it is not stored what became of a mail");
                    return;
                }
            }
        }
        // Not why: servers like to quote the recipient.
        let outcome = match outcome {
            Outcome::Sent => {
                info!(mail.id = %mail_id, mail.kind = kind, attempts, "mail sent");
                "sent"
            }
            Outcome::PutOff(_) => {
                info!(mail.id = %mail_id, mail.kind = kind, attempts, "mail not taken, trying again");
                "put_off"
            }
            Outcome::Failed(_) => {
                warn!(mail.id = %mail_id, mail.kind = kind, attempts, "mail given up; `trainer mail list` says why");
                "failed"
            }
            Outcome::TooLate => return,
        };
        counter!("trainer_mails_total", "outcome" => outcome).increment(1);
    }

    async fn hand_over(&mut self, claimed: Claimed, began: Instant) -> Outcome {
        let Claimed { mail_id, kind, recipient, sealed, queued_at, .. } = claimed;
        let Worker { key, from, delivery, pace, .. } = &self.worker;
        let Ok(opened) = key.open(&sealed, mail_id.0.as_bytes()) else {
            return Outcome::Failed("it was sealed under another master key".to_owned());
        };
        let Ok(content) = serde_json::from_slice::<Content>(&opened) else {
            return Outcome::Failed("it was queued by another version of the program".to_owned());
        };
        let message = match message(from, mail_id, &recipient, queued_at, content) {
            Ok(message) => message,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        if began.elapsed() > pace.lease / 2 {
            return Outcome::TooLate;
        }
        match (delivery, &mut self.connection) {
            (Delivery::Folder(folder), _) => {
                match write_to_folder(folder, mail_id, &kind, queued_at, message.formatted()).await
                {
                    Ok(file) => {
                        info!(file = %file.display(), "mail written");
                        Outcome::Sent
                    }
                    Err(error) => Outcome::PutOff(error.to_string()),
                }
            }
            (Delivery::Smtp(_), Some(connection)) => {
                let refused = connection.send(message.envelope(), &message.formatted()).await;
                let Err(refusal) = refused else { return Outcome::Sent };
                // After a refusal a conversation may be anywhere.
                self.hang_up().await;
                match refusal {
                    Refusal::ForGood(why) => Outcome::Failed(why),
                    Refusal::ForNow(why) => Outcome::PutOff(why),
                }
            }
            (Delivery::Smtp(_), None) => Outcome::PutOff("there was no connection".to_owned()),
        }
    }
}
