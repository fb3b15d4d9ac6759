//! Which access tokens are taken, and what a client reads when one is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::Router;
use axum::routing::get as on_get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use service::{
    AccessClaims, KeySourceError, Principal, Role, Sessions, TokenError, Verifier, VerifyingKey,
    authenticated, enveloped,
};
use uuid::Uuid;

use super::asking::{ask, empty, get};

const USER: Uuid = Uuid::from_u128(7);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(kid: &str, seed: u8) -> VerifyingKey {
    VerifyingKey { kid: kid.to_owned(), public_key: key(seed).verifying_key().to_bytes() }
}

fn claims() -> Value {
    let now = Utc::now().timestamp();
    json!({"sub": USER, "roles": ["athlete", "admin", "astronaut"], "exp": now + 900, "iat": now, "jti": Uuid::nil(),
        "iss": "running-trainer", "aud": "running-trainer"})
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn claims_without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

fn signed(header: &Value, claims: &Value, seed: u8) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key(seed).sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "JWT", "kid": "one"})
}

fn token(claims: &Value) -> String {
    signed(&header(), claims, 1)
}

fn verifier() -> Verifier {
    Verifier::with_keys(vec![public("one", 1)])
}

async fn refused(token: &str) -> TokenError {
    verifier().verify(token).await.expect_err("refused")
}

#[tokio::test]
async fn a_good_token_speaks_for_its_user() {
    let verifier = verifier();
    let token = token(&claims());
    for _ in 0..2 {
        let principal = verifier.verify(&token).await.expect("a good token");
        assert_eq!(principal.user_id.0, USER);
        // A role that only a newer program knows is no role here.
        assert_eq!(principal.roles, [Role::Athlete, Role::Admin]);
        assert!(principal.has(Role::Admin) && !principal.has(Role::Coach));
        assert!(principal.require(Role::Coach).is_err());
    }
}

#[tokio::test]
async fn a_token_ends_and_begins_on_time() {
    let now = Utc::now().timestamp();
    assert_eq!(refused(&token(&claims_with("exp", json!(now - 10)))).await, TokenError::Expired);
    assert!(verifier().verify(&token(&claims_with("exp", json!(now - 2)))).await.is_ok());
    assert_eq!(
        refused(&token(&claims_with("nbf", json!(now + 60)))).await,
        TokenError::NotYetValid
    );
    assert!(verifier().verify(&token(&claims_with("nbf", json!(now - 60)))).await.is_ok());
}

#[tokio::test]
async fn a_remembered_token_ends_on_time_too() {
    let verifier = verifier();
    // Good for one more second of the leeway.
    let token = token(&claims_with("exp", json!(Utc::now().timestamp() - 4)));
    assert!(verifier.verify(&token).await.is_ok());
    tokio::time::sleep(std::time::Duration::from_millis(2_200)).await;
    assert_eq!(verifier.verify(&token).await.map(|_| ()), Err(TokenError::Expired));
}

#[tokio::test]
async fn a_token_is_ours_for_us_and_signed_by_our_key() {
    for (name, value) in [("iss", json!("somebody")), ("aud", json!("else"))] {
        assert_eq!(refused(&token(&claims_with(name, value))).await, TokenError::Invalid, "{name}");
    }
    for name in ["exp", "iss", "aud", "sub", "jti"] {
        let error = refused(&token(&claims_without(name))).await;
        assert!(matches!(error, TokenError::Invalid | TokenError::Malformed), "{name}: {error:?}");
    }
    assert_eq!(refused(&signed(&header(), &claims(), 2)).await, TokenError::Invalid);
    let unknown = json!({"alg": "EdDSA", "kid": "two"});
    assert_eq!(refused(&signed(&unknown, &claims(), 1)).await, TokenError::Invalid);
    let without_kid = json!({"alg": "EdDSA"});
    assert_eq!(refused(&signed(&without_kid, &claims(), 1)).await, TokenError::Malformed);
    assert_eq!(refused(&token(&claims_with("sub", json!("root")))).await, TokenError::Malformed);
}

#[tokio::test]
async fn the_token_does_not_choose_its_algorithm() {
    for algorithm in ["none", "HS256", "RS256", "ES256"] {
        let header = json!({"alg": algorithm, "kid": "one"});
        let error = refused(&signed(&header, &claims(), 1)).await;
        assert!(matches!(error, TokenError::Invalid | TokenError::Malformed), "{algorithm}");
    }
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", part(json!({"alg": "none", "kid": "one"})), part(claims()));
    assert_eq!(refused(&unsigned).await, TokenError::Malformed);
}

#[tokio::test]
async fn a_changed_token_is_worth_nothing() {
    let good = token(&claims());
    let mut parts = good.split('.').map(str::to_owned).collect::<Vec<_>>();
    parts[1] = URL_SAFE_NO_PAD.encode(claims_with("sub", json!(Uuid::from_u128(8))).to_string());
    assert_eq!(refused(&parts.join(".")).await, TokenError::Invalid);
    for rubbish in ["", ".", "..", "a.b.c", "ä", &"x".repeat(5_000)] {
        assert_eq!(refused(rubbish).await, TokenError::Malformed, "{rubbish}");
    }
}

#[tokio::test]
async fn a_new_key_is_asked_for_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let verifier = Verifier::new(vec![public("one", 1)], move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(vec![public("one", 1), public("two", 2)]) })
    });
    assert!(verifier.verify(&token(&claims())).await.is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert!(
        verifier
            .verify(&signed(&json!({"alg": "EdDSA", "kid": "two"}), &claims(), 2))
            .await
            .is_ok()
    );
    for kid in ["three", "four", "five"] {
        let made_up = signed(&json!({"alg": "EdDSA", "kid": kid}), &claims(), 2);
        assert_eq!(verifier.verify(&made_up).await.map(|_| ()), Err(TokenError::Invalid));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn without_keys_nobody_is_called_a_liar() {
    let verifier = Verifier::new(vec![], || Box::pin(async { Err(KeySourceError::new("down")) }));
    for _ in 0..2 {
        assert_eq!(
            verifier.verify(&token(&claims())).await.map(|_| ()),
            Err(TokenError::KeysUnavailable)
        );
    }
}

#[tokio::test]
async fn claims_are_written_as_they_are_read() {
    let claims: AccessClaims = serde_json::from_value(claims()).expect("claims");
    assert!(serde_json::to_value(&claims).expect("JSON").get("nbf").is_none());
    assert!(verifier().verify(&token(&serde_json::to_value(&claims).expect("JSON"))).await.is_ok());
}

#[tokio::test]
async fn a_token_ends_with_its_session_and_the_source_is_asked_now_and_then() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let sessions = Sessions::new(move |_, session_id| {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(session_id == Uuid::from_u128(1)) })
    });
    let verifier = verifier().with_sessions(sessions.clone());
    let of_session = |id| token(&claims_with("sid", json!(Uuid::from_u128(id))));
    let began = Instant::now();
    for _ in 0..10 {
        assert!(verifier.verify(&of_session(1)).await.is_ok());
        let ended = verifier.verify(&of_session(2)).await.map(|_| ());
        assert_eq!(ended, Err(TokenError::Revoked));
    }
    // Once for each half second, of both.
    let at_most = 2 * (1 + began.elapsed().as_millis() as usize / 500);
    assert!((2..=at_most).contains(&asked.load(Ordering::Relaxed)), "{asked:?}");

    sessions.end(Uuid::from_u128(1));
    assert_eq!(verifier.verify(&of_session(1)).await.map(|_| ()), Err(TokenError::Revoked));
    assert!(verifier.verify(&token(&claims())).await.is_ok(), "not every token has a session");
}

#[tokio::test]
async fn a_session_that_cannot_be_looked_up_goes_on() {
    let sessions = Sessions::new(|_, _| Box::pin(async { Err(KeySourceError::new("down")) }));
    let verifier = verifier().with_sessions(sessions);
    assert!(verifier.verify(&token(&claims_with("sid", json!(USER)))).await.is_ok());
}

fn router() -> Router {
    let routes = Router::new()
        .route("/me", on_get(async |principal: Principal| principal.user_id.to_string()))
        .route("/open", on_get(async || "open"));
    enveloped(authenticated(routes, verifier()))
}

#[tokio::test]
async fn only_routes_that_need_a_user_refuse_who_has_none() {
    let bearer = format!("Bearer {}", token(&claims()));
    let me = ask(&router(), empty(get("/me").header("authorization", &bearer))).await;
    assert_eq!((me.status.as_u16(), me.body), (200, USER.to_string().into()));
    let lower = bearer.replace("Bearer", "bearer");
    assert_eq!(ask(&router(), empty(get("/me").header("authorization", lower))).await.status, 200);

    let without = ask(&router(), empty(get("/me"))).await;
    assert_eq!(without.status, 401);
    assert_eq!(without.header("www-authenticate"), r#"Bearer realm="running-trainer""#);
    without.problem();

    for bad in ["Bearer x", "Bearer", "Basic dTpw", "", "Bearer ", "\u{e4}"] {
        let answer = ask(&router(), empty(get("/me").header("authorization", bad))).await;
        assert_eq!(answer.status, 401, "{bad}");
        assert!(answer.header("www-authenticate").contains(r#"error="invalid_token""#), "{bad}");
        assert_eq!(
            ask(&router(), empty(get("/open").header("authorization", bad))).await.status,
            200
        );
    }
    let twice = get("/me").header("authorization", &bearer).header("authorization", &bearer);
    assert_eq!(ask(&router(), empty(twice)).await.status, 401);
}

#[tokio::test]
async fn a_route_that_nobody_authenticates_is_our_fault() {
    let bare = enveloped(Router::new().route("/me", on_get(async |_: Principal| ())));
    assert_eq!(ask(&bare, empty(get("/me"))).await.status, 500);
}
