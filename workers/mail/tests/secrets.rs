//! What the log says. Alone in its program, because a program has one log.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "mail/post_office.rs"]
mod post_office;
#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "mail/smtp_server.rs"]
mod smtp_server;

use embedded::testing::CapturedLog;
use mail::{Delivery, Letter, SmtpServer as Server};
use post_office::PostOffice;
use smtp_server::{Mood, SmtpServer};

#[tokio::test]
async fn the_log_holds_no_password_address_or_link_even_at_its_loudest() {
    let log = CapturedLog::start();

    let (office, server) = (PostOffice::open().await, SmtpServer::start().await);
    server.next([
        Mood::RefuseRecipient("550 5.1.1 <ann@example.org>: nobody of that name"),
        Mood::AnswerData("451 4.3.0 ann@example.org: later"),
    ]);
    let link = "https://example.org/reset#token=t0ken";
    let letter = Letter::ResetPassword { name: Some("Ann Onymous"), link, minutes: 60 };
    let refused = office.queue_letter("ann@example.org", &letter, vec![]).await;
    let later = office.queue_letter("ann@example.org", &letter, vec![]).await;
    for (password, is_in) in [("wr0ng", false), ("hush-hush", true)] {
        let url = format!("smtp://user:{password}@127.0.0.1:{}?tls=none", server.port);
        let (_stop, running) = office.start(Delivery::Smtp(Server::parse(&url, None).unwrap()));
        if is_in {
            office.until(refused, |row| row.is_failed).await;
            office.until(later, |row| row.is_sent).await;
            for said in ["mail given up", "mail not taken", "mail sent"] {
                log.until(said).await;
            }
        } else {
            log.until("cannot be used").await;
        }
        running.abort();
    }

    let log = log.text();
    for secret in [
        "wr0ng",
        "hush-hush",
        "AHVzZXIAaHVzaC1odXNo",
        "ann@example.org",
        "Ann Onymous",
        "t0ken",
        "https://example.org",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}
