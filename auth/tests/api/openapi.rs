use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn every_status_is_documented() {
    let app = App::start().await;
    let (_, document) = auth::router(app.state.clone());
    let document = serde_json::to_value(document).unwrap();
    let mut documented = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let statuses: Vec<&str> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            documented.insert(format!("{method} {path}"), statuses.join(" "));
        }
    }
    let expected = [
        ("delete /api/v1/athlete/coaches/{id}", "204 400 401 403 404 422 429 503"),
        ("delete /api/v1/coach/athletes/{id}", "204 400 401 403 404 422 429 503"),
        ("get /api/v1/athlete/coaches", "200 400 401 403 429 503"),
        ("get /api/v1/coach/athletes", "200 400 401 403 429 503"),
        ("post /api/v1/athlete/coaches", "202 400 401 403 409 413 415 422 429 503"),
        ("post /api/v1/athlete/coaches/{id}/accept", "200 400 401 403 404 422 429 503"),
        ("post /api/v1/athlete/coaches/{id}/decline", "204 400 401 403 404 422 429 503"),
        ("patch /api/v1/athlete/coaches/{id}", "200 400 401 403 404 409 413 415 422 429 503"),
        ("post /api/v1/coach/athletes", "202 400 401 403 409 413 415 422 429 503"),
        ("post /api/v1/coach/athletes/{id}/accept", "200 400 401 403 404 422 429 503"),
        ("post /api/v1/coach/athletes/{id}/decline", "204 400 401 403 404 422 429 503"),
        ("delete /api/v1/admin/users/{id}/two-factor", "204 400 401 403 404 409 429 503"),
        ("delete /api/v1/auth/api-keys/{id}", "204 400 401 403 404 422 429 503"),
        ("delete /api/v1/auth/links/{provider}", "204 400 401 403 404 409 422 429 503"),
        ("delete /api/v1/auth/me", "204 401 403 412 429 503"),
        ("delete /api/v1/auth/two-factor", "204 401 403 429 503"),
        ("get /.well-known/jwks.json", "200 429 503"),
        ("get /api/v1/admin/users", "200 400 401 403 429 503"),
        ("get /api/v1/admin/users/{id}", "200 400 401 403 404 429 503"),
        ("get /api/v1/auth/activity", "200 400 401 403 429 503"),
        ("get /api/v1/auth/api-keys", "200 400 401 403 429 503"),
        ("get /api/v1/auth/links", "200 401 403 429 503"),
        ("get /api/v1/auth/pages/{page}", "200 400 404 429 503"),
        ("get /api/v1/auth/me", "200 304 401 403 429 503"),
        ("get /api/v1/auth/oauth/{provider}", "303 400 404 429 503"),
        ("get /api/v1/auth/oauth/{provider}/callback", "200 303 400 403 404 409 429 503"),
        ("get /api/v1/auth/providers", "200 429 503"),
        ("get /api/v1/auth/two-factor", "200 401 403 429 503"),
        ("patch /api/v1/auth/me", "200 400 401 403 412 413 415 422 429 503"),
        ("post /api/v1/admin/users/{id}/lock", "200 400 401 403 404 409 412 422 429 503"),
        ("post /api/v1/admin/users/{id}/unlock", "200 400 401 403 404 412 422 429 503"),
        ("post /api/v1/auth/api-keys", "201 400 401 403 409 413 415 422 429 503"),
        ("post /api/v1/auth/change-password", "204 400 401 403 413 415 422 429 503"),
        ("post /api/v1/auth/links/{provider}", "200 400 401 403 404 413 415 422 429 503"),
        ("post /api/v1/auth/change-email", "202 400 401 403 413 415 422 429 503"),
        ("post /api/v1/auth/forgot-password", "202 400 413 415 422 429 503"),
        ("post /api/v1/auth/login", "200 400 401 403 413 415 422 429 503"),
        ("post /api/v1/auth/login/complete", "200 400 401 403 413 415 422 429 503"),
        ("post /api/v1/auth/logout", "204 401 403 429 503"),
        ("post /api/v1/auth/oauth/{provider}", "200 400 404 413 415 422 429 503"),
        (
            "post /api/v1/auth/oauth/{provider}/callback",
            "200 303 400 403 404 409 413 415 422 429 503",
        ),
        ("post /api/v1/auth/proof", "200 400 401 403 413 415 422 429 503"),
        ("post /api/v1/auth/refresh", "200 400 401 413 415 422 429 503"),
        ("post /api/v1/auth/two-factor", "200 401 403 409 429 503"),
        ("post /api/v1/auth/two-factor/confirm", "200 400 401 403 409 413 415 422 429 503"),
        ("post /api/v1/auth/two-factor/recovery-codes", "200 401 403 409 429 503"),
        ("post /api/v1/auth/resend-verification", "202 400 413 415 422 429 503"),
        ("post /api/v1/auth/reset-password", "204 400 413 415 422 429 503"),
        ("post /api/v1/auth/verify-email", "204 400 409 413 415 422 429 503"),
        ("put /api/v1/admin/users/{id}/roles", "200 400 401 403 404 409 412 413 415 422 429 503"),
        ("post /api/v1/auth/register", "201 400 409 413 415 422 429 503"),
    ];
    assert_eq!(
        documented,
        expected.map(|(operation, statuses)| (operation.to_owned(), statuses.to_owned())).into()
    );
}

#[tokio::test]
async fn a_write_takes_a_key_for_repetitions_unless_it_asks_for_a_secret_or_is_answered_with_one() {
    let app = App::start().await;
    let (_, document) = auth::router(app.state.clone());
    let document = serde_json::to_value(document).unwrap();
    let mut without = vec![];
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let takes_key = parameters.iter().any(|one| one["name"] == "Idempotency-Key");
            let responses = operation["responses"].as_object().unwrap();
            let mut good = responses.iter().filter(|(status, _)| status.starts_with('2'));
            let is_replayed =
                good.any(|(_, answer)| answer["headers"]["Idempotency-Replayed"].is_object());
            assert_eq!(takes_key, is_replayed, "{method} {path}");
            assert!(!takes_key || responses.contains_key("422"), "{method} {path}");
            if method != "get" && !takes_key {
                without.push(path.strip_prefix("/api/v1/").unwrap().to_owned());
            }
        }
    }
    without.dedup();
    // Those that hold no secret have the same effect, however often they are sent: erasing, ending, asking for a mail.
    let expected = [
        "admin/users/{id}/two-factor",
        "auth/api-keys",
        "auth/change-email",
        "auth/change-password",
        "auth/forgot-password",
        "auth/links/{provider}",
        "auth/login",
        "auth/login/complete",
        "auth/logout",
        "auth/me",
        "auth/oauth/{provider}",
        "auth/oauth/{provider}/callback",
        "auth/proof",
        "auth/refresh",
        "auth/resend-verification",
        "auth/reset-password",
        "auth/two-factor",
        "auth/two-factor/confirm",
        "auth/two-factor/recovery-codes",
        "auth/verify-email",
    ];
    assert_eq!(without, expected);
}

#[tokio::test]
async fn the_document_says_what_a_body_may_hold_and_who_must_sign_in() {
    let app = App::start().await;
    let (_, document) = auth::router(app.state.clone());
    let document = serde_json::to_value(document).unwrap();
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert_eq!(document["paths"]["/api/v1/auth/me"]["get"]["security"], json!([{"bearer": []}]));
    assert_eq!(document["paths"]["/api/v1/auth/login"]["post"]["security"], Value::Null);
    let register = &document["components"]["schemas"]["RegisterRequest"];
    assert_eq!(register["additionalProperties"], json!(false));
    assert_eq!(register["required"], json!(["email", "password"]));
    assert_eq!(register["properties"]["password"]["minLength"], 10);
    assert_eq!(register["properties"]["email"]["format"], "email");
}
