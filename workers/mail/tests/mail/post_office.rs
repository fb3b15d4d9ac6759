//! A database with a queue, and workers on it.

use std::time::Duration;

use mail::{
    Attachment, Delivery, Envelope, Letter, MailId, Pace, SealingKey, SmtpServer as Server, Worker,
    enqueue,
};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// In a hurry, so that tests are.
pub(crate) const PACE: Pace = Pace {
    poll: Duration::from_millis(20),
    // No test waits until one is over.
    lease: Duration::from_secs(60),
    first_delay: Duration::from_millis(50),
    longest_delay: Duration::from_millis(400),
    max_attempts: 4,
    longest_outage_delay: Duration::from_millis(100),
};

pub(crate) struct PostOffice {
    pub(crate) pool: PgPool,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) attempts: i32,
    pub(crate) is_sent: bool,
    pub(crate) is_failed: bool,
    pub(crate) has_content: bool,
    pub(crate) reason: Option<String>,
}

pub(crate) fn key() -> SealingKey {
    SealingKey::new([42; 32])
}

pub(crate) fn smtp(port: u16) -> Delivery {
    Delivery::Smtp(Server::parse(&format!("smtp://127.0.0.1:{port}?tls=none"), None).unwrap())
}

impl PostOffice {
    pub(crate) async fn open() -> Self {
        let url = embedded::testing::shared().database().await;
        let pool = PgPoolOptions::new().max_connections(12).connect(&url).await.unwrap();
        sqlx::migrate!("../../migrations").run(&pool).await.unwrap();
        Self { pool }
    }

    pub(crate) fn worker(&self, delivery: Delivery) -> Worker {
        Worker {
            pool: self.pool.clone(),
            key: key(),
            from: "Running Trainer <trainer@example.org>".parse().unwrap(),
            delivery,
            pace: PACE,
        }
    }

    /// Starts a worker that ends in order when the token is cancelled, and at once when the handle is aborted.
    pub(crate) fn start(&self, delivery: Delivery) -> (CancellationToken, JoinHandle<()>) {
        self.start_worker(self.worker(delivery))
    }

    pub(crate) fn start_worker(&self, worker: Worker) -> (CancellationToken, JoinHandle<()>) {
        let stop = CancellationToken::new();
        let running = tokio::spawn(mail::run(worker, stop.clone()));
        (stop, running)
    }

    pub(crate) async fn queue(&self, to: &str) -> MailId {
        self.queue_letter(to, &Letter::AddressTaken { link: "https://example.org/x" }, vec![]).await
    }

    pub(crate) async fn queue_letter(
        &self,
        to: &str,
        letter: &Letter<'_>,
        attachments: Vec<Attachment>,
    ) -> MailId {
        let envelope = Envelope { to, about: None, useless_at: None };
        let mut connection = self.pool.acquire().await.unwrap();
        enqueue(&mut connection, &key(), envelope, letter, attachments).await.unwrap()
    }

    pub(crate) async fn row(&self, mail_id: MailId) -> Row {
        let (attempts, is_sent, is_failed, has_content, reason) = sqlx::query_as(
            "select attempts, sent_at is not null, failed_at is not null, content is not null, reason
               from mail.queue where mail_id = $1",
        )
        .bind(mail_id.0)
        .fetch_one(&self.pool)
        .await
        .unwrap();
        Row { attempts, is_sent, is_failed, has_content, reason }
    }

    /// Waits until a mail is as it should be.
    pub(crate) async fn until(&self, mail_id: MailId, is_so: impl Fn(&Row) -> bool) -> Row {
        for _ in 0..6_000 {
            let row = self.row(mail_id).await;
            if is_so(&row) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:?}", self.row(mail_id).await);
    }
}
