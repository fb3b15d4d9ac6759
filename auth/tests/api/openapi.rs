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
        ("delete /api/v1/auth/api-keys/{id}", "204 400 401 403 404 429 503"),
        ("delete /api/v1/auth/me", "204 401 412 429 503"),
        ("get /.well-known/jwks.json", "200 429 503"),
        ("get /api/v1/admin/users", "200 400 401 403 429 503"),
        ("get /api/v1/admin/users/{id}", "200 400 401 403 404 429 503"),
        ("get /api/v1/auth/activity", "200 400 401 429 503"),
        ("get /api/v1/auth/api-keys", "200 400 401 403 429 503"),
        ("get /api/v1/auth/me", "200 304 401 429 503"),
        ("patch /api/v1/auth/me", "200 400 401 412 413 415 422 429 503"),
        ("post /api/v1/admin/users/{id}/lock", "200 400 401 403 404 409 412 429 503"),
        ("post /api/v1/admin/users/{id}/unlock", "200 400 401 403 404 412 429 503"),
        ("post /api/v1/auth/api-keys", "201 400 401 403 409 413 415 422 429 503"),
        ("post /api/v1/auth/change-password", "204 400 401 413 415 422 429 503"),
        ("post /api/v1/auth/login", "200 400 401 403 413 415 422 429 503"),
        ("post /api/v1/auth/logout", "204 401 429 503"),
        ("post /api/v1/auth/refresh", "200 400 401 413 415 422 429 503"),
        ("put /api/v1/admin/users/{id}/roles", "200 400 401 403 404 409 412 413 415 422 429 503"),
        ("post /api/v1/auth/register", "201 400 409 413 415 422 429 503"),
    ];
    assert_eq!(
        documented,
        expected.map(|(operation, statuses)| (operation.to_owned(), statuses.to_owned())).into()
    );
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
