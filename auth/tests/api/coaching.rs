//! Coaches and athletes: what is asked, granted and ended, and that nobody learns from it who has an account.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};
use service::{Acting, CoachScope, Problem};
use tower::ServiceExt;

use crate::app::App;

pub(crate) const COACHES: &str = "/api/v1/athlete/coaches";
pub(crate) const ATHLETES: &str = "/api/v1/coach/athletes";
pub(crate) const BEA: &str = "bea@example.org";
pub(crate) const ANN: &str = "ann@example.org";

/// A process that lets coaches read under `/`, plan under `/plan` and do everything under `/full`.
pub(crate) struct Process(Router);

struct For<const SCOPE: usize>(Acting);

impl<S: Send + Sync, const SCOPE: usize> FromRequestParts<S> for For<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Acting::of(parts, CoachScope::ALL[SCOPE]).await.map(Self)
    }
}

impl Process {
    pub(crate) fn start(app: &App) -> Self {
        let router = Router::new()
            .route("/", get(async |For(acting): For<0>| acting.owner.to_string()))
            .route("/plan", post(async |For(acting): For<1>| acting.owner.to_string()))
            .route("/full", post(async |For(acting): For<2>| acting.owner.to_string()));
        Self(service::authenticated(router, auth::verifier(app.pool.clone())))
    }

    /// The status of a request of a coach for an athlete.
    pub(crate) async fn act(
        &self,
        method: Method,
        path: &str,
        coach: &Value,
        athlete: &str,
    ) -> u16 {
        let bearer = format!("Bearer {}", coach["access_token"].as_str().unwrap());
        for _ in 0..20 {
            let request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header("authorization", &bearer)
                .header("x-act-as", athlete)
                .body(Body::empty())
                .unwrap();
            let status = self.0.clone().oneshot(request).await.unwrap().status();
            // A database that takes longer than 0.4 s is not waited for.
            if status != StatusCode::SERVICE_UNAVAILABLE {
                return status.as_u16();
            }
        }
        panic!("the database has not answered in time, twenty times");
    }

    pub(crate) async fn reads(&self, coach: &Value, athlete: &Value) -> u16 {
        self.act(Method::GET, "/", coach, athlete["user_id"].as_str().unwrap()).await
    }
}

impl App {
    /// Bea, who is a coach.
    pub(crate) async fn bea(&self) -> Value {
        self.register(BEA).await;
        self.execute(
            "update auth.users set roles = '{athlete,coach}' where email = 'bea@example.org'",
        )
        .await;
        self.login(BEA).await.body
    }

    pub(crate) async fn asks(&self, who: &Value, path: &str, email: &str, scope: &str) -> Value {
        let body = json!({ "email": email, "scope": scope });
        let asked = self.ask(Method::POST, path, who, body).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        asked.body
    }

    pub(crate) async fn relations(&self, who: &Value, path: &str) -> Vec<Value> {
        let list = self.ask(Method::GET, path, who, Value::Null).await;
        assert_eq!(list.status, 200, "{}", list.body);
        list.body["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn step(
        &self,
        who: &Value,
        path: &str,
        id: &Value,
        how: &str,
        status: u16,
    ) -> Value {
        let path = format!("{path}/{}/{how}", id.as_str().unwrap());
        let answer = self.ask(Method::POST, &path, who, Value::Null).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        answer.body
    }

    pub(crate) async fn ends(&self, who: &Value, path: &str, id: &Value, status: u16) {
        let path = format!("{path}/{}", id.as_str().unwrap());
        let answer = self.ask(Method::DELETE, &path, who, Value::Null).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }

    /// Ann has granted Bea a scope; its id.
    pub(crate) async fn granted(&self, ann: &Value, bea: &Value, scope: &str) -> Value {
        let asked = self.asks(ann, COACHES, BEA, scope).await;
        self.step(bea, ATHLETES, &asked["id"], "accept", 200).await["id"].clone()
    }
}

#[tokio::test]
async fn a_coach_acts_within_what_was_granted_and_until_it_ends() {
    for (granted, plan, full) in [("view", 403, 403), ("plan", 200, 403), ("full", 200, 200)] {
        let app = App::start().await;
        let (ann, bea) = (app.ann().await, app.bea().await);
        let athlete = ann["user_id"].as_str().unwrap().to_owned();
        let process = Process::start(&app);
        let asked = app.asks(&ann, COACHES, BEA, granted).await;
        assert_eq!(process.reads(&bea, &ann).await, 404, "an invitation is no access");
        app.step(&ann, COACHES, &asked["id"], "accept", 404).await;
        app.step(&bea, ATHLETES, &asked["id"], "accept", 200).await;
        let again = app.step(&bea, ATHLETES, &asked["id"], "accept", 200).await;
        assert_eq!((&again["status"], &again["user_id"]), (&json!("active"), &ann["user_id"]));
        assert_eq!(process.reads(&bea, &ann).await, 200, "{granted}");
        assert_eq!(process.act(Method::POST, "/plan", &bea, &athlete).await, plan, "{granted}");
        assert_eq!(process.act(Method::POST, "/full", &bea, &athlete).await, full, "{granted}");
        // It is one way.
        assert_eq!(process.reads(&ann, &bea).await, 404);
    }
}

#[tokio::test]
async fn in_every_process_an_access_ends_within_a_second_whoever_ends_it() {
    for by_athlete in [true, false] {
        let app = App::start().await;
        let (ann, bea) = (app.ann().await, app.bea().await);
        let id = app.granted(&ann, &bea, "full").await;
        let process = Process::start(&app);
        assert_eq!(process.reads(&bea, &ann).await, 200);
        let (who, path) = if by_athlete { (&ann, COACHES) } else { (&bea, ATHLETES) };
        app.ends(who, path, &id, 204).await;
        let ended = Instant::now();
        tokio::time::sleep(Duration::from_millis(950)).await;
        assert_eq!(process.reads(&bea, &ann).await, 404);
        assert!(ended.elapsed() >= Duration::from_millis(950));
        app.ends(who, path, &id, 404).await;
        assert!(app.relations(&ann, COACHES).await.is_empty());
        assert!(app.relations(&bea, ATHLETES).await.is_empty());
    }
}

#[tokio::test]
async fn a_request_of_a_coach_waits_for_the_athlete_and_a_stranger_answers_neither() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    app.register("cy@example.org").await;
    let cy = app.login("cy@example.org").await.body;
    let asked = app.asks(&bea, ATHLETES, ANN, "plan").await;
    let waiting = app.relations(&ann, COACHES).await;
    assert_eq!(waiting.len(), 1);
    let (one, nothing) = (&waiting[0], Value::Null);
    assert_eq!((&one["id"], &one["status"]), (&asked["id"], &json!("waiting")));
    assert_eq!((&one["email"], &one["user_id"]), (&json!(BEA), &nothing));
    for path in [COACHES, ATHLETES] {
        app.step(&cy, path, &asked["id"], "decline", 404).await;
        app.ends(&cy, path, &asked["id"], 404).await;
    }
    app.step(&cy, COACHES, &asked["id"], "accept", 404).await;
    app.step(&ann, COACHES, &asked["id"], "decline", 204).await;
    app.step(&ann, COACHES, &asked["id"], "accept", 404).await;
    assert!(app.relations(&bea, ATHLETES).await.is_empty());

    let asked = app.asks(&bea, ATHLETES, ANN, "plan").await;
    app.step(&ann, COACHES, &asked["id"], "accept", 200).await;
    assert_eq!(Process::start(&app).reads(&bea, &ann).await, 200);
    let body = json!({ "email": ANN, "scope": "full" });
    app.ask(Method::POST, ATHLETES, &bea, body).await.is_problem(409);
    app.ends(&cy, ATHLETES, &asked["id"], 404).await;
    assert_eq!(Process::start(&app).reads(&cy, &ann).await, 404);
}

#[tokio::test]
async fn an_invitation_tells_nobody_who_has_an_account() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let with = app.asks(&ann, COACHES, BEA, "view").await;
    let without = app.asks(&ann, COACHES, "nobody@example.org", "view").await;
    let keys = |one: &Value| one.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&with), keys(&without));
    for field in ["status", "scope", "name", "user_id"] {
        assert_eq!(with[field], without[field], "{field}");
    }
    assert_eq!(app.relations(&ann, COACHES).await, [without.clone(), with.clone()]);
    assert_eq!(app.activity(&ann).await[..2], ["coaching_asked", "coaching_asked"]);
    // Whoever takes the address later must have been found to get mail there.
    app.register("nobody@example.org").await;
    app.execute("update auth.users set roles = '{coach}' where email = 'nobody@example.org'").await;
    let late = app.login("nobody@example.org").await.body;
    assert!(app.relations(&late, ATHLETES).await.is_empty());
    app.step(&late, ATHLETES, &without["id"], "accept", 404).await;
    app.verify("nobody@example.org").await;
    assert_eq!(app.relations(&late, ATHLETES).await[0]["email"], ANN);
    app.step(&late, ATHLETES, &without["id"], "accept", 200).await;
    assert_eq!(Process::start(&app).reads(&late, &ann).await, 200);
    // Of an account that is erased, no address stays with those who asked it.
    let erased = app.ask(Method::DELETE, "/api/v1/auth/me", &bea, Value::Null).await;
    assert_eq!(erased.status, 204, "{}", erased.body);
    let text = json!(app.relations(&ann, COACHES).await).to_string();
    assert!(!text.contains(BEA) && text.contains("nobody@"), "{text}");
}

#[tokio::test]
async fn a_coach_needs_the_role_and_unlocked_accounts_and_granting_takes_a_session() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    app.granted(&ann, &bea, "full").await;
    let body = json!({ "email": BEA, "scope": "view" });
    app.ask(Method::POST, ATHLETES, &ann, body.clone()).await.is_problem(403);
    for (then, back) in [
        (
            "roles = '{athlete}' where email like 'bea%'",
            "roles = '{coach}' where email like 'bea%'",
        ),
        ("locked_at = now() where email like 'ann%'", "locked_at = null where email like 'ann%'"),
        ("locked_at = now() where email like 'bea%'", "locked_at = null where email like 'bea%'"),
    ] {
        app.execute(&format!("update auth.users set {then}")).await;
        assert_eq!(Process::start(&app).reads(&bea, &ann).await, 404, "{then}");
        app.execute(&format!("update auth.users set {back}")).await;
        assert_eq!(Process::start(&app).reads(&bea, &ann).await, 200, "{back}");
    }
    let key = json!({ "name": "the watch", "scopes": ["read", "write"] });
    let key = app.ask(Method::POST, "/api/v1/auth/api-keys", &ann, key).await.body;
    let key = json!({ "access_token": key["key"] });
    app.ask(Method::POST, COACHES, &key, body).await.is_problem(403);
    assert_eq!(app.relations(&key, COACHES).await.len(), 1);
    // A key of the coach's acts as far as its scopes go.
    let reads = json!({ "name": "the screen", "scopes": ["read"] });
    let reads = app.ask(Method::POST, "/api/v1/auth/api-keys", &bea, reads).await.body;
    let reads = json!({ "access_token": reads["key"] });
    let (process, athlete) = (Process::start(&app), ann["user_id"].as_str().unwrap());
    assert_eq!(process.reads(&reads, &ann).await, 200);
    assert_eq!(process.act(Method::POST, "/plan", &reads, athlete).await, 403);
}

#[tokio::test]
async fn each_step_is_in_the_activity_of_both_and_says_who_took_it() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let id = app.granted(&ann, &bea, "plan").await;
    app.ends(&bea, ATHLETES, &id, 204).await;
    let asked = app.asks(&bea, ATHLETES, ANN, "view").await;
    app.ends(&bea, ATHLETES, &asked["id"], 204).await;
    let asked = app.asks(&bea, ATHLETES, ANN, "view").await;
    app.step(&ann, COACHES, &asked["id"], "decline", 204).await;
    let expected = [
        ("coaching_declined", true),
        ("coaching_asked", false),
        ("coaching_taken_back", false),
        ("coaching_asked", false),
        ("coaching_ended", false),
        ("coaching_accepted", false),
        ("coaching_asked", true),
    ];
    for (who, is_ann) in [(&ann, true), (&bea, false)] {
        let list = app.ask(Method::GET, "/api/v1/auth/activity", who, Value::Null).await;
        let items = &list.body["items"].as_array().unwrap()[..expected.len()];
        for (item, (kind, by_ann)) in items.iter().zip(expected) {
            assert_eq!(
                (&item["kind"], &item["by_other"]),
                (&json!(kind), &json!(by_ann != is_ann))
            );
            assert!(item["address"].is_null(), "{item}");
        }
        assert_eq!(items[6]["subject"], format!("plan, {}", id.as_str().unwrap()));
        assert!(!list.body.to_string().contains("@example.org"), "{}", list.body);
    }
}

#[tokio::test]
async fn what_is_asked_is_checked_counted_and_paged() {
    let app = App::start().await;
    let ann = app.ann().await;
    let wrong = json!({ "email": "ann", "scope": "king", "id": 1 });
    let refused = app.ask(Method::POST, COACHES, &ann, wrong).await;
    refused.is_problem(422);
    let blamed: Vec<_> = refused.violations();
    assert_eq!(
        blamed,
        [("email", "invalid_email"), ("scope", "invalid_choice"), ("id", "unknown_field")]
    );
    let own = app.ask(
        Method::POST,
        COACHES,
        &ann,
        json!({ "email": "ANN@example.org", "scope": "view" }),
    );
    assert_eq!(own.await.violations(), [("email", "own_address")]);
    let mut asked = Vec::new();
    for at in 0..50 {
        asked.push(app.asks(&ann, COACHES, &format!("coach{at}@example.org"), "view").await);
    }
    let body = json!({ "email": "more@example.org", "scope": "view" });
    app.ask(Method::POST, COACHES, &ann, body).await.is_problem(409);
    // To ask once more is no second question.
    let again = app.asks(&ann, COACHES, "COACH0@example.org", "full").await;
    assert_eq!((&again["id"], &again["scope"]), (&asked[0]["id"], &json!("full")));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{COACHES}?limit=20{cursor}");
        let page = app.ask(Method::GET, &path, &ann, Value::Null).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let newest: Vec<_> = asked[1..].iter().rev().map(|one| one["id"].clone()).collect();
    assert_eq!(seen, [vec![again["id"].clone()], newest].concat());
    app.execute("update auth.coach_invitations set expires_at = now()").await;
    assert!(app.relations(&ann, COACHES).await.is_empty());
}

#[tokio::test]
async fn nobody_acts_for_another_in_what_concerns_accounts() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    app.granted(&ann, &bea, "full").await;
    let bearer = format!("Bearer {}", bea["access_token"].as_str().unwrap());
    let headers =
        [("authorization", bearer.as_str()), ("x-act-as", ann["user_id"].as_str().unwrap())];
    for (method, path) in [
        (Method::GET, "/api/v1/auth/me"),
        (Method::DELETE, "/api/v1/auth/me"),
        (Method::GET, "/api/v1/auth/api-keys"),
        (Method::GET, "/api/v1/auth/activity"),
        (Method::GET, "/api/v1/auth/two-factor"),
        (Method::POST, "/api/v1/auth/logout"),
        (Method::GET, "/api/v1/admin/users"),
        (Method::GET, COACHES),
        (Method::GET, ATHLETES),
    ] {
        app.call(method, path, &headers, &json!({})).await.is_problem(400);
    }
    assert_eq!(app.me(ann["access_token"].as_str().unwrap()).await.status, 200);
}
