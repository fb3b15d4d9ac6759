//! What has happened to an account's security.

use http::Method;
use serde_json::{Value, json};

use crate::program::Program;
use crate::runner::{PASSWORD, Runner};

const ACTIVITY: &str = "/api/v1/auth/activity";
const NEW_PASSWORD: &str = "thorough bush, thorough brier";

#[tokio::test]
async fn what_happens_to_an_account_is_kept_for_its_owner_and_no_one_else() {
    let program = Program::start(&[("TRAINER_RATE_LIMITS", "off")]);
    let admin = Runner::administrator(&program).await;
    let runner = Runner::of(&program).await;
    let wrong = json!({ "email": runner.email, "password": "over dale, over hill" });
    runner.post("/api/v1/auth/login", wrong).header("user-agent", "A Watch/1.0").await.problem(401);
    let key = json!({ "name": "the watch", "scopes": ["read"] });
    let key = runner.post("/api/v1/auth/api-keys", key).await.must_be(201).json();
    let path = format!("/api/v1/auth/api-keys/{}", key["id"].as_str().unwrap());
    runner.delete(&path).await.must_be(204);
    for (current, status) in [("wrong, wrong, wrong", 422), (PASSWORD, 204)] {
        let body = json!({ "current_password": current, "new_password": NEW_PASSWORD });
        runner.post("/api/v1/auth/change-password", body).await.must_be(status);
    }
    let user = format!("/api/v1/admin/users/{}", runner.user_id);
    for roles in [json!(["athlete", "coach"]), json!(["coach", "athlete"])] {
        admin.put(format!("{user}/roles"), json!({ "roles": roles })).await.must_be(200);
    }
    for how in ["lock", "lock", "unlock", "unlock"] {
        admin.post(format!("{user}/{how}"), json!({})).await.must_be(200);
    }
    let credentials = json!({ "email": runner.email, "password": NEW_PASSWORD });
    let again = runner.post("/api/v1/auth/login", credentials).await.must_be(200).json();
    let again = runner.with_token(again["access_token"].as_str().unwrap());

    let happened = again.list(ACTIVITY).await;
    let kinds: Vec<_> = happened.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let expected = [
        "signed_in",
        "unlocked",
        "locked",
        "roles_changed",
        "password_changed",
        "password_change_failed",
        "api_key_revoked",
        "api_key_made",
        "sign_in_failed",
        "signed_in",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(happened[8]["user_agent"], "A Watch/1.0");
    assert_eq!(happened[8]["address"], "127.0.0.1");
    assert_eq!(
        (&happened[7]["subject"], &happened[7]["by_admin"]),
        (&json!("the watch"), &json!(false))
    );
    assert_eq!(
        (&happened[3]["subject"], &happened[3]["by_admin"]),
        (&json!("athlete, coach"), &json!(true))
    );
    assert_eq!(
        happened[2]["address"],
        Value::Null,
        "where an administrator sits is their business"
    );
    let all = json!(happened).to_string();
    assert!(!all.contains(NEW_PASSWORD) && !all.contains(key["key"].as_str().unwrap()));
    let of_admin = admin.list(ACTIVITY).await;
    assert!(of_admin.iter().all(|one| one["kind"] == "signed_in"), "{of_admin:?}");
    Runner::unknown_to(&program).ask(Method::GET, ACTIVITY).await.problem(401);
}

#[tokio::test]
async fn a_stolen_refresh_token_and_a_sign_out_are_seen_too() {
    let runner = Runner::new().await;
    let refresh = async || {
        runner.post("/api/v1/auth/refresh", json!({ "refresh_token": runner.refresh_token })).await
    };
    refresh().await.must_be(200);
    refresh().await.problem(401);
    let credentials = json!({ "email": runner.email, "password": PASSWORD });
    let login = async || {
        let pair = runner.post("/api/v1/auth/login", credentials.clone()).await.must_be(200).json();
        runner.with_token(pair["access_token"].as_str().unwrap())
    };
    login().await.post("/api/v1/auth/logout", json!({})).await.must_be(204);
    let again = login().await;
    let page = again.see(format!("{ACTIVITY}?limit=3")).await;
    let kinds: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["signed_in", "signed_out", "signed_in"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = again.list(format!("{ACTIVITY}?cursor={cursor}")).await;
    let kinds: Vec<_> = rest.iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["refresh_token_reused", "signed_in"]);
}
