use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::app::App;

/// The parts of a token: header, claims and signature.
fn parts(token: &str) -> (Value, Value, String) {
    let parts: Vec<&str> = token.split('.').collect();
    let decode =
        |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (decode(parts[0]), decode(parts[1]), parts[2].to_owned())
}

fn joined(header: &Value, claims: &Value, signature: &str) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.{signature}", encode(header), encode(claims))
}

#[tokio::test]
async fn a_token_says_what_the_contract_names() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (header, claims, _) = parts(ann["access_token"].as_str().unwrap());
    let kid: String = sqlx::query_scalar("select key_id from auth.signing_keys")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(header, json!({"typ": "JWT", "alg": "EdDSA", "kid": kid}));
    assert_eq!(claims["sub"], ann["user_id"]);
    assert_eq!(claims["roles"], json!(["athlete"]));
    assert_eq!(claims["iss"], service::ISSUER);
    assert_eq!(claims["aud"], service::AUDIENCE);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert_eq!(claims["nbf"], claims["iat"]);
    assert!(claims["jti"].is_string() && claims["sid"].is_string());
    assert_eq!(claims.as_object().unwrap().len(), 9, "and nothing about the person");
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_refused() {
    let app = App::start().await;
    let token = app.ann().await["access_token"].as_str().unwrap().to_owned();
    let (header, claims, signature) = parts(&token);

    let mut admin = claims.clone();
    admin["roles"] = json!(["admin"]);
    app.me(&joined(&header, &admin, &signature)).await.is_problem(401);

    for alg in ["none", "None", "nOnE", "HS256"] {
        let mut unsigned = header.clone();
        unsigned["alg"] = json!(alg);
        app.me(&joined(&unsigned, &claims, "")).await.is_problem(401);
        app.me(&joined(&unsigned, &claims, &signature)).await.is_problem(401);
    }
    for broken in
        [&token[..token.len() - 4], &token[1..], "", "a.b.c", "..", &token.replace('.', " ")]
    {
        app.me(broken).await.is_problem(401);
    }
    assert_eq!(app.me(&token).await.status, 200, "the real one is still good");
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let app = App::start().await;
    let (mut header, claims, _) = parts(app.ann().await["access_token"].as_str().unwrap());
    let jwks = app.get("/.well-known/jwks.json", &[]).await.body;
    let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    header["alg"] = json!("HS256");
    let header: Header = serde_json::from_value(header).unwrap();
    let forged =
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap();
    app.me(&forged).await.is_problem(401);
}

#[tokio::test]
async fn a_token_of_another_key_is_refused_whatever_kid_it_names() {
    let app = App::start().await;
    let (header, claims, _) = parts(app.ann().await["access_token"].as_str().unwrap());
    let key = SigningKey::from_bytes(&[9; 32]).to_pkcs8_der().unwrap();
    let key = EncodingKey::from_ed_der(key.as_bytes());
    for kid in [header["kid"].as_str(), Some("another"), None] {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
        app.me(&jsonwebtoken::encode(&header, &claims, &key).unwrap()).await.is_problem(401);
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused() {
    let app = App::start().await;
    let user_id = app.ann().await["user_id"].as_str().unwrap().parse().unwrap();
    let master_key = crate::app::master_key();
    let good =
        auth::issue_token(&app.pool, &master_key, user_id, TimeDelta::seconds(30)).await.unwrap();
    assert_eq!(app.me(good.expose()).await.status, 200);
    let expired =
        auth::issue_token(&app.pool, &master_key, user_id, TimeDelta::seconds(-30)).await.unwrap();
    app.me(expired.expose()).await.is_problem(401);
}

#[tokio::test]
async fn a_token_outlives_no_account() {
    let app = App::start().await;
    let token = app.ann().await["access_token"].as_str().unwrap().to_owned();
    sqlx::query("delete from auth.users").execute(&app.pool).await.unwrap();
    app.me(&token).await.is_problem(401);
}

#[tokio::test]
async fn the_published_keys_verify_a_token() {
    let app = App::start().await;
    let token = app.ann().await["access_token"].as_str().unwrap().to_owned();
    let answer = app.get("/.well-known/jwks.json", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let key = &answer.body["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"), &json!("sig"))
    );
    assert_eq!(key.as_object().unwrap().len(), 6, "and no d");

    // As a stranger's program would: any library that reads RFC 7517.
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(answer.body).unwrap();
    let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[service::AUDIENCE]);
    validation.set_issuer(&[service::ISSUER]);
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap().claims;
    assert!(claims["exp"].as_i64().unwrap() > Utc::now().timestamp());
}
