//! What people get by mail, from the whole program without an SMTP server: mails are files in the data folder.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::Program;
use crate::runner::{PASSWORD, Runner};

const AUTH: &str = "/api/v1/auth";
const NEW_PASSWORD: &str = "thorough bush, thorough brier";

/// Waits until a mail of this kind is there, and reads it.
async fn mail(program: &Program, kind: &str) -> String {
    let began = Instant::now();
    loop {
        let files = fs::read_dir(program.data_dir().join("mail")).into_iter().flatten();
        let found = files.map(|file| file.unwrap().path()).find(|file| {
            let name = file.file_name().unwrap().to_str().unwrap();
            name.contains(&format!("-{kind}-")) && name.ends_with(".eml")
        });
        if let Some(file) = found {
            return fs::read_to_string(file).unwrap().replace("=\r\n", "").replace("=3D", "=");
        }
        assert!(began.elapsed() < Duration::from_secs(120), "no {kind}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn token(mail: &str) -> &str {
    mail.split_once("#token=").unwrap().1.split_whitespace().next().unwrap()
}

#[tokio::test]
async fn an_address_is_verified_and_a_password_reset_by_mail() {
    let program = Program::start(&[
        ("TRAINER_RATE_LIMITS", "off"),
        ("TRAINER_EMAIL_VERIFICATION", "required"),
        ("TRAINER_PUBLIC_URL", "https://trainer.example.org/"),
    ]);
    let nobody = Runner::unknown_to(&program);
    let ann = json!({ "email": "ann@example.org", "password": PASSWORD });
    nobody.post(format!("{AUTH}/register"), ann.clone()).await.must_be(201);
    nobody.post(format!("{AUTH}/login"), ann.clone()).await.problem(401);
    let verify = mail(&program, "verify_email").await;
    assert!(verify.contains("To: ann@example.org"), "{verify}");
    assert!(
        verify.contains("https://trainer.example.org/api/v1/auth/pages/verify-email#token="),
        "{verify}"
    );
    let page = nobody.get(format!("{AUTH}/pages/verify-email")).await.must_be(200);
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
    let body = json!({ "token": token(&verify) });
    nobody.post(format!("{AUTH}/verify-email"), body).await.must_be(204);
    nobody.post(format!("{AUTH}/login"), ann.clone()).await.must_be(200);

    for email in ["ann@example.org", "nobody@example.org"] {
        let answer =
            nobody.post(format!("{AUTH}/forgot-password"), json!({ "email": email })).await;
        assert!(answer.must_be(202).body.is_empty());
    }
    let reset = mail(&program, "reset_password").await;
    let body = json!({ "token": token(&reset), "new_password": NEW_PASSWORD });
    nobody.post(format!("{AUTH}/reset-password"), body.clone()).await.must_be(204);
    nobody.post(format!("{AUTH}/reset-password"), body).await.problem(422);
    nobody.post(format!("{AUTH}/login"), ann).await.problem(401);
    let ann = json!({ "email": "ann@example.org", "password": NEW_PASSWORD });
    nobody.post(format!("{AUTH}/login"), ann).await.must_be(200);
    mail(&program, "password_changed").await;

    // A taken address is answered as a new one, and its owner is told.
    let eve = json!({ "email": "ANN@example.org", "password": "over dale, over hill" });
    let taken = nobody.post(format!("{AUTH}/register"), eve).await.must_be(201).json();
    assert_eq!(taken["email"], "ANN@example.org");
    assert!(mail(&program, "address_taken").await.contains("To: ann@example.org"));

    // A file is there before its mail is known to be sent, and that before it is told.
    let began = Instant::now();
    let mails = loop {
        let mails = nobody.health().await["mail"].clone();
        if mails["waiting"] == 0 {
            break mails;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{mails}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(mails["given_up"], 0);
    let figures = nobody.get("/metrics").await.text();
    let sent =
        figures.lines().find(|line| line.starts_with("trainer_mails_total{outcome=\"sent\"}"));
    assert!(sent.is_some_and(|line| !line.ends_with(" 0")), "{figures}");
    let listed = String::from_utf8(program.trainer(&["mail", "list"]).stdout).unwrap();
    assert_eq!(listed.trim(), "every mail is sent");
}

#[tokio::test]
async fn too_many_wrong_passwords_are_a_429_whether_or_not_there_is_an_account() {
    let program =
        Program::start(&[("TRAINER_RATE_LIMITS", "off"), ("TRAINER_LOGIN_THROTTLE", "on")]);
    let runner = Runner::of(&program).await;
    let nobody = Runner::unknown_to(&program);
    for email in [runner.email.as_str(), "nobody@example.org"] {
        let wrong = json!({ "email": email, "password": "over dale, over hill" });
        for _ in 0..10 {
            nobody.post(format!("{AUTH}/login"), wrong.clone()).await.problem(401);
        }
        let refused = nobody.post(format!("{AUTH}/login"), wrong).await;
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        refused.problem(429);
        assert!((1..=900).contains(&wait), "{wait}");
    }
}
