//! A coach who acts for an athlete: as far as was granted, seen by both, and never for anybody else.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Answer;
use crate::program::Program;
use crate::runner::{Ask, Runner};
use crate::training::{plan, run, workout};

const COACHES: &str = "/api/v1/athlete/coaches";
const ATHLETES: &str = "/api/v1/coach/athletes";

/// A coach and an athlete who has granted a scope.
struct Two {
    athlete: Runner,
    coach: Runner,
    access_id: String,
}

impl Two {
    async fn with(program: &Program, scope: &str) -> Self {
        let (athlete, coach) = (Runner::of(program).await, Runner::coach(program).await);
        let access_id = granted(&athlete, &coach, scope).await;
        Self { athlete, coach, access_id }
    }

    fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        self.coach.ask(method, path).header("x-act-as", &self.athlete.user_id).until_available()
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    fn post(&self, path: &str, body: &Value) -> Ask<'_> {
        self.ask(Method::POST, path).json(body)
    }
}

async fn granted(athlete: &Runner, coach: &Runner, scope: &str) -> String {
    let body = json!({ "email": coach.email, "scope": scope });
    let asked = athlete.post(COACHES, body).await.must_be(202).json();
    let id = asked["id"].as_str().unwrap().to_owned();
    let accept = format!("{ATHLETES}/{id}/accept");
    let accepted = coach.post(&accept, json!({})).await.must_be(200).json();
    assert_eq!(accepted["user_id"], athlete.user_id.as_str());
    id
}

#[tokio::test]
async fn each_scope_opens_its_kind_of_request_and_what_is_below() {
    // What reading, writing plans and workouts, and writing runs is answered with; the latter two when it works.
    for (scope, plans, runs) in
        [("view", false, false), ("plan", true, false), ("full", true, true)]
    {
        let two = Two::with(Program::shared(), scope).await;
        let (plan_of, plan_path) = two.athlete.plan(json!({})).await;
        let (workout_of, workout_path) = two.athlete.workout(&plan_of, json!({})).await;
        let (run_of, run_path) = two.athlete.run(json!({})).await;
        let plan_id = plan_of["id"].as_str().unwrap();
        for path in [
            "/api/v1/plans".to_owned(),
            "/api/v1/workouts".to_owned(),
            "/api/v1/runs".to_owned(),
            format!("/api/v1/analytics/plans/{plan_id}/progress"),
            format!("/api/v1/plans/{plan_id}/workouts"),
            format!("/api/v1/plans/{plan_id}/runs"),
            "/api/v1/analytics/summary".to_owned(),
            plan_path.clone(),
            workout_path.clone(),
            run_path.clone(),
        ] {
            let seen = two.get(&path).await.must_be(200).json();
            assert_eq!(seen, two.athlete.see(&path).await, "{scope} {path}");
        }
        let name = json!({ "name": "Better" });
        let for_it = json!({ "workout_id": workout_of["id"] });
        let writes = [
            (plans, Method::POST, "/api/v1/plans".to_owned(), plan(), 201),
            (plans, Method::PATCH, plan_path.clone(), name.clone(), 200),
            (plans, Method::POST, "/api/v1/workouts".to_owned(), workout(&plan_of), 201),
            (plans, Method::PATCH, workout_path.clone(), name, 200),
            (plans, Method::POST, format!("{workout_path}/skip"), json!({}), 200),
            (plans, Method::POST, format!("{workout_path}/reopen"), json!({}), 200),
            (runs, Method::POST, "/api/v1/runs".to_owned(), run(), 201),
            (runs, Method::PATCH, run_path.clone(), json!({ "notes": "x" }), 200),
            (runs, Method::PUT, run_path.clone(), run(), 200),
            (runs, Method::POST, format!("{run_path}/match"), for_it, 200),
            (runs, Method::POST, format!("{run_path}/unmatch"), json!({}), 200),
            (runs, Method::DELETE, run_path.clone(), json!({}), 204),
            (plans, Method::DELETE, workout_path, json!({}), 204),
            (plans, Method::DELETE, plan_path, json!({}), 204),
        ];
        for (allowed, method, path, body, status) in writes {
            let answer = two.ask(method.clone(), &path).json(&body).await;
            if allowed {
                answer.must_be(status);
            } else {
                assert_eq!(answer.status, 403, "{scope} {method} {path}");
                answer.problem(403);
            }
        }
        if !runs {
            assert_eq!(two.athlete.see(&run_path).await, run_of, "{scope}");
        }
        // Nothing of it is the coach's own.
        for list in ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs"] {
            assert_eq!(two.coach.list(list).await, Vec::<Value>::new(), "{scope} {list}");
        }
    }
}

#[tokio::test]
async fn the_athlete_sees_at_once_what_the_coach_did_and_the_events_say_who_it_was() {
    let program = Program::shared();
    let two = Two::with(program, "full").await;
    let made = two.post("/api/v1/plans", &plan()).await.must_be(201);
    assert_eq!(made.header("trainer-consistency"), None, "waited for in the athlete's part");
    let made_plan = made.json();
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(two.athlete.see(&path).await, made_plan);
    two.coach.get(&path).await.problem(404);
    two.athlete.patch(&path, json!({ "name": "Mine" })).await.must_be(200);
    let fresh =
        two.ask(Method::GET, &path).header("trainer-position", &made.position().to_string());
    assert_eq!(fresh.await.must_be(200).json()["name"], "Mine");

    let shown = program.trainer(&["events", "show", made_plan["id"].as_str().unwrap()]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let who: Vec<_> = shown
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|event| {
            let metadata = &event["metadata"];
            (metadata["actor_id"].clone(), metadata["owner_id"].clone())
        })
        .collect();
    let (athlete, coach) = (json!(two.athlete.user_id), json!(two.coach.user_id));
    assert_eq!(who, [(coach, athlete.clone()), (athlete.clone(), athlete)]);
}

#[tokio::test]
async fn an_access_that_was_ended_opens_nothing_and_what_was_done_stays() {
    let two = Two::with(Program::shared(), "full").await;
    let made = two.post("/api/v1/runs", &run()).await.must_be(201);
    let path = made.header("location").unwrap().to_owned();
    two.get(&path).await.must_be(200);
    two.athlete.delete(format!("{COACHES}/{}", two.access_id)).await.must_be(204);
    // In the same process with the answer.
    two.get(&path).await.problem(404);
    tokio::time::sleep(Duration::from_secs(1)).await;
    for (method, path, body) in [
        (Method::GET, path.as_str(), json!({})),
        (Method::GET, "/api/v1/runs", json!({})),
        (Method::POST, "/api/v1/plans", plan()),
        (Method::PATCH, path.as_str(), json!({ "notes": "x" })),
        (Method::DELETE, path.as_str(), json!({})),
    ] {
        two.ask(method, path).json(&body).await.problem(404);
    }
    two.athlete.get(&path).await.must_be(200);
    granted(&two.athlete, &two.coach, "view").await;
    two.get(&path).await.must_be(200);
    two.post("/api/v1/plans", &plan()).await.problem(403);
}

#[tokio::test]
async fn a_scope_that_the_athlete_changes_counts_with_the_answer() {
    let two = Two::with(Program::shared(), "full").await;
    two.post("/api/v1/runs", &run()).await.must_be(201);
    let access = format!("{COACHES}/{}", two.access_id);
    let change = async |scope: &str| {
        let changed = two.athlete.patch(&access, json!({ "scope": scope })).await.must_be(200);
        assert_eq!(changed.json()["scope"], scope);
    };
    change("view").await;
    two.post("/api/v1/runs", &run()).await.problem(403);
    two.post("/api/v1/plans", &plan()).await.problem(403);
    two.get("/api/v1/runs").await.must_be(200);
    change("plan").await;
    two.post("/api/v1/plans", &plan()).await.must_be(201);
    two.post("/api/v1/runs", &run()).await.problem(403);
    change("full").await;
    two.post("/api/v1/runs", &run()).await.must_be(201);
    two.coach.patch(&access, json!({ "scope": "full" })).await.problem(404);
}

#[tokio::test]
async fn nobody_reaches_a_third_person_or_learns_whether_there_is_one() {
    let program = Program::shared();
    let two = Two::with(program, "full").await;
    let third = Runner::of(program).await;
    let (_, third_plan) = third.plan(json!({})).await;
    two.get(&third_plan).await.problem(404);
    two.ask(Method::DELETE, &third_plan).await.problem(404);
    let mut told = Vec::new();
    for named in [&third.user_id, &Uuid::now_v7().to_string(), &Uuid::nil().to_string()] {
        for (method, path) in [
            (Method::GET, "/api/v1/plans"),
            (Method::GET, "/api/v1/analytics/summary"),
            (Method::POST, "/api/v1/plans"),
            (Method::POST, "/api/v1/runs"),
        ] {
            // Somebody without the role, too.
            for who in [&two.coach, &two.athlete] {
                let asked = who.ask(method.clone(), path).header("x-act-as", named).json(&plan());
                told.push(asked.until_available().await.problem(404)["detail"].clone());
            }
        }
    }
    assert!(told.iter().all(|detail| *detail == told[0]), "{told:?}");
    for malformed in ["", "me", "*", "00000000000000000000000000000000", "é"] {
        for path in ["/api/v1/plans", third_plan.as_str()] {
            two.coach.get(path).header("x-act-as", malformed).await.problem(400);
        }
    }
    let twice = two.ask(Method::GET, "/api/v1/plans").header("x-act-as", &third.user_id);
    twice.await.problem(400);
    Runner::nobody().get("/api/v1/plans").header("x-act-as", &third.user_id).await.problem(401);
    // Oneself is no other.
    let own = two.coach.get("/api/v1/plans").header("x-act-as", &two.coach.user_id);
    own.await.must_be(200);
}

#[tokio::test]
async fn accounts_and_administration_are_never_anothers() {
    let two = Two::with(Program::shared(), "full").await;
    for (method, path) in [
        (Method::GET, "/api/v1/auth/me"),
        (Method::PATCH, "/api/v1/auth/me"),
        (Method::DELETE, "/api/v1/auth/me"),
        (Method::GET, "/api/v1/auth/api-keys"),
        (Method::POST, "/api/v1/auth/api-keys"),
        (Method::GET, "/api/v1/auth/activity"),
        (Method::GET, "/api/v1/auth/links"),
        (Method::POST, "/api/v1/auth/two-factor"),
        (Method::POST, "/api/v1/auth/change-password"),
        (Method::POST, "/api/v1/auth/logout"),
        (Method::GET, "/api/v1/admin/users"),
        (Method::GET, "/api/v1/admin/projections"),
        (Method::GET, COACHES),
        (Method::POST, COACHES),
        (Method::GET, ATHLETES),
    ] {
        two.ask(method, path).json(&json!({})).await.problem(400);
    }
    two.athlete.get("/api/v1/auth/me").await.must_be(200);
    two.coach.get("/api/v1/auth/me").await.must_be(200);
}

#[tokio::test]
async fn a_key_for_repetitions_is_the_coachs_and_means_one_athlete() {
    let program = Program::shared();
    let two = Two::with(program, "full").await;
    let another = Runner::of(program).await;
    granted(&another, &two.coach, "full").await;
    let write = || two.post("/api/v1/runs", &run()).header("idempotency-key", "monday");
    let first = write().await.must_be(201).json();
    let again = write().await.must_be(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json(), first);
    let elsewhere = two.coach.post("/api/v1/runs", run()).header("idempotency-key", "monday");
    let elsewhere = elsewhere.header("x-act-as", &another.user_id);
    elsewhere.until_available().await.problem(422);
    let own = two.coach.post("/api/v1/runs", run()).header("idempotency-key", "monday");
    own.await.problem(422);
    // The athlete's keys are others.
    let athletes = two.athlete.post("/api/v1/runs", run()).header("idempotency-key", "monday");
    assert_ne!(athletes.await.must_be(201).json()["id"], first["id"]);
    assert_eq!(another.list("/api/v1/runs").await, Vec::<Value>::new());
}

#[tokio::test]
async fn requests_for_an_athlete_are_counted_as_the_coachs() {
    let program = Program::start(&[("TRAINER_READS_PER_MINUTE", "5")]);
    let two = Two::with(&program, "view").await;
    let remaining = async |who: Ask<'_>| -> u32 {
        who.await.header("x-ratelimit-remaining").unwrap().parse().unwrap()
    };
    let before = remaining(two.coach.get("/api/v1/plans")).await;
    // Sent once, whatever the answer.
    let acting = two.coach.get("/api/v1/plans").header("x-act-as", &two.athlete.user_id);
    assert_eq!(remaining(acting).await, before - 1);
    assert_eq!(remaining(two.athlete.get("/api/v1/plans")).await, 4);
}

#[tokio::test]
async fn keys_of_a_coach_act_within_their_scopes_and_an_erased_athlete_is_gone() {
    let two = Two::with(Program::shared(), "full").await;
    let key = json!({ "name": "the screen", "scopes": ["read"] });
    let key = two.coach.post("/api/v1/auth/api-keys", key).await.must_be(201).json();
    let screen = two.coach.with_token(key["key"].as_str().unwrap());
    let acting = |method: Method| {
        let ask = screen.ask(method, "/api/v1/plans").header("x-act-as", &two.athlete.user_id);
        ask.until_available()
    };
    acting(Method::GET).await.must_be(200);
    acting(Method::POST).json(&plan()).await.problem(403);
    two.athlete.delete("/api/v1/auth/me").await.must_be(204);
    // Known access or not: the athlete's events take no more.
    two.post("/api/v1/plans", &plan()).await.problem(404);
    tokio::time::sleep(Duration::from_secs(1)).await;
    two.get("/api/v1/plans").await.problem(404);
    assert_eq!(two.coach.list(ATHLETES).await, Vec::<Value>::new());
}
