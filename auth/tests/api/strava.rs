//! Signing in through Strava: the program's side of it, with what Strava has answered to others.

use std::env;
use std::fs;
use std::sync::{Arc, Mutex};

use auth::{ClientCredentials, Providers};
use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::app::{Answer, App, database};
use crate::browser::{Browser, said};
use crate::provider::{HOME, PAGE};

const GO: &str = "/api/v1/auth/oauth/strava";
const CALLBACK: &str = "/api/v1/auth/oauth/strava/callback";
const LINK: &str = "/api/v1/auth/links/strava";

/// Answers as Strava does, with what it is told to.
#[derive(Clone, Default)]
struct StandIn(Arc<Mutex<(u16, String)>>, Arc<Mutex<Vec<String>>>);

impl StandIn {
    /// The program, and what it asks.
    async fn start() -> (App, Self) {
        let stand_in = Self::default();
        stand_in.will_say(200, json!({"token_type": "Bearer", "athlete": {"id": 7}}).to_string());
        let answer = async |State(StandIn(answer, asked)): State<StandIn>, body: String| {
            asked.lock().unwrap().push(body);
            let (status, body) = answer.lock().unwrap().clone();
            (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body)
                .into_response()
        };
        let router = Router::new().route("/oauth/token", post(answer)).with_state(stand_in.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let client =
            ClientCredentials { id: "12345".to_owned(), secret: "a & b".to_owned().into() };
        let providers = Providers::at(HOME, &[PAGE.to_owned()]).unwrap();
        let providers = providers.with_strava(&url, client).unwrap();
        (App::with_providers(database().await, providers).await, stand_in)
    }

    fn will_say(&self, status: u16, body: String) {
        *self.0.lock().unwrap() = (status, body);
    }

    /// What it was asked last.
    fn asked(&self) -> String {
        self.1.lock().unwrap().last().unwrap().clone()
    }
}

/// Comes back with a code that Strava might have given.
async fn come_back(app: &App, browser: &Browser, away: &Url, more: &str) -> Answer {
    let state = said(away.query().unwrap(), "state").unwrap();
    let back = format!("{HOME}{CALLBACK}?state={state}&{more}").parse().unwrap();
    browser.visit_app(app, &back).await
}

async fn link(app: &App, pair: &Value) -> Answer {
    let mut browser = Browser::new();
    let away = browser.leave_to_link(app, LINK, pair).await;
    come_back(app, &browser, &away, "code=c&scope=read").await
}

async fn sign_in(app: &App) -> Answer {
    let mut browser = Browser::new();
    let away = browser.leave(app, GO).await;
    come_back(app, &browser, &away, "code=c&scope=read").await
}

#[tokio::test]
async fn an_athlete_signs_in_once_their_account_is_linked() {
    let (app, strava) = StandIn::start().await;
    let ann = app.ann().await;
    sign_in(&app).await.is_problem(403);
    let linked = link(&app, &ann).await;
    assert_eq!((linked.status.as_u16(), &linked.body), (200, &json!({"linked": "strava"})));
    assert_eq!(sign_in(&app).await.body["user_id"], ann["user_id"]);
    strava.will_say(200, json!({"athlete": {"id": 8}}).to_string());
    sign_in(&app).await.is_problem(403);
}

#[tokio::test]
async fn what_strava_is_asked_carries_state_and_proof_of_the_browser() {
    let (app, strava) = StandIn::start().await;
    let mut browser = Browser::new();
    let away = browser.leave(&app, GO).await;
    assert_eq!(away.path(), "/oauth/authorize");
    let query = away.query().unwrap();
    for (name, value) in [
        ("client_id", "12345"),
        ("redirect_uri", "http://localhost:8000/api/v1/auth/oauth/strava/callback"),
        ("response_type", "code"),
        ("scope", "read"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(said(query, name).as_deref(), Some(value), "{name}");
    }
    come_back(&app, &browser, &away, "code=c%26d").await.is_problem(403);
    let asked = strava.asked();
    for (name, value) in
        [("client_secret", "a & b"), ("code", "c&d"), ("grant_type", "authorization_code")]
    {
        assert_eq!(said(&asked, name).as_deref(), Some(value), "{name}");
    }
    let verifier = openidconnect::PkceCodeVerifier::new(said(&asked, "code_verifier").unwrap());
    let challenge = openidconnect::PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    assert_eq!(said(query, "code_challenge").as_deref(), Some(challenge.as_str()));

    let again = browser.leave(&app, GO).await;
    for name in ["state", "code_challenge"] {
        let (one, two) = (said(query, name), said(again.query().unwrap(), name));
        assert_ne!(one, two, "each visit has its own {name}");
    }

    // Nothing of it lies in the database that would let its reader finish what somebody began.
    let away = browser.leave(&app, GO).await;
    let dump: String = sqlx::query_scalar("select json_agg(v)::text from auth.provider_visits v")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    let state = said(away.query().unwrap(), "state").unwrap();
    let (_, cookie) = browser.cookie_of_app.as_deref().unwrap().split_once('=').unwrap();
    for secret in [&state, cookie] {
        let hex = data_encoding::HEXLOWER.encode(secret.as_bytes());
        assert!(!dump.contains(secret) && !dump.contains(&hex), "{dump}");
    }
}

#[tokio::test]
async fn only_a_browser_that_left_comes_back_and_once() {
    let (app, _) = StandIn::start().await;
    let ann = app.ann().await;
    link(&app, &ann).await;
    let mut browser = Browser::new();
    let away = browser.leave(&app, GO).await;
    let state = said(away.query().unwrap(), "state").unwrap();
    let cookie = browser.cookie_of_app.clone().unwrap();
    let twice = format!("{cookie}; {cookie}");
    for (query, cookie) in [
        (format!("code=c&state={state}"), None),
        (format!("code=c&state={state}"), Some("trainer-sign-in=x")),
        (format!("code=c&state={state}"), Some("trainer-sign-in=")),
        (format!("code=c&state={state}"), Some(twice.as_str())),
        ("code=c&state=x".to_owned(), Some(cookie.as_str())),
        ("code=c".to_owned(), Some(cookie.as_str())),
        (String::new(), Some(cookie.as_str())),
    ] {
        let headers: Vec<_> = cookie.iter().map(|cookie| ("cookie", *cookie)).collect();
        app.get(&format!("{CALLBACK}?{query}"), &headers).await.is_problem(400);
    }
    let pair = come_back(&app, &browser, &away, "code=c").await;
    assert_eq!(pair.status, 200, "{}", pair.body);
    come_back(&app, &browser, &away, "code=c").await.is_problem(400);
    // Who says no at Strava is back as well.
    let away = browser.leave(&app, GO).await;
    come_back(&app, &browser, &away, "error=access_denied").await.is_problem(403);
    come_back(&app, &browser, &away, "code=c").await.is_problem(400);
}

#[tokio::test]
async fn a_browser_is_sent_on_only_to_where_the_operator_allows() {
    let (app, _) = StandIn::start().await;
    let ann = app.ann().await;
    link(&app, &ann).await;
    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "http://localhost:5173/signed-in/..",
        "http://localhost:5173/signed-in%23x",
        "http://localhost:5173/SIGNED-IN",
        "javascript:alert(1)",
    ] {
        let path = format!("{GO}?redirect_uri={}", elsewhere.replace('%', "%25"));
        app.get(&path, &[]).await.is_problem(400);
        app.post(GO, json!({"redirect_uri": elsewhere})).await.is_problem(400);
        app.ask(Method::POST, LINK, &ann, json!({"redirect_uri": elsewhere})).await.is_problem(400);
    }
    app.post(GO, json!({"redirect_uri": 7})).await.is_problem(422);
    let mut browser = Browser::new();
    let away = browser.leave(&app, &format!("{GO}?redirect_uri={PAGE}")).await;
    let on = come_back(&app, &browser, &away, "code=c").await;
    let location = on.header("location").unwrap();
    assert!(location.starts_with(&format!("{PAGE}#challenge=")), "{location}");
    assert!(!location.contains("token"), "{location}");
    let away = browser.leave(&app, &format!("{GO}?redirect_uri={PAGE}")).await;
    let on = come_back(&app, &browser, &away, "error=access_denied").await;
    assert_eq!(on.header("location"), Some(format!("{PAGE}#error=forbidden").as_str()));
}

#[tokio::test]
async fn a_provider_that_is_not_set_up_is_not_there() {
    let (app, _) = StandIn::start().await;
    let ann = app.ann().await;
    for name in ["google", "STRAVA", "x", "..%2fstrava", "%00", "strava%20"] {
        app.get(&format!("/api/v1/auth/oauth/{name}"), &[]).await.is_problem(404);
        app.post(&format!("/api/v1/auth/oauth/{name}"), json!({})).await.is_problem(404);
        app.get(&format!("/api/v1/auth/oauth/{name}/callback?code=c&state=s"), &[])
            .await
            .is_problem(404);
        let link = format!("/api/v1/auth/links/{name}");
        app.ask(Method::POST, &link, &ann, json!({})).await.is_problem(404);
        let status = if name == "%00" { 400 } else { 404 };
        app.ask(Method::DELETE, &link, &ann, Value::Null).await.is_problem(status);
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_no_sign_in() {
    let (app, strava) = StandIn::start().await;
    for (status, body, answered) in [
        (200, "{}", 503),
        (200, "{\"athlete\": {}}", 503),
        (200, "{\"athlete\": {\"id\": null}}", 503),
        (200, "nonsense", 503),
        (302, "", 503),
        (401, "{}", 400),
        (500, "", 503),
    ] {
        strava.will_say(status, body.to_owned());
        sign_in(&app).await.is_problem(answered);
    }
    strava.will_say(200, " ".repeat(600_000));
    sign_in(&app).await.is_problem(503);
}

#[tokio::test]
async fn what_strava_really_says_is_understood() {
    let Some(folder) = env::var_os("TRAINER_TEST_DATA") else {
        println!("skipped: TRAINER_TEST_DATA names no folder with Strava's answers");
        return;
    };
    let recorded = |name: &str| -> (u16, String) {
        let file = std::path::Path::new(&folder).join("strava/examples").join(name);
        let recorded: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let response = &recorded["response"];
        (response["status"].as_u64().unwrap().try_into().unwrap(), response["body"].to_string())
    };
    let (app, strava) = StandIn::start().await;
    let ann = app.ann().await;
    let (status, body) = recorded("oauth_token_exchange.json");
    strava.will_say(status, body.clone());
    assert_eq!(link(&app, &ann).await.status, 200);
    assert_eq!(sign_in(&app).await.body["user_id"], ann["user_id"]);
    let subject: String =
        sqlx::query_scalar("select subject from auth.links").fetch_one(&app.pool).await.unwrap();
    let said: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(subject, said["athlete"]["id"].to_string());
    for name in ["oauth_token_400_invalid_code.json", "oauth_token_400_invalid_client.json"] {
        let (status, body) = recorded(name);
        strava.will_say(status, body);
        sign_in(&app).await.is_problem(400);
    }
}
