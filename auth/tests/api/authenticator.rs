//! An authenticator app: it knows what it was given when somebody enrolled, and RFC 6238.

use axum::http::Method;
use chrono::Utc;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use url::Url;

use crate::app::{Answer, App};

pub(crate) const TWO_FACTOR: &str = "/api/v1/auth/two-factor";
pub(crate) const CONFIRM: &str = "/api/v1/auth/two-factor/confirm";
pub(crate) const COMPLETE: &str = "/api/v1/auth/login/complete";

pub(crate) struct Authenticator {
    secret: Vec<u8>,
    period: i64,
    digits: u32,
}

impl Authenticator {
    /// Reads what an app finds in a QR code.
    pub(crate) fn scan(uri: &str) -> Self {
        let uri = Url::parse(uri).unwrap();
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
        let said = |name: &str| {
            let (_, value) = uri.query_pairs().find(|(found, _)| found == name).unwrap();
            value.into_owned()
        };
        assert_eq!(said("algorithm"), "SHA1");
        Self {
            secret: BASE32_NOPAD.decode(said("secret").as_bytes()).unwrap(),
            period: said("period").parse().unwrap(),
            digits: said("digits").parse().unwrap(),
        }
    }

    /// The code that it shows so many periods from now.
    pub(crate) fn code(&self, periods: i64) -> String {
        let counter = Utc::now().timestamp() / self.period + periods;
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.secret).unwrap();
        mac.update(&counter.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let offset = (digest[19] % 16) as usize;
        let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap());
        let code = (number % (1 << 31)) % 10_u32.pow(self.digits);
        format!("{code:0width$}", width = self.digits as usize)
    }

    /// A code that it does not show now, nor a little before or after.
    pub(crate) fn wrong_code(&self) -> String {
        let right: Vec<_> = (-3..=3).map(|periods| self.code(periods)).collect();
        (0..).map(|code| format!("{code:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

impl App {
    /// Guards an account with a second factor; its app, and its recovery codes.
    pub(crate) async fn enrol(&self, pair: &Value) -> (Authenticator, Vec<String>) {
        let begun = self.ask(Method::POST, TWO_FACTOR, pair, Value::Null).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let app = Authenticator::scan(begun.body["otpauth_uri"].as_str().unwrap());
        let on = self.ask(Method::POST, CONFIRM, pair, json!({"code": app.code(0)})).await;
        assert_eq!(on.status, 200, "{}", on.body);
        // As if half a minute had passed, and the app showed another code.
        self.forget_codes().await;
        let codes = serde_json::from_value(on.body["recovery_codes"].clone()).unwrap();
        (app, codes)
    }

    /// Lets the code that was just taken be taken again.
    pub(crate) async fn forget_codes(&self) {
        self.execute("update auth.second_factors set last_step = 0").await;
    }

    /// Ann's password is right; the challenge that she gets.
    pub(crate) async fn challenge(&self) -> Value {
        let asked = self.login("ann@example.org").await;
        asked.is_problem(403);
        asked.body["challenge"].clone()
    }

    pub(crate) async fn complete(&self, challenge: &Value, code: &str) -> Answer {
        self.post(COMPLETE, json!({"challenge": challenge, "code": code})).await
    }
}
