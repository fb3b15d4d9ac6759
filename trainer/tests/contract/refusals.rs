//! Refusals, whatever was asked for.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::raw;
use crate::runner::Runner;
use crate::training::{plan, run, with};

/// Every path with an id, and the methods it takes.
const PATHS_WITH_ID: [(&str, &[Method]); 12] = [
    ("/api/v1/plans/{}", &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE]),
    ("/api/v1/plans/{}/workouts", &[Method::GET, Method::POST]),
    ("/api/v1/plans/{}/runs", &[Method::GET]),
    ("/api/v1/workouts/{}", &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE]),
    ("/api/v1/workouts/{}/skip", &[Method::POST]),
    ("/api/v1/workouts/{}/reopen", &[Method::POST]),
    ("/api/v1/runs/{}", &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE]),
    ("/api/v1/runs/{}/match", &[Method::POST]),
    ("/api/v1/runs/{}/unmatch", &[Method::POST]),
    ("/api/v1/analytics/plans/{}/progress", &[Method::GET]),
    ("/api/v1/analytics/plan/{}", &[Method::GET]),
    ("/api/v1/plans/{}?shift_workouts=true", &[Method::PUT, Method::PATCH]),
];
/// And those without.
const PATHS: [(&str, &[Method]); 8] = [
    ("/api/v1/plans", &[Method::GET, Method::POST]),
    ("/api/v1/workouts", &[Method::GET, Method::POST]),
    ("/api/v1/runs", &[Method::GET, Method::POST]),
    ("/api/v1/analytics/summary", &[Method::GET]),
    ("/api/v1/auth/register", &[Method::POST]),
    ("/api/v1/auth/login", &[Method::POST]),
    ("/api/v1/auth/refresh", &[Method::POST]),
    ("/api/v1/auth/logout", &[Method::POST]),
];

#[tokio::test]
async fn malformed_json_is_a_400() {
    let runner = Runner::new().await;
    for body in [
        "",
        " ",
        "{",
        "{\"name\":}",
        "{'name':1}",
        "name=Tempo",
        "{} {}",
        "[1,]",
        "nul",
        "{\"a\":NaN}",
    ] {
        for path in ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs", "/api/v1/auth/register"] {
            runner.ask(Method::POST, path).body("application/json", body).await.problem(400);
        }
    }
    let (_, path) = runner.plan(json!({})).await;
    runner.ask(Method::PUT, &path).body("application/json", "{").await.problem(400);
    runner.ask(Method::PATCH, &path).body("application/json", "{").await.problem(400);
}

#[tokio::test]
async fn json_that_is_no_object_is_a_422() {
    let runner = Runner::new().await;
    for body in ["[]", "null", "7", "\"x\"", "true", "[{}]"] {
        let answer = runner.ask(Method::POST, "/api/v1/plans").body("application/json", body).await;
        answer.problem(422);
    }
}

#[tokio::test]
async fn a_malformed_id_in_a_path_is_a_400() {
    let runner = Runner::new().await;
    for id in ["1", "x", "null", "0190000000007000800000000000000a", "%00", "%ff", "'--", "{}", "-"]
    {
        for (path, methods) in PATHS_WITH_ID {
            for method in methods {
                let answer =
                    runner.ask(method.clone(), path.replacen("{}", id, 1)).json(&json!({})).await;
                answer.problem(400);
            }
        }
    }
}

#[tokio::test]
async fn a_malformed_parameter_is_a_400() {
    let runner = Runner::new().await;
    let of_page = [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=1.5",
        "cursor=x",
        "cursor=bnVsbA",
        "limit=20&limit=30",
    ];
    let of_days = [
        "from=2026-02-30",
        "to=0000-01-01",
        "from=yesterday",
        "to=2026-1-1",
        "from=2026-03-01&to=2026-02-01",
    ];
    let of_each = [
        ("/api/v1/plans", &["status=done", "status=Draft"][..]),
        ("/api/v1/workouts", &["plan_id=1", "workout_type=jog", "status=open"]),
        ("/api/v1/runs", &["plan_id=1", "workout_id=x", "source=garmin"]),
    ];
    for (path, own) in of_each {
        let days = of_days.iter().filter(|_| path != "/api/v1/plans");
        for parameter in of_page.iter().chain(own).chain(days) {
            runner.get(format!("{path}?{parameter}")).await.problem(400);
        }
    }
    for parameter in of_days {
        runner.get(format!("/api/v1/analytics/summary?{parameter}")).await.problem(400);
    }
    let (_, path) = runner.plan(json!({})).await;
    runner.patch(format!("{path}?shift_workouts=perhaps"), json!({})).await.problem(400);
}

#[tokio::test]
async fn a_malformed_header_is_a_400() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    let change = || runner.patch(&path, json!({ "name": "Another" }));
    for tag in ["1", "\"1", "W/1", "x"] {
        change().header("if-match", tag).await.problem(400);
    }
    for key in ["", &"k".repeat(256), "k\u{e4}y", "a\tb"] {
        change().header("idempotency-key", key).await.problem(400);
    }
    for position in ["x", "-1", "1.5", "99999999999999999999"] {
        runner.get(&path).header("trainer-position", position).await.problem(400);
    }
    assert_eq!(runner.see(&path).await["version"], 1);
}

#[tokio::test]
async fn no_token_or_a_bad_one_is_a_401() {
    let runner = Runner::new().await;
    let nobody = Runner::nobody();
    let id = Uuid::now_v7().to_string();
    let with_id = PATHS_WITH_ID.map(|(path, methods)| (path.replacen("{}", &id, 1), methods));
    let paths = PATHS.map(|(path, methods)| (path.to_owned(), methods)).into_iter().chain(with_id);
    let open = ["register", "login", "refresh"].map(|last| format!("/api/v1/auth/{last}"));
    for (path, methods) in paths.filter(|(path, _)| !open.contains(path)) {
        for method in methods {
            // Who is nobody learns nothing about the rest: neither the body nor its type is looked at.
            nobody.ask(method.clone(), &path).await.problem(401);
            nobody.ask(method.clone(), &path).body("text/plain", "{").await.problem(401);
        }
    }
    nobody.get("/api/v1/auth/me").await.problem(401);

    let (head, signature) = runner.token.rsplit_once('.').unwrap();
    let other_signature = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for authorization in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer x".to_owned(),
        "Bearer a.b.c".to_owned(),
        runner.token.clone(),
        format!("Basic {}", runner.token),
        format!("Bearer {head}."),
        format!("Bearer {other_signature}"),
        format!("Bearer {}", "x".repeat(20_000)),
    ] {
        let problem =
            nobody.get("/api/v1/plans").header("authorization", &authorization).await.problem(401);
        assert!(!problem.to_string().contains(signature), "a refusal does not repeat the token");
    }
    // A token counts in the header only, and once.
    nobody.get(format!("/api/v1/plans?access_token={}", runner.token)).await.problem(401);
    let twice =
        runner.get("/api/v1/plans").header("authorization", &format!("Bearer {}", runner.token));
    twice.await.problem(401);
    nobody
        .get("/api/v1/plans")
        .header("authorization", &format!("bearer {}", runner.token))
        .await
        .must_be(200);
}

#[tokio::test]
async fn an_unknown_path_is_a_404() {
    let runner = Runner::new().await;
    let id = Uuid::now_v7();
    for path in [
        "/api".to_owned(),
        "/api/v1".to_owned(),
        "/api/v1/shoes".to_owned(),
        "/api/v2/plans".to_owned(),
        "/api/v1/Plans".to_owned(),
        "/api/v1/plans/".to_owned(),
        "/api/v1//plans".to_owned(),
        format!("/api/v1/plans/{id}/shoes"),
        format!("/api/v1/plans/{id}/../{id}"),
        "/.env".to_owned(),
    ] {
        runner.get(&path).await.problem(404);
        runner.post(&path, json!({})).await.problem(404);
        Runner::nobody().get(&path).await.problem(404);
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_a_405_that_names_those_it_does() {
    let runner = Runner::new().await;
    let id = Uuid::now_v7().to_string();
    let with_id = PATHS_WITH_ID.iter().filter(|(path, _)| !path.contains('?'));
    for (path, methods) in PATHS.iter().chain(with_id) {
        let path = path.replacen("{}", &id, 1);
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if methods.contains(&method) {
                continue;
            }
            let refused = runner.ask(method.clone(), &path).json(&json!({})).await;
            let allowed = refused.header("allow").map(str::to_owned);
            refused.problem(405);
            let mut allowed: Vec<String> =
                allowed.unwrap().split(',').map(|method| method.trim().to_owned()).collect();
            let head = methods.contains(&Method::GET).then(|| "HEAD".to_owned());
            let mut expected: Vec<String> =
                methods.iter().map(ToString::to_string).chain(head).collect();
            allowed.sort();
            expected.sort();
            assert_eq!(allowed, expected, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_head_is_answered_as_a_get_without_its_body() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    let head = runner.ask(Method::HEAD, &path).await.must_be(200);
    assert_eq!((head.header("etag"), head.body.len()), (Some("\"1\""), 0));
    runner.ask(Method::HEAD, format!("/api/v1/plans/{}", Uuid::now_v7())).await.must_be(404);
}

#[tokio::test]
async fn json_over_a_megabyte_is_a_413() {
    let runner = Runner::new().await;
    let padded = |length: usize| {
        let body = plan().to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let post =
        |length| runner.ask(Method::POST, "/api/v1/plans").body("application/json", padded(length));
    post(1_000_000).await.must_be(201);
    post(1_048_577).await.problem(413);
    post(12_000_000).await.problem(413);
    let long = with(run(), json!({ "notes": "x".repeat(2_000_000) }));
    runner.post("/api/v1/runs", long).await.problem(413);
    assert_eq!(runner.list("/api/v1/plans").await.len(), 1);
    assert_eq!(runner.list("/api/v1/runs").await, Vec::<Value>::new());
}

#[tokio::test]
async fn json_over_a_megabyte_is_a_413_too_when_it_does_not_say_how_long_it_is() {
    let runner = Runner::new().await;
    let head = format!(
        "POST /api/v1/plans HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n",
        runner.token
    );
    let chunk = format!("186a0\r\n{}\r\n", " ".repeat(100_000));
    let chunked = format!(
        "{head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(11)
    );
    let (status, text) = raw(runner.address, chunked.as_bytes()).await;
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("application/problem+json"));

    let announced = format!(
        "{head}connection: close\r\nexpect: 100-continue\r\ncontent-length: 5000000\r\n\r\n"
    );
    let (status, text) = raw(runner.address, announced.as_bytes()).await;
    assert_eq!(status, 413, "{text}");
}

#[tokio::test]
async fn a_body_that_is_not_sent_as_json_is_a_415() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    let body = plan().to_string();
    for content_type in [
        "text/plain",
        "text/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
        "json",
        "",
    ] {
        for (method, path) in
            [(Method::POST, "/api/v1/plans"), (Method::PUT, &path), (Method::PATCH, &path)]
        {
            runner.ask(method, path).body(content_type, body.clone()).await.problem(415);
        }
        runner
            .ask(Method::POST, "/api/v1/auth/login")
            .body(content_type, body.clone())
            .await
            .problem(415);
    }
    runner.post("/api/v1/plans", plan()).without("content-type").await.problem(415);
    for content_type in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json;charset=\"UTF-8\"",
    ] {
        runner
            .ask(Method::POST, "/api/v1/plans")
            .body(content_type, body.clone())
            .await
            .must_be(201);
    }
}

#[tokio::test]
async fn a_422_names_all_wrong_fields_at_once() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    let wrong_plan = json!({
        "name": "", "description": 5, "start_date": "2026-02-30", "goal_race_distance_km": 0, "status": "done",
        "version": 7, "colour": "red",
    });
    let blamed = runner.post("/api/v1/plans", wrong_plan.clone()).await.blames();
    let expected = json!({
        "name": "empty", "description": "wrong_type", "start_date": "invalid_date", "end_date": "required",
        "goal_race_distance_km": "out_of_range", "status": "invalid_choice", "version": "read_only",
        "colour": "unknown_field",
    });
    assert_eq!(json!(blamed), expected);
    assert_eq!(json!(runner.put(&path, wrong_plan).await.blames()), expected);

    let wrong_workout = json!({
        "name": null, "workout_type": "jog", "scheduled_date": "2024-01-01", "distance_km": "5",
        "duration_minutes": 0, "target_pace_fast_s_per_km": 89, "run_id": null, "shoes": 1,
    });
    let blamed = runner
        .post("/api/v1/workouts", with(wrong_workout, json!({ "plan_id": plan["id"] })))
        .await
        .blames();
    let expected = json!({
        "name": "required", "workout_type": "invalid_choice", "scheduled_date": "outside_plan",
        "distance_km": "wrong_type", "duration_minutes": "out_of_range",
        "target_pace_fast_s_per_km": "out_of_range", "run_id": "read_only", "shoes": "unknown_field",
    });
    assert_eq!(json!(blamed), expected);

    let wrong_run = json!({
        "actual_date": "2999-01-01", "distance_km": -1, "workout_id": "x", "average_heart_rate": 19,
        "max_heart_rate": 261, "elevation_gain_m": 20_001, "perceived_effort": 11, "is_race": "no", "notes": 7,
        "pace": "5:00/km",
    });
    let blamed = runner.post("/api/v1/runs", wrong_run).await.blames();
    let expected = json!({
        "actual_date": "in_the_future", "distance_km": "out_of_range", "duration_minutes": "required",
        "workout_id": "invalid_id", "average_heart_rate": "out_of_range", "max_heart_rate": "out_of_range",
        "elevation_gain_m": "out_of_range", "perceived_effort": "out_of_range", "is_race": "wrong_type",
        "notes": "wrong_type", "pace": "read_only",
    });
    assert_eq!(json!(blamed), expected);
}
