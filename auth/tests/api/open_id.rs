//! Signing in through a real OpenID provider.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::App;
use crate::authenticator::COMPLETE;
use crate::browser::{Browser, said};
use crate::provider::{CALLBACK, PAGE, RunningProvider};

const GO: &str = "/api/v1/auth/oauth/id";
const LINKS: &str = "/api/v1/auth/links";
const LINK: &str = "/api/v1/auth/links/id";
const ANN: &str = "verified:ann@example.org";

/// Signs somebody in through the provider; the answer where the provider sends the browser.
async fn sign_in(app: &App, login: &str) -> crate::app::Answer {
    let mut browser = Browser::new();
    let away = browser.leave(app, GO).await;
    let back = browser.sign_in(away, login, CALLBACK).await;
    browser.visit_app(app, &back).await
}

async fn link(app: &App, pair: &Value, login: &str) -> crate::app::Answer {
    let mut browser = Browser::new();
    let away = browser.leave_to_link(app, LINK, pair).await;
    let back = browser.sign_in(away, login, CALLBACK).await;
    browser.visit_app(app, &back).await
}

async fn verify_email(app: &App) {
    app.execute("update auth.users set email_verified_at = now()").await;
}

async fn links_of(app: &App, pair: &Value) -> Vec<Value> {
    let answer = app.ask(Method::GET, LINKS, pair, Value::Null).await;
    assert_eq!((answer.status.as_u16(), &answer.body["next_cursor"]), (200, &Value::Null));
    answer.body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_comes_back_to_it() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    let first = sign_in(&app, ANN).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let me = app.me(first.body["access_token"].as_str().unwrap()).await.body;
    assert_eq!(
        (&me["email"], &me["name"]),
        (&json!("ann@example.org"), &json!("Ann of Elsewhere"))
    );
    assert_eq!(me["roles"], json!(["athlete"]));
    let again = sign_in(&app, ANN).await;
    assert_eq!(again.body["user_id"], first.body["user_id"]);
    assert_eq!(app.refresh(&again.body["refresh_token"]).await.status, 200);
    assert_eq!(app.activity(&again.body).await, ["signed_in", "signed_in", "linked"]);
    let seen = app.ask(Method::GET, "/api/v1/auth/activity", &again.body, Value::Null).await.body;
    assert_eq!(seen["items"][0]["subject"], "id");

    // Nobody knows its password, so the link is the only way in.
    app.login("ann@example.org").await.is_problem(401);
    app.ask(Method::DELETE, LINK, &again.body, Value::Null).await.is_problem(409);
    assert_eq!(links_of(&app, &again.body).await.len(), 1);
    assert_eq!(sign_in(&app, ANN).await.status, 200);
    provider.stop().await;
}

#[tokio::test]
async fn the_account_with_the_address_is_linked_only_when_both_sides_know_whose_it_is() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    let ann = app.ann().await;
    // Somebody may have written an address here that is not theirs, and wait for its owner to come in.
    sign_in(&app, ANN).await.is_problem(409);
    assert!(links_of(&app, &ann).await.is_empty());

    verify_email(&app).await;
    // Or may have written it there.
    sign_in(&app, "unverified:ann@example.org").await.is_problem(403);
    sign_in(&app, "nobody:x").await.is_problem(403);
    assert!(links_of(&app, &ann).await.is_empty());

    let signed_in = sign_in(&app, "verified:ANN@example.org").await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    assert_eq!(signed_in.body["user_id"], ann["user_id"]);
    assert_eq!(links_of(&app, &ann).await[0]["provider"], "id");
    // Another person there with the same address is not that person.
    sign_in(&app, ANN).await.is_problem(409);
    // Both ways in lead to the same account, and the link may go since there is a password.
    assert_eq!(app.login("ann@example.org").await.body["user_id"], ann["user_id"]);
    assert_eq!(app.ask(Method::DELETE, LINK, &ann, Value::Null).await.status, 204);
    app.ask(Method::DELETE, LINK, &ann, Value::Null).await.is_problem(404);
    assert_eq!(app.activity(&ann).await[..4], ["unlinked", "signed_in", "signed_in", "linked"]);
    provider.stop().await;
}

#[tokio::test]
async fn whoever_is_signed_in_links_whomever_they_are_there_and_signs_in_so_then() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    let ann = app.ann().await;
    app.register("bob@example.org").await;
    let bob = app.login("bob@example.org").await.body;
    for _ in 0..2 {
        let linked = link(&app, &ann, "nobody:ann").await;
        assert_eq!((linked.status.as_u16(), &linked.body), (200, &json!({"linked": "id"})));
    }
    assert_eq!(sign_in(&app, "nobody:ann").await.body["user_id"], ann["user_id"]);
    link(&app, &bob, "nobody:ann").await.is_problem(409);
    link(&app, &ann, "nobody:another").await.is_problem(409);
    assert_eq!(links_of(&app, &ann).await.len(), 1);
    assert!(links_of(&app, &bob).await.is_empty());
    app.ask(Method::DELETE, LINK, &bob, Value::Null).await.is_problem(404);

    // Whoever signs out meanwhile links nothing.
    let mut browser = Browser::new();
    let away = browser.leave_to_link(&app, LINK, &bob).await;
    let back = browser.sign_in(away, "nobody:bob", CALLBACK).await;
    assert_eq!(app.ask(Method::POST, "/api/v1/auth/logout", &bob, Value::Null).await.status, 204);
    browser.visit_app(&app, &back).await.is_problem(400);
    provider.stop().await;
}

#[tokio::test]
async fn a_second_factor_guards_this_way_in_too() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    let ann = app.ann().await;
    verify_email(&app).await;
    let (authenticator, _) = app.enrol(&ann).await;
    let asked = sign_in(&app, ANN).await;
    asked.is_problem(403);
    assert_eq!(asked.body["type"], "urn:running-trainer:problem:second-factor-required");
    let pair = app.complete(&asked.body["challenge"], &authenticator.code(0)).await;
    assert_eq!((pair.status.as_u16(), &pair.body["user_id"]), (200, &ann["user_id"]));

    app.execute("update auth.users set locked_at = now()").await;
    sign_in(&app, ANN).await.is_problem(403);
    provider.stop().await;
}

#[tokio::test]
async fn a_browser_goes_on_with_what_is_worth_nothing_in_another() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    let ann = app.ann().await;
    let mut browser = Browser::new();
    let go = format!("{GO}?redirect_uri={PAGE}");
    let away = browser.leave(&app, &go).await;
    let back = browser.sign_in(away, ANN, CALLBACK).await;
    let unverified = browser.visit_app(&app, &back).await;
    assert_eq!(unverified.header("location"), Some(format!("{PAGE}#error=conflict").as_str()));

    verify_email(&app).await;
    let away = browser.leave(&app, &go).await;
    let back = browser.sign_in(away, ANN, CALLBACK).await;
    let on = browser.visit_app(&app, &back).await;
    assert_eq!((on.status.as_u16(), &on.body), (303, &Value::Null));
    let (page, fragment) = on.header("location").unwrap().split_once('#').unwrap();
    assert_eq!(page, PAGE);
    let challenge = json!({"challenge": said(fragment, "challenge").unwrap()});
    app.post(COMPLETE, challenge.clone()).await.is_problem(401);
    let other = Browser::new();
    let cookie = browser.cookie_of_app.as_deref().unwrap();
    let with = async |cookie: &str| {
        app.call(Method::POST, COMPLETE, &[("cookie", cookie)], &challenge).await
    };
    assert!(other.cookie_of_app.is_none());
    with("trainer-sign-in=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.is_problem(401);
    let pair = with(cookie).await;
    assert_eq!((pair.status.as_u16(), &pair.body["user_id"]), (200, &ann["user_id"]));
    with(cookie).await.is_problem(401);
    provider.stop().await;
}

#[tokio::test]
async fn a_code_is_good_in_the_browser_that_left_for_it_and_nowhere_else() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    // Somebody gets a code of their own, and has a victim's browser bring it back: the victim would record runs in
    // their account.
    let mut attacker = Browser::new();
    let away = attacker.leave(&app, GO).await;
    let back = attacker.sign_in(away, "verified:mallory@example.org", CALLBACK).await;
    let mut victim = Browser::new();
    victim.visit_app(&app, &back).await.is_problem(400);
    let away = victim.leave(&app, GO).await;
    victim.visit_app(&app, &back).await.is_problem(400);
    // With the state of the victim's own visit the code is still of another: the verifier does not fit.
    let state = said(away.query().unwrap(), "state").unwrap();
    let code = said(back.query().unwrap(), "code").unwrap();
    let mut injected = back.clone();
    injected.query_pairs_mut().clear().append_pair("code", &code).append_pair("state", &state);
    victim.visit_app(&app, &injected).await.is_problem(400);
    let accounts: i64 =
        sqlx::query_scalar("select count(*) from auth.users").fetch_one(&app.pool).await.unwrap();
    assert_eq!(accounts, 0);
    provider.stop().await;
}

#[tokio::test]
async fn a_visit_ends_once_and_in_time() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    let mut browser = Browser::new();
    let away = browser.leave(&app, GO).await;
    let back = browser.sign_in(away, ANN, CALLBACK).await;
    assert_eq!(browser.visit_app(&app, &back).await.status, 200);
    browser.visit_app(&app, &back).await.is_problem(400);

    let away = browser.leave(&app, GO).await;
    let back = browser.sign_in(away, ANN, CALLBACK).await;
    app.execute("update auth.provider_visits set expires_at = now() - interval '1 second'").await;
    browser.visit_app(&app, &back).await.is_problem(400);
    provider.stop().await;
}

#[tokio::test]
async fn a_page_may_bring_the_code_itself() {
    let Some(provider) = RunningProvider::start().await else { return };
    let app = provider.app().await;
    let mut browser = Browser::new();
    let away = browser.leave(&app, GO).await;
    let back = browser.sign_in(away, ANN, CALLBACK).await;
    let query = back.query().unwrap();
    let body = json!({"code": said(query, "code"), "state": said(query, "state")});
    let path = "/api/v1/auth/oauth/id/callback";
    app.post(path, body.clone()).await.is_problem(400);
    let cookie = browser.cookie_of_app.as_deref().unwrap();
    let pair = app.call(Method::POST, path, &[("cookie", cookie)], &body).await;
    assert_eq!(pair.status, 200, "{}", pair.body);
    assert!(pair.body["access_token"].is_string());
    provider.stop().await;
}

#[tokio::test]
async fn a_provider_that_is_away_or_does_not_know_us_is_told_apart() {
    let Some(provider) = RunningProvider::start().await else { return };
    let stranger = provider.app_with_secret("not this one").await;
    sign_in(&stranger, ANN).await.is_problem(400);
    let app = provider.app().await;
    let known = provider.app().await;
    let mut browser = Browser::new();
    let away = browser.leave(&known, GO).await;
    let back = browser.sign_in(away, ANN, CALLBACK).await;
    provider.stop().await;
    let unavailable = app.get(GO, &[]).await;
    unavailable.is_problem(503);
    assert!(unavailable.header("retry-after").is_some());
    browser.visit_app(&known, &back).await.is_problem(503);
}
