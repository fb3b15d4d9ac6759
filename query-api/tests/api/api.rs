use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use chrono::{DateTime, NaiveDate, Utc};
use domain::OwnerId;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use query_api::{Calendar, QueryState, router};
use serde_json::{Value, json};
use service::{Access, Authentication, Principal, ReadModels, Role, TokenError, enveloped};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use uuid::Uuid;

/// A Wednesday.
pub(crate) const TODAY: &str = "2026-04-15";

/// The reads, on a day that stands still.
pub(crate) struct Api {
    pub(crate) pool: PgPool,
    router: Router,
}

impl Api {
    /// Over the database that all tests share; what a test reads belongs to a [`Runner`] of its own.
    pub(crate) async fn start() -> Self {
        Self::over(&shared_database().await, 4).await
    }

    /// Over one database, with so many connections.
    pub(crate) async fn over(database_url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .connect(database_url)
            .await
            .expect("connected");
        let read_models = ReadModels::new(pool.clone());
        let state =
            QueryState { pool: pool.clone(), read_models, calendar: Calendar::Stopped(day(TODAY)) };
        let (router, _document) = router(state).split_for_parts();
        Self { pool, router: enveloped(router) }
    }

    /// A user nobody has heard of.
    pub(crate) fn runner(&self) -> Runner<'_> {
        Runner { api: self, id: Uuid::now_v7() }
    }

    pub(crate) async fn get(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        user: Authentication,
    ) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.extension(user).body(Body::empty()).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }
}

/// The URL of the tests' database, with every table.
async fn shared_database() -> String {
    static SHARED: OnceCell<String> = OnceCell::const_new();
    SHARED.get_or_init(new_database).await.clone()
}

/// The URL of a new database, with every table.
pub(crate) async fn new_database() -> String {
    let url = embedded::testing::shared().database().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.expect("connected");
    sqlx::migrate!("../migrations").run(&pool).await.expect("migrated");
    pool.close().await;
    url
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }
}

/// A user, and what is theirs.
#[derive(Clone, Copy)]
pub(crate) struct Runner<'a> {
    api: &'a Api,
    pub(crate) id: Uuid,
}

impl Runner<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.api.get(path, headers, self.authentication()).await
    }

    /// What a path that must answer 200 says.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.bytes));
        answer.json()
    }

    /// A field of each item of a list's first page.
    pub(crate) async fn listed(&self, path: &str, field: &str) -> Vec<Value> {
        self.read(path).await["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item[field].clone())
            .collect()
    }

    /// The ids of a whole list, page by page.
    pub(crate) async fn pages(&self, path: &str, limit: usize) -> Vec<Vec<Value>> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut pages = vec![];
        let mut cursor = String::new();
        loop {
            assert!(pages.len() < 100, "{path} has no end");
            let page = self.read(&format!("{path}{separator}limit={limit}&cursor={cursor}")).await;
            pages.push(
                page["items"]
                    .as_array()
                    .expect("items")
                    .iter()
                    .map(|item| item["id"].clone())
                    .collect(),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return pages,
            }
        }
    }

    pub(crate) fn authentication(&self) -> Authentication {
        Authentication(Ok(Arc::new(Principal {
            user_id: OwnerId(self.id),
            roles: vec![Role::Athlete],
            access: Access::Session,
            jti: Uuid::now_v7(),
            expires_at: DateTime::<Utc>::MAX_UTC,
        })))
    }

    pub(crate) async fn plan(&self, columns: Value) -> Uuid {
        let row = json!({
            "plan_id": Uuid::now_v7(), "owner_id": self.id, "name": "Plan", "start_date": "2026-03-02",
            "end_date": "2026-05-31", "status": "active", "workout_count": 0, "version": 1,
            "created_at": "2026-03-01T08:00:00Z", "updated_at": "2026-03-01T08:00:00Z",
        });
        self.insert("plans", "plan_id", row, columns).await
    }

    pub(crate) async fn workout(&self, plan: Uuid, columns: Value) -> Uuid {
        let row = json!({
            "workout_id": Uuid::now_v7(), "plan_id": plan, "owner_id": self.id, "name": "Workout",
            "workout_type": "easy_run", "status": "planned", "version": 1,
            "created_at": "2026-03-01T08:00:00Z", "updated_at": "2026-03-01T08:00:00Z",
        });
        self.insert("workouts", "workout_id", row, columns).await
    }

    pub(crate) async fn run(&self, columns: Value) -> Uuid {
        let row = json!({
            "run_id": Uuid::now_v7(), "owner_id": self.id, "actual_date": TODAY, "distance_m": 10_000,
            "duration_s": 3_000, "is_race": false, "source": "manual", "version": 1,
            "created_at": "2026-03-01T08:00:00Z", "updated_at": "2026-03-01T08:00:00Z",
        });
        self.insert("runs", "run_id", row, columns).await
    }

    /// Sums the runs up as the projection does.
    pub(crate) async fn sum_up(&self) {
        for (table, period) in [("weekly_totals", "week"), ("monthly_totals", "month")] {
            let statement = format!(
                "insert into {table} (owner_id, start_date, runs, distance_m, duration_s, elevation_gain_m)
                 select owner_id, date_trunc('{period}', actual_date::timestamp)::date, count(*), sum(distance_m),
                        sum(duration_s), coalesce(sum(elevation_gain_m), 0)
                   from runs where owner_id = $1 group by 1, 2"
            );
            sqlx::query(&statement).bind(self.id).execute(&self.api.pool).await.expect("inserted");
        }
    }

    async fn insert(&self, table: &str, key: &str, mut row: Value, columns: Value) -> Uuid {
        let columns = columns.as_object().expect("columns").clone();
        let row = row.as_object_mut().expect("a row");
        row.extend(columns);
        let statement =
            format!("insert into {table} select * from jsonb_populate_record(null::{table}, $1)");
        let inserted =
            sqlx::query(&statement).bind(sqlx::types::Json(&row)).execute(&self.api.pool).await;
        inserted.expect("inserted");
        row[key].as_str().expect("an id").parse().expect("an id")
    }
}

/// A request without a token.
pub(crate) fn nobody() -> Authentication {
    Authentication(Err(TokenError::Missing))
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}
