//! The second factor, as a client meets it.

use chrono::Utc;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::runner::{PASSWORD, Runner};

const TWO_FACTOR: &str = "/api/v1/auth/two-factor";
const LOGIN: &str = "/api/v1/auth/login";
const COMPLETE: &str = "/api/v1/auth/login/complete";

/// What an authenticator app shows so many half minutes from now.
fn code(secret: &str, half_minutes: i64) -> String {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(&BASE32_NOPAD.decode(secret.as_bytes()).unwrap()).unwrap();
    mac.update(&(Utc::now().timestamp() / 30 + half_minutes).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn a_second_factor_is_added_asked_for_and_taken_away() {
    let runner = Runner::new().await;
    let begun = runner.post(TWO_FACTOR, json!({})).await.must_be(200).json();
    let secret = begun["secret"].as_str().unwrap();
    let confirm =
        |code: String| runner.post(format!("{TWO_FACTOR}/confirm"), json!({"code": code}));
    assert_eq!(json!(confirm("12".to_owned()).await.blames()), json!({"code": "wrong"}));
    let on = confirm(code(secret, 0)).await.must_be(200).json();
    let recovery_codes = on["recovery_codes"].as_array().unwrap().clone();

    let credentials = json!({"email": runner.email, "password": PASSWORD});
    let asked = async || runner.post(LOGIN, credentials.clone()).await.problem(403);
    let challenge = asked().await;
    assert_eq!(challenge["type"], "urn:running-trainer:problem:second-factor-required");
    let complete = async |challenge: &Value, code: &str| {
        runner.post(COMPLETE, json!({"challenge": challenge["challenge"], "code": code})).await
    };
    complete(&challenge, "000000x").await.problem(401);
    let next = code(secret, 1);
    let pair = complete(&challenge, &next).await.must_be(200).json();
    complete(&asked().await, &next).await.problem(401);
    let again = runner.with_token(pair["access_token"].as_str().unwrap());
    assert_eq!(again.see("/api/v1/auth/me").await["user_id"], runner.user_id.as_str());
    complete(&asked().await, recovery_codes[0].as_str().unwrap()).await.must_be(200);
    complete(&asked().await, recovery_codes[0].as_str().unwrap()).await.problem(401);

    again.delete(TWO_FACTOR).await.must_be(204);
    runner.post(LOGIN, credentials.clone()).await.must_be(200);
}

#[tokio::test]
async fn nobody_signs_in_through_a_provider_that_is_not_set_up() {
    let nobody = Runner::nobody();
    for provider in ["google", "strava", "oidc", "nobody"] {
        let path = format!("/api/v1/auth/oauth/{provider}");
        nobody.get(&path).await.problem(404);
        nobody.post(&path, json!({})).await.problem(404);
        nobody.get(format!("{path}/callback?code=x&state=y")).await.problem(404);
        nobody
            .post(format!("{path}/callback"), json!({"code": "x", "state": "y"}))
            .await
            .problem(404);
    }
}
