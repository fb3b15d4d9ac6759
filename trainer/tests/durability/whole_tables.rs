//! In a full database, no request of the real program reads a table whole, and neither does what goes on behind it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use chrono::Utc;
use embedded::testing;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::long_history::{all_come_along, fill};
use crate::program::{Answer, Ask, Client, PASSWORD, Runner, TestFolder, Trainer};
use crate::read_models::all_shown;

const EVENTS: u64 = 20_000;

/// A table with fewer rows may be read whole: that is the fastest way.
const MANY_ROWS: i64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_reads_a_table_whole() {
    let servers = testing::shared();
    let (database_url, nats_url) = (servers.database().await, servers.nats_account());
    let folder =
        TestFolder::with_environment(&[("DATABASE_URL", &database_url), ("NATS_URL", &nats_url)]);
    let pool = PgPool::connect(&database_url).await.unwrap();
    let trainer = Trainer::up(&folder);
    fill(&pool, EVENTS).await;
    sqlx::raw_sql(ACCOUNTS).execute(&pool).await.unwrap();
    all_come_along(&pool).await;
    // Whatever is read whole to fill and to start is not counted, and each process's count is complete when it has ended.
    trainer.stop();
    sqlx::raw_sql("vacuum analyze").execute(&pool).await.unwrap();
    let before = read_whole(&pool).await;

    let log = ("TRAINER_LOG", "warn,trainer=info,nats=info".to_owned());
    let trainer = Trainer::start_with(&folder, &["up"], &[log]).ready();
    everything_hot(trainer.address).await;
    all_shown(&pool).await;
    let leads = trainer.log().iter().filter(|line| line["message"] == "relay leads").count();
    trainer.stop();

    let mut times = read_whole(&pool).await;
    for (table, before) in before {
        *times.entry(table).or_default() -= before;
    }
    for table in ["auth.users", "auth.sessions", "auth.api_keys", "public.runs", "public.workouts"]
    {
        assert!(times.contains_key(table), "{table} is not full: {times:?}");
    }
    // A relay that begins to lead looks once for the last event of each part.
    let events = times.remove("es.events").expect("it is full");
    assert!(events <= leads as i64, "es.events was read whole {events} times, {leads} relays led");
    times.retain(|_, times| *times > 0);
    assert!(times.is_empty(), "read whole: {times:?}");
    pool.close().await;
}

/// How often each table with many rows was read whole.
async fn read_whole(pool: &PgPool) -> BTreeMap<String, i64> {
    let tables: Vec<(String, i64)> = sqlx::query_as(
        "select schemaname || '.' || relname, seq_scan from pg_stat_user_tables where n_live_tup > $1",
    )
    .bind(MANY_ROWS)
    .fetch_all(pool)
    .await
    .unwrap();
    tables.into_iter().collect()
}

/// What clients ask for all day, several times, so that Postgres may plan it for all values at once.
async fn everything_hot(address: SocketAddr) {
    let runner = Runner::register(address).await;
    let mut client = runner.client(address);
    for _ in 0..8 {
        trains(&mut client).await;
    }
    let key = json!({ "name": "the watch", "scopes": ["read", "write"] });
    let key = post(&mut client, "/api/v1/auth/api-keys", key).await.must_be(201).json();
    let mut watch = Client::new(address, key["key"].as_str().unwrap());
    trains(&mut watch).await;
    for path in ["/api/v1/auth/me", "/api/v1/auth/api-keys", "/api/v1/auth/activity"] {
        get(&mut client, path).await;
    }
    let name = Ask::patch("/api/v1/auth/me", json!({ "name": "Ann" }));
    client.send(&name).await.unwrap().must_be(200);
    let email = get(&mut client, "/api/v1/auth/me").await["email"].as_str().unwrap().to_owned();
    let credentials = json!({ "email": email, "password": PASSWORD });
    let mut pair =
        post(&mut client, "/api/v1/auth/login", credentials.clone()).await.must_be(200).json();
    for _ in 0..8 {
        let refresh = json!({ "refresh_token": pair["refresh_token"] });
        pair = post(&mut client, "/api/v1/auth/refresh", refresh).await.must_be(200).json();
        let wrong = json!({ "email": "nobody@example.org", "password": PASSWORD });
        post(&mut client, "/api/v1/auth/login", wrong).await.must_be(401);
        let again = json!({ "email": email, "password": "thorough bush, brier" });
        post(&mut client, "/api/v1/auth/register", again).await.must_be(409);
    }
    let revoke = Ask::delete(format!("/api/v1/auth/api-keys/{}", key["id"].as_str().unwrap()));
    client.send(&revoke).await.unwrap().must_be(204);
    post(&mut client, "/api/v1/auth/logout", Value::Null).await.must_be(204);
}

/// A plan, workouts and runs: made, changed, looked at and deleted.
async fn trains(client: &mut Client) {
    let today = Utc::now().date_naive();
    let end = today + chrono::Days::new(69);
    let plan = json!({ "name": "Ten weeks", "start_date": today, "end_date": end });
    let (plan, plan_path) = made(client, "/api/v1/plans", plan).await;
    let workout = json!({ "name": "Easy", "workout_type": "easy_run", "scheduled_date": today });
    let workouts = json!({ "workouts": vec![workout; 5] });
    let scheduled = format!("{plan_path}/workouts");
    let workouts = post(client, &scheduled, workouts).await.must_be(201).json();
    let ids: Vec<&str> = workouts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|workout| workout["id"].as_str().unwrap())
        .collect();
    let run = json!({ "actual_date": today, "distance_km": 8, "duration_minutes": 40, "workout_id": ids[0] });
    let (run, run_path) = made(client, "/api/v1/runs", run).await;
    post(client, &format!("{run_path}/unmatch"), Value::Null).await.must_be(200);
    let with = json!({ "workout_id": ids[1] });
    post(client, &format!("{run_path}/match"), with).await.must_be(200);
    post(client, &format!("/api/v1/workouts/{}/skip", ids[2]), Value::Null).await.must_be(200);
    post(client, &format!("/api/v1/workouts/{}/reopen", ids[2]), Value::Null).await.must_be(200);
    let mut position = 0;
    for (path, change) in [
        (plan_path.clone(), json!({ "name": "Ten long weeks" })),
        (format!("/api/v1/workouts/{}", ids[3]), json!({ "distance_km": 9 })),
        (run_path.clone(), json!({ "notes": "windy" })),
    ] {
        let changed = client.send(&Ask::patch(path, change)).await.unwrap().must_be(200);
        position = changed.position();
    }
    let (plan, run) = (plan["id"].as_str().unwrap(), run["id"].as_str().unwrap());
    for path in [
        "/api/v1/plans".to_owned(),
        format!("/api/v1/plans/{plan}"),
        format!("/api/v1/plans/{plan}/workouts"),
        format!("/api/v1/plans/{plan}/runs"),
        format!("/api/v1/analytics/plans/{plan}/progress"),
        "/api/v1/workouts".to_owned(),
        format!("/api/v1/workouts?plan_id={plan}&from={today}&to={end}"),
        format!("/api/v1/workouts/{}", ids[4]),
        "/api/v1/runs".to_owned(),
        format!("/api/v1/runs?from={today}"),
        format!("/api/v1/runs?workout_id={}", ids[1]),
        format!("/api/v1/runs/{run}"),
        "/api/v1/analytics/summary".to_owned(),
        format!("/api/v1/analytics/summary?from={today}&to={end}"),
    ] {
        let read = Ask::get(path)
            .header("trainer-position", position.to_string())
            .header("prefer", "wait=20");
        client.send(&read).await.unwrap().must_be(200);
    }
    for path in [format!("/api/v1/workouts/{}", ids[4]), run_path, plan_path] {
        client.send(&Ask::delete(path)).await.unwrap().must_be(204);
    }
}

async fn made(client: &mut Client, path: &str, body: Value) -> (Value, String) {
    let ask = Ask::post(path, body).header("idempotency-key", uuid::Uuid::new_v4().to_string());
    let answer = client.send(&ask).await.unwrap().must_be(201);
    let location = answer.header("location").unwrap().to_owned();
    (answer.json(), location)
}

async fn get(client: &mut Client, path: &str) -> Value {
    client.send(&Ask::get(path)).await.unwrap().must_be(200).json()
}

async fn post(client: &mut Client, path: &str, body: Value) -> Answer {
    let body = (!body.is_null()).then_some(body);
    client.send(&Ask::post(path, body)).await.unwrap()
}

/// Many accounts, each with what an account has.
const ACCOUNTS: &str = "
    insert into auth.users (user_id, email, password_hash, created_at, updated_at)
    select gen_random_uuid(), 'runner-' || n || '@example.org', 'none', now() - n * interval '1 minute', now()
      from generate_series(1, 5000) n;
    insert into auth.sessions (session_id, user_id, created_at, expires_at)
    select gen_random_uuid(), user_id, now(), now() + interval '30 days' from auth.users;
    insert into auth.refresh_tokens (token_hash, session_id, created_at, expires_at)
    select sha256(session_id::text::bytea), session_id, now(), now() + interval '30 days' from auth.sessions;
    insert into auth.api_keys (key_id, user_id, name, scopes, key_hash, created_at)
    select gen_random_uuid(), user_id, 'the watch', '{read}', sha256(user_id::text::bytea), now() from auth.users;
    insert into auth.activity (activity_id, user_id, kind, happened_at, by_admin)
    select gen_random_uuid(), user_id, 'signed_in', now(), false from auth.users;
    insert into auth.keyed_requests (key_hash, user_id, request_hash, response, created_at)
    select sha256(user_id::text::bytea), user_id, 'none', '{}', now() from auth.users";
