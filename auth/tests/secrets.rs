//! What the log says. Alone in its program, because a program has one log.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "api/app.rs"]
mod app;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use app::{App, PASSWORD};
use axum::http::Method;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_log_holds_no_password_token_address_or_name_even_at_its_loudest() {
    let log = Log::default();
    let everything =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    everything.with_ansi(false).init();

    let app = App::start().await;
    let ann = json!({"email": "ann@example.org", "password": PASSWORD, "name": "Ann Onymous"});
    app.call(Method::POST, "/api/v1/auth/register", &[("idempotency-key", "key of ann")], &ann)
        .await;
    app.call(Method::POST, "/api/v1/auth/register", &[("idempotency-key", "key of ann")], &ann)
        .await;
    app.register("ann@example.org").await.is_problem(409);
    let pair = app.login("ann@example.org").await.body;
    app.post(
        "/api/v1/auth/login",
        json!({"email": "ann@example.org", "password": "wrong, but close"}),
    )
    .await;
    app.me(pair["access_token"].as_str().unwrap()).await;
    let next = app.refresh(&pair["refresh_token"]).await.body;
    app.refresh(&pair["refresh_token"]).await.is_problem(401);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("logged in") && log.contains("refresh token used twice"), "{log}");
    let secrets = [
        &pair["access_token"],
        &pair["refresh_token"],
        &next["access_token"],
        &next["refresh_token"],
    ];
    for secret in secrets.into_iter().filter_map(Value::as_str) {
        assert!(!log.contains(secret), "a token is in the log");
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "a signature is in the log");
    }
    for secret in
        [PASSWORD, "wrong, but close", "ann@example.org", "Ann Onymous", "key of ann", "$argon2id"]
    {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
