use std::collections::BTreeMap;
use std::time::Duration;

use crate::post_office::{PostOffice, smtp};
use crate::smtp_server::{Mood, SmtpServer};

#[tokio::test]
async fn of_several_workers_each_mail_is_sent_by_one() {
    const MAILS: usize = 60;
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    let workers: Vec<_> = (0..4).map(|_| office.start(smtp(server.port))).collect();
    for number in 0..MAILS {
        office.queue(&format!("ann{number}@example.org")).await;
    }
    server.wait_for(MAILS).await;
    // Long enough for one that is sent twice.
    tokio::time::sleep(Duration::from_millis(300)).await;
    for (stop, running) in workers {
        stop.cancel();
        running.await.unwrap();
    }
    let mut times = BTreeMap::new();
    for mail in server.arrived() {
        *times.entry(mail.header("Message-ID")).or_insert(0) += 1;
    }
    assert_eq!(times.len(), MAILS);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
}

#[tokio::test]
async fn what_a_worker_had_that_was_killed_is_sent_by_another_and_not_before_its_lease_is_over() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    // The server has the mail, and the worker dies before it hears of it: between sending and commit.
    server.next([Mood::Hesitate(Duration::from_secs(60))]);
    let mail_id = office.queue("ann@example.org").await;
    let (_stop, first) = office.start(smtp(server.port));
    server.wait_for(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let row = office.row(mail_id).await;
    assert_eq!((row.attempts, row.is_sent), (1, false));

    let (_stop, second) = office.start(smtp(server.port));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.arrived().len(), 1, "nobody knows yet that it is dead");
    // The end of the lease.
    let over = "update mail.queue set due_at = now() where mail_id = $1 and due_at > now()";
    let over = sqlx::query(over).bind(mail_id.0).execute(&office.pool).await.unwrap();
    assert_eq!(over.rows_affected(), 1, "it was over by itself");
    let row = office.until(mail_id, |row| row.is_sent).await;
    second.abort();
    let arrived = server.arrived();
    assert_eq!((row.attempts, arrived.len()), (2, 2));
    assert_eq!(arrived[0].header("Message-ID"), arrived[1].header("Message-ID"));
    assert_eq!(arrived[0].message.len(), arrived[1].message.len());
}

#[tokio::test]
async fn who_has_lost_a_mail_does_not_say_what_became_of_it() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    server.next([Mood::Hesitate(Duration::from_secs(3))]);
    let mail_id = office.queue("ann@example.org").await;
    let (stop, running) = office.start(smtp(server.port));
    server.wait_for(1).await;
    // Another worker has it by now.
    let taken = "update mail.queue set lease = gen_random_uuid(), due_at = now() + interval '1 hour' where mail_id = $1";
    sqlx::query(taken).bind(mail_id.0).execute(&office.pool).await.unwrap();
    // It hears of the mail that is on its way before it stops.
    stop.cancel();
    running.await.unwrap();
    let row = office.row(mail_id).await;
    assert_eq!((row.is_sent, row.is_failed, row.has_content), (false, false, true));
}
