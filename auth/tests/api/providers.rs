//! What a login page can offer.

use auth::{ClientCredentials, Providers};
use serde_json::json;

use crate::app::{App, database};

#[tokio::test]
async fn whoever_wants_to_sign_in_learns_through_whom_and_nothing_secret() {
    let client =
        |id: &str| ClientCredentials { id: id.to_owned(), secret: "hidden".to_owned().into() };
    let (name, title, issuer) = Providers::GOOGLE;
    let providers = Providers::at("https://runs.example.org", &[]).unwrap();
    let providers = providers.with_open_id(name, title, issuer, client("us")).unwrap();
    let providers = providers.with_strava(Providers::STRAVA, client("us")).unwrap();
    let work = "https://id.work.example";
    let providers = providers.with_open_id("work", "Our office", work, client("us")).unwrap();
    let app = App::with_providers(database().await, providers).await;
    let offered = app.get("/api/v1/auth/providers", &[]).await;
    assert_eq!(offered.status, 200);
    let offer = |name: &str, title: &str| json!({ "name": name, "title": title, "sign_in_path": format!("/api/v1/auth/oauth/{name}") });
    let items = [offer("google", "Google"), offer("strava", "Strava"), offer("work", "Our office")];
    assert_eq!(offered.body, json!({ "items": items, "next_cursor": null }));

    let none = App::start().await.get("/api/v1/auth/providers", &[]).await;
    assert_eq!(none.body, json!({ "items": [], "next_cursor": null }));
}
