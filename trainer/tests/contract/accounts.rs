//! Accounts and tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::runner::{PASSWORD, Runner};
use crate::training::with;

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";
const ME: &str = "/api/v1/auth/me";

fn somebody() -> Value {
    json!({ "email": format!("Ann.{}@Example.org", Uuid::new_v4().simple()), "password": PASSWORD })
}

#[tokio::test]
async fn who_registers_has_an_account_and_may_log_in() {
    let nobody = Runner::nobody();
    let somebody = somebody();
    let named = with(somebody.clone(), json!({ "name": " Ann 🏃 " }));
    let registered = nobody.post(REGISTER, named).await.must_be(201).json();
    assert_eq!(registered, json!({ "user_id": registered["user_id"], "email": somebody["email"] }));
    registered["user_id"].as_str().unwrap().parse::<Uuid>().unwrap();

    let upper = somebody["email"].as_str().unwrap().to_uppercase();
    let answer =
        nobody.post(LOGIN, with(somebody.clone(), json!({ "email": upper }))).await.must_be(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let pair = answer.json();
    let fields: Vec<_> = pair.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["access_token", "expires_in", "refresh_token", "token_type", "user_id"]);
    assert_eq!((&pair["token_type"], &pair["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(pair["user_id"], registered["user_id"]);

    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let me = nobody.get(ME).header("authorization", &bearer).await.must_be(200);
    assert_eq!(me.version(), 1);
    let me = me.json();
    assert_eq!((&me["user_id"], &me["email"]), (&registered["user_id"], &somebody["email"]));
    assert_eq!((&me["name"], &me["roles"]), (&json!("Ann 🏃"), &json!(["athlete"])));
    assert!(!me.to_string().contains("password") && !me.to_string().contains("argon2"));
}

#[tokio::test]
async fn a_registration_names_everything_that_is_wrong_with_it() {
    let nobody = Runner::nobody();
    let wrong = json!({ "email": "ann", "password": "short", "name": "", "role": "admin", "roles": ["admin"] });
    let expected = json!({
        "email": "invalid_email", "password": "too_short", "name": "empty", "role": "unknown_field",
        "roles": "unknown_field",
    });
    assert_eq!(json!(nobody.post(REGISTER, wrong).await.blames()), expected);
    let required = json!({ "email": "required", "password": "required" });
    assert_eq!(json!(nobody.post(REGISTER, json!({})).await.blames()), required);
    for email in [
        "",
        "@",
        "a@",
        "@b.org",
        "a b@c.org",
        "a@b",
        "a@b..org",
        "a@b.org\r\nBcc: c@d.org",
        "a\u{0}@b.org",
    ] {
        let blamed =
            nobody.post(REGISTER, with(somebody(), json!({ "email": email }))).await.blames();
        assert_eq!(blamed.keys().collect::<Vec<_>>(), ["email"], "{email:?}");
    }
    for (password, code) in [
        (json!("123456789"), "too_short"),
        (json!("🏃".repeat(9)), "too_short"),
        (json!("password123"), "too_common"),
        (json!("Password123"), "too_common"),
        (json!("1234567890"), "too_common"),
        (json!("qwertyuiop"), "too_common"),
        (json!("iloveyou123"), "too_common"),
        (json!(1_234_567_890), "wrong_type"),
        (json!(null), "required"),
    ] {
        let blamed =
            nobody.post(REGISTER, with(somebody(), json!({ "password": password }))).await.blames();
        assert_eq!(json!(blamed), json!({ "password": code }), "{password}");
    }
    for password in ["🏃🥇🌧🧦🥾🗻🌅🐕🍌🚿", "ten chars!", "' or 1=1; --"] {
        let somebody = with(somebody(), json!({ "password": password }));
        nobody.post(REGISTER, somebody.clone()).await.must_be(201);
        nobody.post(LOGIN, somebody).await.must_be(200);
    }
}

#[tokio::test]
async fn an_e_mail_has_one_account_in_whatever_case() {
    let nobody = Runner::nobody();
    let somebody = somebody();
    nobody.post(REGISTER, somebody.clone()).await.must_be(201);
    let lower = somebody["email"].as_str().unwrap().to_lowercase();
    nobody.post(REGISTER, somebody.clone()).await.problem(409);
    nobody.post(REGISTER, with(somebody.clone(), json!({ "email": lower }))).await.problem(409);
    nobody.post(LOGIN, somebody).await.must_be(200);

    let other = self::somebody();
    let all_at_once = (0..6).map(|_| async { nobody.post(REGISTER, other.clone()).await.status });
    let mut statuses = futures::future::join_all(all_at_once).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_registration_may_be_sent_again_under_its_key() {
    let nobody = Runner::nobody();
    let (somebody, key) = (somebody(), Uuid::new_v4().to_string());
    let first =
        nobody.post(REGISTER, somebody.clone()).header("idempotency-key", &key).await.must_be(201);
    let again =
        nobody.post(REGISTER, somebody.clone()).header("idempotency-key", &key).await.must_be(201);
    assert_eq!((again.text(), again.header("idempotency-replayed")), (first.text(), Some("true")));
    let other = with(somebody, json!({ "name": "Ann" }));
    nobody.post(REGISTER, other).header("idempotency-key", &key).await.problem(422);
}

#[tokio::test]
async fn a_login_does_not_tell_what_was_wrong() {
    let nobody = Runner::nobody();
    let somebody = somebody();
    nobody.post(REGISTER, somebody.clone()).await.must_be(201);
    let details = |problem: &Value| {
        (problem["type"].clone(), problem["title"].clone(), problem["detail"].clone())
    };
    let wrong_password = with(somebody.clone(), json!({ "password": "over dale, over hill" }));
    let wrong_password = nobody.post(LOGIN, wrong_password).await.problem(401);
    for email in ["nobody@example.org", "no address", "' or 1=1; --", "a\u{0}b@c.de", ""] {
        let refused = nobody
            .post(LOGIN, with(somebody.clone(), json!({ "email": email })))
            .await
            .problem(401);
        assert_eq!(details(&refused), details(&wrong_password), "{email}");
    }
    let blamed = nobody.post(LOGIN, json!({ "email": 5, "token": "x" })).await.blames();
    let expected =
        json!({ "email": "wrong_type", "password": "required", "token": "unknown_field" });
    assert_eq!(json!(blamed), expected);
}

#[tokio::test]
async fn an_access_token_is_what_the_contract_says_and_verifies_with_the_public_keys() {
    let runner = Runner::new().await;
    let answer = Runner::nobody().get("/.well-known/jwks.json").await.must_be(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let keys = answer.json();
    let header = decode_header(&runner.token).unwrap();
    assert_eq!(header.alg, Algorithm::EdDSA);
    let is_its = |key: &&Value| key["kid"] == header.kid.as_deref().unwrap();
    let key = keys["keys"].as_array().unwrap().iter().find(is_its).unwrap();
    let said = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key["kid"], "x": key["x"] });
    assert_eq!(*key, said, "and nothing private");

    let decoding_key = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_aud = false;
    let claims = decode::<Value>(&runner.token, &decoding_key, &validation).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["roles"]), (&json!(runner.user_id), &json!(["athlete"])));
    let (from, until) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    let now = chrono::Utc::now().timestamp();
    assert!(until - from == 900 && (now - 60..=now).contains(&from));
    claims["jti"].as_str().unwrap().parse::<Uuid>().unwrap();
    assert!(claims["iss"].is_string() && claims["aud"].is_string());
    assert!(!claims.to_string().contains(&runner.email), "who reads a token learns no address");
}

#[tokio::test]
async fn a_token_that_somebody_else_made_or_changed_is_a_401() {
    let (runner, victim) = (Runner::new().await, Runner::new().await);
    let nobody = Runner::nobody();
    let parts: Vec<&str> = runner.token.split('.').collect();
    let read = |part: &str| {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let said = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let (header, claims) = (read(parts[0]), read(parts[1]));
    let of_victim = said(&with(claims.clone(), json!({ "sub": victim.user_id })));
    let eternal = said(&with(claims, json!({ "exp": 99_999_999_999_i64 })));
    let none = said(&json!({ "alg": "none", "typ": "JWT" }));
    let hmac = said(&with(header.clone(), json!({ "alg": "HS256" })));
    let of_another_key = said(&with(header, json!({ "kid": "../../x' or 1=1 --" })));
    for token in [
        format!("{}.{of_victim}.{}", parts[0], parts[2]),
        format!("{}.{eternal}.{}", parts[0], parts[2]),
        format!("{none}.{of_victim}."),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{hmac}.{}.{}", parts[1], parts[2]),
        format!("{of_another_key}.{}.{}", parts[1], parts[2]),
    ] {
        for path in [ME, "/api/v1/plans"] {
            nobody.get(path).header("authorization", &format!("Bearer {token}")).await.problem(401);
        }
    }
}

#[tokio::test]
async fn a_name_is_changed_taken_away_and_versioned() {
    let runner = Runner::new().await;
    let named = runner.patch(ME, json!({ "name": "Ann" })).await.must_be(200);
    assert_eq!((named.version(), &named.json()["name"]), (2, &json!("Ann")));
    assert_eq!(runner.patch(ME, json!({})).await.must_be(200).version(), 2);
    runner.patch(ME, json!({ "name": "Bob" })).header("if-match", "\"1\"").await.problem(412);
    runner.get(ME).header("if-none-match", "\"2\"").await.must_be(304);
    let bare =
        runner.patch(ME, json!({ "name": null })).header("if-match", "\"2\"").await.must_be(200);
    assert_eq!(bare.json()["name"], Value::Null);
    for wrong in [
        json!({ "name": "x".repeat(256) }),
        json!({ "email": "a@b.org" }),
        json!({ "roles": ["admin"] }),
    ] {
        runner.patch(ME, wrong).await.problem(422);
    }
    assert_eq!(runner.get(ME).await.version(), 3);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_family() {
    let runner = Runner::new().await;
    let nobody = Runner::nobody();
    let refresh = async |token: &str| nobody.post(REFRESH, json!({ "refresh_token": token })).await;
    let second = refresh(&runner.refresh_token).await.must_be(200).json();
    assert_eq!(
        (&second["user_id"], &second["token_type"]),
        (&json!(runner.user_id), &json!("Bearer"))
    );
    assert_ne!(second["access_token"], runner.token.as_str());
    assert_ne!(second["refresh_token"], runner.refresh_token.as_str());
    let bearer = format!("Bearer {}", second["access_token"].as_str().unwrap());
    nobody.get(ME).header("authorization", &bearer).await.must_be(200);

    refresh(&runner.refresh_token).await.problem(401);
    refresh(second["refresh_token"].as_str().unwrap()).await.problem(401);
    for path in [ME, "/api/v1/plans"] {
        nobody.get(path).header("authorization", &bearer).await.problem(401);
        runner.get(path).await.problem(401);
    }
    for token in ["", "x", "' or 1=1 --", &runner.token] {
        refresh(token).await.problem(401);
    }
    assert_eq!(
        json!(nobody.post(REFRESH, json!({})).await.blames()),
        json!({ "refresh_token": "required" })
    );
}

#[tokio::test]
async fn who_logs_out_is_refused_everywhere_from_then_on() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    let credentials = json!({ "email": runner.email, "password": PASSWORD });
    let elsewhere = runner.post(LOGIN, credentials).await.must_be(200).json();

    assert!(runner.post(LOGOUT, json!({})).await.must_be(204).body.is_empty());
    for path in [ME, "/api/v1/plans", "/api/v1/analytics/summary", &path] {
        runner.get(path).await.problem(401);
    }
    runner.post("/api/v1/runs", crate::training::run()).await.problem(401);
    runner.patch(&path, json!({ "name": "x" })).await.problem(401);
    runner.post(LOGOUT, json!({})).await.problem(401);
    runner.post(REFRESH, json!({ "refresh_token": runner.refresh_token })).await.problem(401);
    // Another session of the same user goes on.
    let bearer = format!("Bearer {}", elsewhere["access_token"].as_str().unwrap());
    Runner::nobody().get(&path).header("authorization", &bearer).await.must_be(200);
}
