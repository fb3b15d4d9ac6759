use mail::{
    Attachment, EnqueueError, Envelope, Letter, MAX_ATTACHED_BYTES, enqueue, queue_state, unsent,
};

use crate::post_office::{PostOffice, key, smtp};
use crate::smtp_server::SmtpServer;

const LINK: &str = "https://example.org/reset#token=s3cret-t0ken";
const LETTER: Letter<'static> = Letter::AddressTaken { link: LINK };

fn to(to: &str) -> Envelope<'_> {
    Envelope { to, about: None, useless_at: None }
}

#[tokio::test]
async fn a_mail_is_queued_with_what_it_is_about_or_not_at_all() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    let (_stop, running) = office.start(smtp(server.port));
    let mut given_up = office.pool.begin().await.unwrap();
    enqueue(&mut given_up, &key(), to("ann@example.org"), &LETTER, vec![]).await.unwrap();
    given_up.rollback().await.unwrap();
    let mut kept = office.pool.begin().await.unwrap();
    let mail_id = enqueue(&mut kept, &key(), to("bob@example.org"), &LETTER, vec![]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(server.arrived(), [], "not committed yet");
    kept.commit().await.unwrap();
    office.until(mail_id, |row| row.is_sent).await;
    running.abort();
    let recipients: Vec<_> = server.arrived().into_iter().map(|mail| mail.to).collect();
    assert_eq!(recipients, [["bob@example.org"]]);
}

#[tokio::test]
async fn who_reads_the_database_finds_no_link() {
    let office = PostOffice::open().await;
    office.queue_letter("ann@example.org", &LETTER, vec![]).await;
    let dump: Vec<u8> =
        sqlx::query_scalar("select content from mail.queue").fetch_one(&office.pool).await.unwrap();
    let dump = String::from_utf8_lossy(&dump);
    assert!(!dump.contains("s3cret") && !dump.contains("example.org"));
}

#[tokio::test]
async fn what_is_no_mail_is_refused() {
    let office = PostOffice::open().await;
    let mut connection = office.pool.acquire().await.unwrap();
    for recipient in
        ["", "ann", "ann@example.org\r\nRCPT TO:<eve@example.org>", "a@b.de,c@d.de", "<a@b.de>"]
    {
        let refused = enqueue(&mut connection, &key(), to(recipient), &LETTER, vec![]).await;
        assert!(matches!(refused, Err(EnqueueError::Recipient)), "{recipient:?}");
    }
    let attached = |media_type: &str, length| Attachment {
        file_name: "plan".to_owned(),
        media_type: media_type.to_owned(),
        bytes: vec![0; length],
    };
    let ann = to("ann@example.org");
    let refused =
        enqueue(&mut connection, &key(), ann, &LETTER, vec![attached("pdf\r\nX: y", 1)]).await;
    assert!(matches!(refused, Err(EnqueueError::MediaType)));
    let half = MAX_ATTACHED_BYTES / 2 + 1;
    let large = vec![attached("application/pdf", half), attached("application/pdf", half)];
    let refused = enqueue(&mut connection, &key(), ann, &LETTER, large).await;
    assert!(matches!(refused, Err(EnqueueError::TooLarge)));
    let state = queue_state(&office.pool).await.unwrap();
    assert_eq!((state.waiting, state.failed), (0, 0));
}

#[tokio::test]
async fn what_comes_too_late_is_given_up_even_while_the_server_is_down() {
    let office = PostOffice::open().await;
    let mail_id = office.queue("ann@example.org").await;
    let late = "update mail.queue set useless_at = now() - interval '1 second', reason = 'busy'";
    sqlx::query(late).execute(&office.pool).await.unwrap();
    // Nobody listens on port 1.
    let (_stop, running) = office.start(smtp(1));
    let row = office.until(mail_id, |row| row.is_failed).await;
    running.abort();
    assert_eq!(row.reason.as_deref(), Some("not sent in time; the last attempt: busy"));
}

#[tokio::test]
async fn a_mail_under_another_master_key_is_given_up_with_the_reason() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    let mail_id = office.queue("ann@example.org").await;
    let worker =
        mail::Worker { key: mail::SealingKey::new([43; 32]), ..office.worker(smtp(server.port)) };
    let (_stop, running) = office.start_worker(worker);
    let row = office.until(mail_id, |row| row.is_failed).await;
    running.abort();
    assert!(row.reason.unwrap().contains("master key"));
    assert_eq!(server.arrived(), []);
}

#[tokio::test]
async fn an_operator_sees_what_waits_and_what_was_given_up_and_old_mails_are_forgotten() {
    let office = PostOffice::open().await;
    let waiting = office.queue("ann@example.org").await;
    let failed = office.queue("bob@example.org").await;
    let old = office.queue("old@example.org").await;
    for (change, mail_id) in [
        ("failed_at = now(), attempts = 8, reason = 'nobody there'", failed),
        (
            "queued_at = now() - interval '31 days', sent_at = now() - interval '31 days', content = null",
            old,
        ),
        ("queued_at = now() - interval '1 minute'", waiting),
    ] {
        let update = format!("update mail.queue set {change} where mail_id = $1");
        sqlx::query(&update).bind(mail_id.0).execute(&office.pool).await.unwrap();
    }
    let state = queue_state(&office.pool).await.unwrap();
    assert_eq!((state.waiting, state.failed), (1, 1));
    assert!((59.0..300.0).contains(&state.waiting_s), "{state:?}");
    let shown = unsent(&office.pool).await.unwrap();
    let shown: Vec<_> = shown
        .iter()
        .map(|mail| (mail.mail_id, mail.reason.as_deref(), mail.due_at.is_some()))
        .collect();
    assert_eq!(shown, [(waiting, None, true), (failed, Some("nobody there"), false)]);
    assert_eq!(mail::retry_all(&office.pool).await.unwrap(), 1);
    assert!(!mail::retry(&office.pool, failed).await.unwrap(), "it waits already");

    let (_stop, running) = office.start(smtp(1));
    for _ in 0..1_500 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let left: i64 = sqlx::query_scalar("select count(*) from mail.queue")
            .fetch_one(&office.pool)
            .await
            .unwrap();
        if left == 2 {
            running.abort();
            return;
        }
    }
    panic!("the old mail is still there");
}
