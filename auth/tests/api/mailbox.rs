//! The mails that are waiting in the queue, read as their readers will: written into a folder by the worker that sends
//! them, and read from there.

use std::fs;
use std::time::Duration;

use mail::{Delivery, Pace, Worker};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::app::{App, master_key};

/// A mail that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) to: String,
    pub(crate) subject: String,
    /// The plain text, as it is shown.
    pub(crate) text: String,
}

impl Received {
    /// The token in its link.
    pub(crate) fn token(&self) -> String {
        let (_, rest) = self.text.split_once("#token=").unwrap_or_else(|| panic!("{}", self.text));
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

impl App {
    /// Sends what waits, and gives all of it, the oldest first.
    pub(crate) async fn mails(&self) -> Vec<Received> {
        let folder = tempfile::tempdir().unwrap();
        let worker = Worker {
            pool: self.pool.clone(),
            key: master_key().mail_key(),
            from: "trainer@example.org".parse().unwrap(),
            delivery: Delivery::Folder(folder.path().to_owned()),
            pace: Pace::default(),
        };
        let stop = CancellationToken::new();
        let running = tokio::spawn(mail::run(worker, stop.clone()));
        let waiting = "select count(*) from mail.queue where sent_at is null and failed_at is null";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&self.pool).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
        running.await.unwrap();
        let order = "select mail_id::text from mail.queue order by queued_at, mail_id";
        let order: Vec<String> = sqlx::query_scalar(order).fetch_all(&self.pool).await.unwrap();
        let files: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        let of = |mail_id: &String| {
            let file =
                files.iter().find(|file| file.to_string_lossy().contains(mail_id.as_str()))?;
            Some(read(&fs::read_to_string(file).unwrap()))
        };
        order.iter().filter_map(of).collect()
    }

    /// Shows that an address is its owner's, by the mail that is sent there.
    pub(crate) async fn verify(&self, email: &str) {
        let (resend, body) = ("/api/v1/auth/resend-verification", json!({ "email": email }));
        assert_eq!(self.post(resend, body).await.status, 202);
        let mails = self.mails().await;
        let token = mails.iter().rfind(|mail| mail.to == email).unwrap().token();
        let verified = self.post("/api/v1/auth/verify-email", json!({ "token": token })).await;
        assert_eq!(verified.status, 204, "{}", verified.body);
    }

    /// The only mail that waits.
    pub(crate) async fn mail(&self) -> Received {
        let mut mails = self.mails().await;
        assert_eq!(mails.len(), 1, "{mails:#?}");
        mails.remove(0)
    }
}

fn read(message: &str) -> Received {
    let header = |name: &str| {
        let line = message.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{message}")).trim().to_owned()
    };
    let plain = message.split("Content-Type: text/plain").nth(1).unwrap();
    let plain = plain.split_once("\r\n\r\n").unwrap().1.split("\r\n--").next().unwrap();
    Received {
        to: header("To: "),
        subject: header("Subject: "),
        text: plain.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n"),
    }
}
