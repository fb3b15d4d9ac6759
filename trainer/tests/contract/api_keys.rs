//! Keys for programs: good wherever a token is, within their scopes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::client::Answer;
use crate::program::Program;
use crate::runner::{PASSWORD, Runner};
use crate::training::{plan, run};

const KEYS: &str = "/api/v1/auth/api-keys";
const ME: &str = "/api/v1/auth/me";
const USERS: &str = "/api/v1/admin/users";

impl Runner {
    /// A key of this runner, as it is answered when it is made.
    async fn key(&self, scopes: Value) -> Value {
        let body = json!({ "name": "the watch", "scopes": scopes });
        let made = self.post(KEYS, body).await.must_be(201);
        assert_eq!(made.header("cache-control"), Some("no-store"));
        made.json()
    }

    /// The runner as a program with a key.
    fn with_key(&self, key: &Value) -> Self {
        self.with_token(key["key"].as_str().unwrap())
    }

    /// Waits until they are answered so: an answer from just before is believed for a moment.
    async fn comes_to(&self, status: u16, within: Duration) -> Answer {
        let began = Instant::now();
        loop {
            let answer = self.get(ME).await;
            if answer.status == status {
                return answer;
            }
            assert!(began.elapsed() < within, "not {status}: {answer:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_key_sees_and_changes_what_its_scopes_say() {
    let runner = Runner::new().await;
    let reads = runner.with_key(&runner.key(json!(["read"])).await);
    let writes = runner.with_key(&runner.key(json!(["write", "write"])).await);
    let both = runner.with_key(&runner.key(json!(["read", "write"])).await);

    let (_, path) = both.plan(json!({})).await;
    assert_eq!(both.see(&path).await, runner.see(&path).await);
    writes.post("/api/v1/runs", run()).await.must_be(201);
    assert_eq!(reads.list("/api/v1/runs").await.len(), 1);
    assert_eq!(reads.see(ME).await["user_id"], runner.user_id.as_str());

    reads.post("/api/v1/plans", plan()).await.problem(403);
    reads.delete(&path).await.problem(403);
    reads.patch(ME, json!({ "name": "x" })).await.problem(403);
    writes.get(&path).await.problem(403);
    writes.get("/api/v1/analytics/summary").await.problem(403);
    // What belongs to others is no more theirs than their owner's.
    Runner::new().await.with_key(&runner.key(json!(["read"])).await).get(&path).await.must_be(200);
    let stranger = Runner::new().await;
    let strangers_key = stranger.key(json!(["read", "write"])).await;
    stranger.with_key(&strangers_key).get(&path).await.problem(404);
}

#[tokio::test]
async fn a_key_is_no_session() {
    let runner = Runner::new().await;
    let made = runner.key(json!(["read", "write", "admin"])).await;
    let key = runner.with_key(&made);
    key.post(KEYS, json!({ "name": "another", "scopes": ["read"] })).await.problem(403);
    key.get(KEYS).await.problem(403);
    key.delete(format!("{KEYS}/{}", made["id"].as_str().unwrap())).await.problem(403);
    key.post("/api/v1/auth/logout", json!({})).await.problem(403);
    let passwords = json!({ "current_password": PASSWORD, "new_password": "thorough bush, brier" });
    key.post("/api/v1/auth/change-password", passwords).await.problem(403);
    key.delete(ME).await.problem(403);
    key.get(USERS).await.problem(403);
    runner.get(ME).await.must_be(200);
}

#[tokio::test]
async fn keys_are_listed_without_the_key_and_end_when_revoked() {
    let runner = Runner::new().await;
    let (first, second) =
        (runner.key(json!(["read"])).await, runner.key(json!(["read", "write"])).await);
    let program = runner.with_key(&first);
    program.get(ME).await.must_be(200);

    let keys = runner.list(KEYS).await;
    let ids: Vec<_> = keys.iter().map(|key| &key["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]], "the newest first");
    assert_eq!(keys[1]["scopes"], json!(["read"]));
    assert!(keys[1]["last_used_at"].is_string() && keys[0]["last_used_at"].is_null());
    assert!(keys.iter().all(|key| key.get("key").is_none()));
    let page = runner.see(format!("{KEYS}?limit=1")).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(runner.see(format!("{KEYS}?limit=1&cursor={cursor}")).await["items"][0], keys[1]);

    let path = format!("{KEYS}/{}", first["id"].as_str().unwrap());
    Runner::new().await.delete(&path).await.problem(404);
    program.get(ME).await.must_be(200);
    runner.delete(&path).await.must_be(204);
    program.get(ME).await.problem(401);
    runner.delete(&path).await.problem(404);
    runner.delete(format!("{KEYS}/x")).await.problem(400);
    assert_eq!(runner.list(KEYS).await.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_said() {
    let runner = Runner::new().await;
    let wrong = json!({ "name": "", "scopes": ["read", "king"], "expires_at": "2020-01-01T00:00:00Z", "key": "rtk_x" });
    let expected = json!({
        "name": "empty", "scopes": "invalid_choice", "expires_at": "in_the_past", "key": "unknown_field",
    });
    assert_eq!(json!(runner.post(KEYS, wrong).await.blames()), expected);
    let required = json!({ "name": "required", "scopes": "required" });
    assert_eq!(json!(runner.post(KEYS, json!({})).await.blames()), required);
    for (scopes, code) in [(json!([]), "empty"), (json!("read"), "wrong_type")] {
        let body = json!({ "name": "x", "scopes": scopes });
        assert_eq!(json!(runner.post(KEYS, body).await.blames()), json!({ "scopes": code }));
    }
    for key in ["rtk_", "rtk_nonsense", "rtk_kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"] {
        let nobody = runner.with_token(key);
        nobody.get(ME).await.problem(401);
        nobody.post("/api/v1/runs", run()).await.problem(401);
    }
    for _ in 0..50 {
        runner.key(json!(["read"])).await;
    }
    let body = json!({ "name": "x", "scopes": ["read"] });
    runner.post(KEYS, body).await.problem(409);
}

#[tokio::test]
async fn a_key_ends_in_time() {
    let runner = Runner::new().await;
    let some_day = (chrono::Utc::now() + chrono::TimeDelta::days(7)).to_rfc3339();
    let body = json!({ "name": "short", "scopes": ["read"], "expires_at": some_day });
    let key = runner.post(KEYS, body).await.must_be(201).json();
    let program = runner.with_key(&key);
    program.get(ME).await.must_be(200);
    // That day is now.
    let url = Program::shared().database_url().await;
    let mut postgres = PgConnection::connect(&url).await.unwrap();
    let key_id: Uuid = key["id"].as_str().unwrap().parse().unwrap();
    let end =
        "update auth.api_keys set expires_at = now() where key_id = $1 and expires_at > now()";
    let ended = sqlx::query(end).bind(key_id).execute(&mut postgres).await.unwrap();
    assert_eq!(ended.rows_affected(), 1);
    postgres.close().await.unwrap();
    program.comes_to(401, Duration::from_secs(20)).await.problem(401);
}

#[tokio::test]
async fn an_administrators_key_administers_only_with_the_scope_and_a_locked_account_has_no_keys() {
    let program = Program::start(&[("TRAINER_RATE_LIMITS", "off")]);
    let admin = Runner::administrator(&program).await;
    let runner = Runner::of(&program).await;
    let plain = admin.with_key(&admin.key(json!(["read", "write"])).await);
    let full = admin.with_key(&admin.key(json!(["read", "write", "admin"])).await);
    plain.get(USERS).await.problem(403);
    full.get(USERS).await.must_be(200);

    let runners = runner.with_key(&runner.key(json!(["read"])).await);
    runners.get(ME).await.must_be(200);
    let lock = format!("{USERS}/{}/lock", runner.user_id);
    plain.post(&lock, json!({})).await.problem(403);
    full.post(&lock, json!({})).await.must_be(200);
    runner.get("/api/v1/plans").await.problem(401);
    let soon = Duration::from_secs(10);
    runners.comes_to(401, soon).await.problem(401);
    full.post(format!("{USERS}/{}/unlock", runner.user_id), json!({})).await.must_be(200);
    runners.comes_to(200, soon).await;
    full.get(format!("{USERS}/{}", Uuid::nil())).await.problem(404);
}
