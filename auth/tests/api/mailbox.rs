//! The mails that are waiting in the queue, read as their readers will: written into a folder by the worker that sends
//! them, and read from there.

use std::fs;
use std::time::Duration;

use mail::{Delivery, Pace, Worker};
use mailparse::MailHeaderMap;
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
            Some(read(&fs::read(file).unwrap()))
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

fn read(message: &[u8]) -> Received {
    let mail = mailparse::parse_mail(message).unwrap();
    let header = |name: &str| {
        let value = mail.headers.get_first_value(name);
        value.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(message)))
    };
    let plain = mail.parts().find(|part| part.ctype.mimetype == "text/plain").unwrap();
    Received {
        to: header("To"),
        subject: header("Subject"),
        text: plain.get_body().unwrap().replace("\r\n", "\n"),
    }
}

#[test]
fn a_token_is_read_whole_wherever_its_line_is_broken() {
    let message = "To: ann@example.org\r\nSubject: Show\r\n\
        Content-Type: multipart/alternative; boundary=\"of-parts\"\r\n\r\n--of-parts\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Open http://localhost:8000/api/v1/auth/pages/verify-email#token=3D04bUI3=\r\n\
        --Ndk7SMura\r\n\r\n--of-parts--\r\n";
    assert_eq!(read(message.as_bytes()).token(), "04bUI3--Ndk7SMura");
}
