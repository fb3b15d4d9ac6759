use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use serde_json::json;

use crate::app::{Answer, App, PASSWORD};

/// Signs Ann in from an address, with a program.
pub(crate) async fn login_from(app: &App, address: &str, program: &str, password: &str) -> Answer {
    let body = json!({"email": "ann@example.org", "password": password}).to_string();
    let from: SocketAddr = format!("{address}:4711").parse().unwrap();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/auth/login")
        .header("content-type", "application/json")
        .header("user-agent", program)
        .extension(ConnectInfo(from));
    app.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_sign_in_from_elsewhere_is_told_once() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    let sign_in = async |address: &str, program: &str| {
        assert_eq!(login_from(&app, address, program, PASSWORD).await.status, 200);
        app.mails().await
    };
    assert_eq!(sign_in("192.0.2.7", "Firefox/128.0").await.len(), 0, "the first is expected");
    assert_eq!(
        sign_in("192.0.2.7", "Firefox/129.0").await.len(),
        0,
        "an update is no other program"
    );
    let mails = sign_in("198.51.100.9", "Firefox/129.0").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].to.as_str(), mails[0].subject.as_str()),
        ("ann@example.org", "Somebody has signed in to your account")
    );
    assert!(
        mails[0].text.contains("from 198.51.100.9") && mails[0].text.contains("with Firefox/129.0"),
        "{}",
        mails[0].text
    );
    assert_eq!(sign_in("198.51.100.9", "Firefox/129.0").await.len(), 0, "it is known now");
    assert_eq!(sign_in("192.0.2.7", "<script>alert(1)</script>").await.len(), 1);
    assert_eq!(sign_in("192.0.2.7", "curl/8.5").await.len(), 1);
    assert_eq!(sign_in("203.0.113.1", "wget/1").await.len(), 0, "three mails an hour are enough");
}

#[tokio::test]
async fn a_refused_sign_in_makes_no_place_familiar() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    assert_eq!(login_from(&app, "192.0.2.7", "curl", PASSWORD).await.status, 200);
    login_from(&app, "198.51.100.9", "curl", "not this one").await.is_problem(401);
    assert_eq!(app.mails().await.len(), 0);
    assert_eq!(login_from(&app, "198.51.100.9", "curl", PASSWORD).await.status, 200);
    assert_eq!(app.mails().await.len(), 1);
}
