use std::time::Duration;

use mail::{Attachment, Delivery, Letter, SmtpServer as Server};

use crate::post_office::{PostOffice, smtp};
use crate::smtp_server::{Mood, SmtpServer};

#[tokio::test]
async fn a_mail_arrives_once_as_text_and_html_and_is_forgotten() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    let letter = Letter::ResetPassword {
        name: Some("Ann <b>O'Neil</b>\r\nBcc: eve@example.org"),
        link: "https://example.org/reset#token=s3cret",
        minutes: 60,
    };
    let plan = Attachment {
        file_name: "plan.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        bytes: b"%PDF-1.7\r\n.\r\n".to_vec(),
    };
    let mail_id = office.queue_letter("ann@example.org", &letter, vec![plan]).await;
    let (_stop, running) = office.start(smtp(server.port));
    let row = office.until(mail_id, |row| row.is_sent).await;
    assert_eq!((row.attempts, row.has_content, row.reason), (1, false, None));
    running.abort();

    let arrived = server.wait_for(1).await;
    assert_eq!(arrived.len(), 1);
    let mail = &arrived[0];
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("trainer@example.org", &["ann@example.org".to_owned()][..])
    );
    assert_eq!(mail.header("Subject"), "Set another password");
    assert_eq!(mail.header("From"), "\"Running Trainer\" <trainer@example.org>");
    assert_eq!(mail.header("To"), "ann@example.org");
    assert_eq!(mail.header("Message-ID"), format!("<{mail_id}@example.org>"));
    assert!(mail.header("Content-Type").starts_with("multipart/mixed"));
    let text = mail.message.replace("=\r\n", "").replace("=3D", "=");
    assert!(text.contains("https://example.org/reset#token=s3cret"), "{text}");
    assert!(text.contains("Hello Ann <b>O'Neil</b> Bcc: eve@example.org,"), "{text}");
    assert!(text.contains("Ann &lt;b&gt;O"), "{text}");
    assert!(!mail.message.lines().any(|line| line.starts_with("Bcc")), "{text}");
    assert!(mail.message.contains("JVBERi0xLjcNCi4NCg=="), "{text}");
}

#[tokio::test]
async fn what_waits_while_the_server_is_down_is_sent_when_it_is_up() {
    let office = PostOffice::open().await;
    let server = SmtpServer::start().await;
    let port = server.port;
    drop(server);
    let (_stop, running) = office.start(smtp(port));
    let mut mails = vec![];
    for number in 0..5 {
        mails.push(office.queue(&format!("ann{number}@example.org")).await);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for mail_id in &mails {
        let row = office.row(*mail_id).await;
        assert_eq!((row.attempts, row.is_sent, row.is_failed), (0, false, false), "{row:?}");
    }
    let server = SmtpServer::on(port).await;
    for mail_id in &mails {
        let row = office.until(*mail_id, |row| row.is_sent).await;
        assert_eq!(row.attempts, 1);
    }
    running.abort();
    assert_eq!(server.arrived().len(), 5, "and none twice");
}

#[tokio::test]
async fn a_refused_recipient_is_given_up_with_the_reason_and_holds_nobody_up() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    server.next([Mood::RefuseRecipient("550 5.1.1 nobody of that name")]);
    let refused = office.queue("nobody@example.org").await;
    let other = office.queue("ann@example.org").await;
    let (_stop, running) = office.start(smtp(server.port));
    let row = office.until(refused, |row| row.is_failed).await;
    assert_eq!(row.attempts, 1);
    assert!(row.reason.unwrap().contains("nobody of that name"));
    office.until(other, |row| row.is_sent).await;
    running.abort();
    let recipients: Vec<_> = server.arrived().into_iter().map(|mail| mail.to).collect();
    assert_eq!(recipients, [["ann@example.org"]]);
    // An operator may try again.
    assert!(mail::retry(&office.pool, refused).await.unwrap());
    let (_stop, running) = office.start(smtp(server.port));
    office.until(refused, |row| row.is_sent).await;
    running.abort();
}

#[tokio::test]
async fn what_is_not_taken_now_is_tried_again_with_growing_delay_up_to_a_limit() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    server.next([
        Mood::RefuseRecipient("451 4.7.1 come back later"),
        Mood::AnswerData("452 4.3.1 no room"),
    ]);
    let (_stop, running) = office.start(smtp(server.port));
    let later = office.queue("ann@example.org").await;
    let row = office.until(later, |row| row.is_sent).await;
    assert_eq!((row.attempts, row.reason), (3, None));
    assert_eq!(server.arrived().len(), 1);

    server.next((0..4).map(|_| Mood::AnswerData("451 4.3.0 never")));
    let never = office.queue("bob@example.org").await;
    let row = office.until(never, |row| row.is_failed).await;
    running.abort();
    let reason = row.reason.unwrap();
    assert_eq!(row.attempts, 4);
    assert!(reason.contains("tried 4 times") && reason.contains("never"), "{reason}");
    assert_eq!(server.arrived().len(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_up_without_a_word_gets_the_mail_again_under_the_same_id() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    server.next([Mood::HangUp]);
    let mail_id = office.queue("ann@example.org").await;
    let (_stop, running) = office.start(smtp(server.port));
    let row = office.until(mail_id, |row| row.is_sent).await;
    running.abort();
    let arrived = server.arrived();
    assert_eq!((row.attempts, arrived.len()), (2, 2));
    assert_eq!(arrived[0].header("Message-ID"), arrived[1].header("Message-ID"));
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_lets_the_mail_that_is_on_its_way_arrive() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    server.next([Mood::Hesitate(Duration::from_secs(3))]);
    let mails = [office.queue("ann@example.org").await, office.queue("bob@example.org").await];
    let (stop, running) = office.start(smtp(server.port));
    server.wait_for(1).await;
    stop.cancel();
    running.await.unwrap();
    assert!(office.row(mails[0]).await.is_sent);
    let other = office.row(mails[1]).await;
    assert_eq!((other.attempts, other.is_sent), (0, false));
    assert_eq!(server.arrived().len(), 1);
}

#[tokio::test]
async fn a_password_is_sent_to_the_server_and_a_wrong_one_costs_no_mail() {
    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    let mail_id = office.queue("ann@example.org").await;
    let with = |url: String| Delivery::Smtp(Server::parse(&url, None).unwrap());
    let (_stop, running) =
        office.start(with(format!("smtp://user:wrong@127.0.0.1:{}?tls=none", server.port)));
    tokio::time::sleep(Duration::from_millis(400)).await;
    running.abort();
    let row = office.row(mail_id).await;
    assert_eq!((row.attempts, row.is_failed), (0, false));
    let (_stop, running) =
        office.start(with(format!("smtp://user:hush-hush@127.0.0.1:{}?tls=none", server.port)));
    office.until(mail_id, |row| row.is_sent).await;
    running.abort();
    // Neither is a server used that does not offer the security that is asked for.
    let mail_id = office.queue("bob@example.org").await;
    let before = server.commands().len();
    for url in [
        "smtp://user:hush-hush@127.0.0.1:PORT",
        "smtp://user:hush-hush@127.0.0.1:PORT?tls=opportunistic",
    ] {
        let (_stop, running) = office.start(with(url.replace("PORT", &server.port.to_string())));
        while !server.commands()[before..].iter().any(|line| line.starts_with("EHLO")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        running.abort();
    }
    let said = &server.commands()[before..];
    assert!(
        !said.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
        "{said:?}"
    );
    assert_eq!(office.row(mail_id).await.attempts, 0);
    assert_eq!(server.arrived().len(), 1);
}
