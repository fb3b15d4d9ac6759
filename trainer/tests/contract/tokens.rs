//! Access tokens that must open nothing, signed as only the program could: with a key that it publishes itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::program::Program;
use crate::runner::Runner;
use crate::training::with;

const PATHS: [&str; 3] = ["/api/v1/plans", "/api/v1/runs", "/api/v1/analytics/summary"];

/// A signature under a header and claims.
fn signed(header: &Value, claims: &Value, key: &SigningKey) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Lets a program publish a key of ours, among those that sign no more but are good still.
async fn publish(program: &Program, kid: &str, key: &SigningKey) {
    let mut postgres = PgConnection::connect(&program.database_url().await).await.unwrap();
    sqlx::query(
        "insert into auth.signing_keys (key_id, public_key, sealed_key, created_at, retired_at)
         values ($1, $2, '\\x00', now(), now())",
    )
    .bind(kid)
    .bind(key.verifying_key().to_bytes().as_slice())
    .execute(&mut postgres)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_token_opens_nothing_unless_it_is_ours_for_us_now_and_as_it_was_signed() {
    let program = Program::start(&[("TRAINER_RATE_LIMITS", "off")]);
    let runner = Runner::of(&program).await;
    let nobody = Runner::unknown_to(&program);
    let key = SigningKey::from_bytes(&[7; 32]);
    publish(&program, "ours", &key).await;
    let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "ours"});
    let now = Utc::now().timestamp();
    let claims = json!({
        "sub": runner.user_id, "roles": ["athlete"], "iat": now, "nbf": now, "exp": now + 900,
        "jti": uuid::Uuid::new_v4(), "iss": "running-trainer", "aud": "running-trainer",
    });
    let opens = async |token: &str, status: u16| {
        for path in PATHS {
            let bearer = format!("Bearer {token}");
            let answer = nobody.get(path).header("authorization", &bearer).await;
            if status == 401 {
                answer.problem(401)
            } else {
                answer.must_be(status).json()
            };
        }
    };
    let good = signed(&header, &claims, &key);
    // Else what follows would be refused for another reason than the one that is meant.
    opens(&good, 200).await;

    let but = |changes: Value| signed(&header, &with(claims.clone(), changes), &key);
    for (what, token) in [
        ("wrong audience", but(json!({"aud": "somebody else"}))),
        ("wrong audiences", but(json!({"aud": ["somebody", "else"]}))),
        ("no audience", but(json!({"aud": null}))),
        ("wrong issuer", but(json!({"iss": "somebody else"}))),
        ("expired", but(json!({"exp": now - 60}))),
        ("expired long ago", but(json!({"exp": 0}))),
        ("never expires", but(json!({"exp": null}))),
        ("future nbf", but(json!({"nbf": now + 60}))),
        ("no subject", but(json!({"sub": null}))),
        ("another subject form", but(json!({"sub": "root"}))),
    ] {
        println!("{what}");
        opens(&token, 401).await;
    }

    let stranger = SigningKey::from_bytes(&[8; 32]);
    let (signature, unsigned) = {
        let (unsigned, signature) = good.rsplit_once('.').unwrap();
        (signature, unsigned)
    };
    let tampered = signed(&header, &with(claims.clone(), json!({"roles": ["admin"]})), &key);
    let (tampered, _) = tampered.rsplit_once('.').unwrap();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let (_, payload) = unsigned.split_once('.').unwrap();
    let mut others = vec![
        ("wrong key", signed(&header, &claims, &stranger)),
        ("unknown key", signed(&json!({"alg": "EdDSA", "kid": "theirs"}), &claims, &stranger)),
        ("no key", signed(&json!({"alg": "EdDSA"}), &claims, &key)),
        ("tampered", format!("{tampered}.{signature}")),
        ("cut", good[..good.len() - 2].to_owned()),
        ("without signature", format!("{unsigned}.")),
        ("without anything", "..".to_owned()),
    ];
    for alg in ["none", "None", "NONE", "HS256", "RS256", "ES256", ""] {
        let header = part(json!({"alg": alg, "typ": "JWT", "kid": "ours"}));
        others.push(("another algorithm", format!("{header}.{payload}.")));
        others.push(("another algorithm", format!("{header}.{payload}.{signature}")));
    }
    for (what, token) in others {
        println!("{what}");
        opens(&token, 401).await;
    }
    opens(&good, 200).await;
}
