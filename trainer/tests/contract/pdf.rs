//! Plans on paper: asked for, told of, fetched, and nobody else's business.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::client::Answer;
use crate::program::Program;
use crate::progress::{plan_in_full_swing, progress};
use crate::runner::Runner;

fn generate(plan: &Value) -> String {
    format!("/api/v1/pdf/plans/{}/generate", plan["id"].as_str().unwrap())
}

fn status(plan: &Value) -> String {
    format!("/api/v1/pdf/plans/{}/status", plan["id"].as_str().unwrap())
}

/// Waits until the newest PDF of a plan stands so.
async fn until(runner: &Runner, plan: &Value, word: &str) -> Value {
    let began = Instant::now();
    loop {
        let shown = runner.see(status(plan)).await;
        if shown["status"] == word {
            return shown;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "not {word}: {shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A plan's PDF, ready: its path, and what is told of it.
pub(crate) async fn printed(runner: &Runner, plan: &Value) -> (String, Value) {
    let asked = runner.post(generate(plan), json!({ "template": "weekly" })).await.must_be(202);
    let shown = until(runner, plan, "ready").await;
    assert_eq!(shown["pdf_id"], asked.json()["pdf_id"]);
    (format!("/api/v1/pdf/{}", shown["pdf_id"].as_str().unwrap()), shown)
}

/// What pages say, without spaces and line ends; none without poppler.
async fn text_of(runner: &Runner, plan: &Value, template: &str) -> Option<String> {
    let asked = json!({ "template": template });
    let asked = runner.post(generate(plan), asked).await.must_be(202);
    let path = format!("/api/v1/pdf/{}", asked.json()["pdf_id"].as_str().unwrap());
    until(runner, plan, "ready").await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&runner.get(path).await.must_be(200).body).unwrap();
    let mut program = Command::new("pdftotext");
    let Ok(output) = program.arg("-raw").arg(file.path()).arg("-").output() else {
        println!("skipped: pdftotext is not installed (package poppler-utils)");
        return None;
    };
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.split_whitespace().collect())
}

#[tokio::test]
async fn totals_on_paper_are_those_of_the_api() {
    let runner = Runner::new().await;
    let plan = plan_in_full_swing(&runner).await;
    let told = progress(&runner, &plan).await;
    let Some(weekly) = text_of(&runner, &plan, "weekly").await else { return };
    let mut rest = weekly.as_str();
    for week in told["weeks"].as_array().unwrap() {
        let (workouts, km) = (&week["planned_workouts"], &week["planned_distance_km"]);
        let noun = if workouts == 1 { "workout" } else { "workouts" };
        let mut total = format!("Total{workouts}{noun}{}km", km.as_f64().unwrap());
        let run_km = week["actual_distance_km"].as_f64().unwrap();
        if run_km > 0.0 {
            total += &format!("Run:{run_km}km");
        }
        let after = rest.split_once(&total).unwrap_or_else(|| panic!("no {total} in {rest}")).1;
        rest = after;
    }
    let overview = text_of(&runner, &plan, "overview").await.unwrap();
    let number = |field: &str| told[field].as_f64().unwrap();
    for (word, figure) in [
        ("Completed", format!("{}/{}", told["completed_workouts"], told["total_workouts"])),
        ("Missed", told["missed_workouts"].to_string()),
        ("Skipped", told["skipped_workouts"].to_string()),
        ("Todo", told["pending_workouts"].to_string()),
        ("Adherence", format!("{}%", number("adherence_percentage"))),
        ("Run", format!("{}km", number("total_actual_distance_km"))),
        ("PLANNED", format!("{}km", number("total_planned_distance_km"))),
        ("WEEKS", format!("{}/{}", told["current_week"], told["total_weeks"])),
    ] {
        assert!(overview.contains(&format!("{word}{figure}")), "{word} {figure} in {overview}");
    }
}

async fn database(program: &Program) -> PgPool {
    let urls = embedded::connect(&program.data_dir()).await.expect("Postgres runs");
    PgPool::connect(&urls.database_url).await.unwrap()
}

#[tokio::test]
async fn a_plan_is_asked_for_told_of_and_fetched_whole_and_in_parts() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({ "name": "Läufe \"2027\"" })).await;
    runner.workout(&plan, json!({})).await;
    runner.get(status(&plan)).await.problem(404);
    let body = json!({
        "template": "monthly", "paper": "letter", "units": "mi", "orientation": "landscape", "language": "de",
        "week_start": "sunday", "branding": { "title": "Club", "accent_color": "#0b5563", "logo_base64": null },
        "email_to": null,
    });
    let asked = runner.post(generate(&plan), body).await.must_be(202);
    let answer = asked.json();
    assert_eq!(answer["status"], "queued");
    assert_eq!(answer["status_url"], status(&plan));
    assert_eq!(asked.header("location"), Some(status(&plan).as_str()));
    asked.position();

    let shown = until(&runner, &plan, "ready").await;
    assert_eq!(shown["pdf_id"], answer["pdf_id"]);
    assert!(shown["requested_at"].as_str().unwrap() <= shown["finished_at"].as_str().unwrap());
    assert_eq!((&shown["error"], &shown["mailed_at"]), (&Value::Null, &Value::Null));
    assert!(shown["pages"].as_u64().unwrap() >= 1);

    let path = format!("/api/v1/pdf/{}", answer["pdf_id"].as_str().unwrap());
    let whole = runner.get(&path).await.must_be(200);
    let bytes = whole.body.clone();
    assert!(bytes.starts_with(b"%PDF-"), "{:?}", &bytes[..8]);
    assert_eq!(shown["size_bytes"], bytes.len());
    assert_eq!(whole.header("content-type"), Some("application/pdf"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(
        whole.header("content-disposition"),
        Some(
            "attachment; filename=\"L_ufe 2027 (monthly).pdf\"; \
             filename*=UTF-8''L%C3%A4ufe%202027%20%28monthly%29.pdf"
        )
    );
    let etag = whole.header("etag").unwrap().to_owned();
    assert!(runner.get(&path).header("if-none-match", &etag).await.must_be(304).body.is_empty());
    let head = runner.ask(Method::HEAD, &path).await.must_be(200);
    assert_eq!(head.header("content-length"), Some(bytes.len().to_string().as_str()));
    assert!(head.body.is_empty());

    let part = runner.get(&path).header("range", "bytes=5-9").header("if-range", &etag).await;
    let part = part.must_be(206);
    assert_eq!(part.body, bytes[5..10]);
    assert_eq!(part.header("content-range"), Some(&*format!("bytes 5-9/{}", bytes.len())));
    let end = runner.get(&path).header("range", "bytes=-3").await.must_be(206);
    assert_eq!(end.body, bytes[bytes.len() - 3..]);
    let beyond = format!("bytes={}-", bytes.len());
    let beyond = runner.get(&path).header("range", &beyond).await;
    assert_eq!(beyond.header("content-range"), Some(&*format!("bytes */{}", bytes.len())));
    beyond.problem(416);
    let other = runner.get(&path).header("range", "bytes=0-1").header("if-range", "\"x\"").await;
    assert_eq!(other.must_be(200).body, bytes);

    // A second one of the same plan is the newest; the first stays.
    let (second, _) = printed(&runner, &plan).await;
    assert_ne!(second, path);
    assert_eq!(runner.get(&path).await.must_be(200).body, bytes);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let wrong = json!({
        "template": "../weekly", "paper": "a3", "units": "furlongs", "orientation": 1, "language": "tlh",
        "week_start": "friday", "branding": { "title": "", "accent_color": "#ffff00", "logo_base64": "R0lGODlh", "x": 1 },
        "email_to": "nobody@example.org", "copies": 2,
    });
    let blamed = runner.post(generate(&plan), wrong).await.blames();
    let expected = [
        ("template", "invalid_template"),
        ("paper", "invalid_choice"),
        ("units", "invalid_choice"),
        ("orientation", "invalid_choice"),
        ("language", "invalid_choice"),
        ("week_start", "invalid_choice"),
        ("branding.title", "empty"),
        ("branding.accent_color", "low_contrast"),
        ("branding.logo_base64", "not_a_picture"),
        ("branding.x", "unknown_field"),
        ("email_to", "not_allowed"),
        ("copies", "unknown_field"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(blamed, BTreeMap::from(expected));
    let blamed = runner.post(generate(&plan), json!({})).await.blames();
    assert_eq!(blamed, BTreeMap::from([("template".to_owned(), "required".to_owned())]));
    let blamed = runner.post(generate(&plan), json!({ "template": "none-such" })).await.blames();
    assert_eq!(blamed, BTreeMap::from([("template".to_owned(), "invalid_choice".to_owned())]));
    let blamed = runner
        .post(generate(&plan), json!({ "template": "weekly", "branding": [] }))
        .await
        .blames();
    assert_eq!(blamed, BTreeMap::from([("branding".to_owned(), "wrong_type".to_owned())]));
    runner.get(status(&plan)).await.problem(404);
    let unknown = format!("/api/v1/pdf/plans/{}/generate", Uuid::now_v7());
    runner.post(unknown, json!({ "template": "weekly" })).await.problem(404);
    runner.post("/api/v1/pdf/plans/x/generate", json!({ "template": "weekly" })).await.problem(400);
    runner.get("/api/v1/pdf/x").await.problem(400);
}

#[tokio::test]
async fn a_logo_may_be_as_large_as_is_said_and_no_larger() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let svg = |bytes: usize| {
        let frame = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><!----></svg>";
        let filling = "x".repeat(bytes - frame.len());
        let svg = frame.replace("<!---->", &format!("<!--{filling}-->"));
        json!({ "template": "weekly", "branding": { "logo_base64": STANDARD.encode(svg) } })
    };
    runner.post(generate(&plan), svg(1_000_000)).await.must_be(202);
    until(&runner, &plan, "ready").await;
    let blamed = runner.post(generate(&plan), svg(1_000_001)).await.blames();
    assert_eq!(
        blamed,
        BTreeMap::from([("branding.logo_base64".to_owned(), "too_large".to_owned())])
    );
    runner.post(generate(&plan), svg(1_500_000)).await.problem(413);
}

#[tokio::test]
async fn the_same_request_again_prints_nothing_again() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let ask = |template: &str| {
        runner.post(generate(&plan), json!({ "template": template })).header("idempotency-key", "k")
    };
    let first = ask("weekly").await.must_be(202);
    let second = ask("weekly").await.must_be(202);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.json(), second.json());
    assert_eq!(first.header("location"), second.header("location"));
    ask("monthly").await.problem(422);
    let shown = until(&runner, &plan, "ready").await;
    assert_eq!(shown["pdf_id"], first.json()["pdf_id"]);
}

#[tokio::test]
async fn what_is_printed_is_its_owners_alone_and_outlives_its_plan() {
    let (ann, eve) = (Runner::new().await, Runner::new().await);
    let (plan, plan_path) = ann.plan(json!({})).await;
    let (path, _) = printed(&ann, &plan).await;
    eve.post(generate(&plan), json!({ "template": "weekly" })).await.problem(404);
    eve.get(status(&plan)).await.problem(404);
    eve.get(&path).await.problem(404);
    eve.get(&path).header("range", "bytes=0-1").await.problem(404);
    Runner::nobody().get(&path).await.problem(401);
    ann.delete(&plan_path).await.must_be(204);
    ann.post(generate(&plan), json!({ "template": "weekly" })).await.problem(404);
    ann.get(&path).await.must_be(200);
}

#[tokio::test]
async fn a_coach_prints_and_fetches_as_far_as_was_granted() {
    let program = Program::shared();
    for (scope, prints) in [("view", false), ("plan", true)] {
        let (athlete, coach) = (Runner::of(program).await, Runner::coach(program).await);
        let body = json!({ "email": coach.email, "scope": scope });
        let asked = athlete.post("/api/v1/athlete/coaches", body).await.must_be(202).json();
        let accept = format!("/api/v1/coach/athletes/{}/accept", asked["id"].as_str().unwrap());
        coach.post(&accept, json!({})).await.must_be(200);
        let (plan, _) = athlete.plan(json!({})).await;
        let (path, shown) = printed(&athlete, &plan).await;
        let acting = |method, path: &str| {
            coach.ask(method, path).header("x-act-as", &athlete.user_id).until_available()
        };
        assert_eq!(acting(Method::GET, &status(&plan)).await.must_be(200).json(), shown);
        acting(Method::GET, &path).await.must_be(200);
        coach.get(&path).await.problem(404);
        let print = acting(Method::POST, &generate(&plan)).json(&json!({ "template": "weekly" }));
        let answer: Answer = print.await;
        if prints {
            let pdf_id = answer.must_be(202).json()["pdf_id"].clone();
            assert_eq!(until(&athlete, &plan, "ready").await["pdf_id"], pdf_id);
        } else {
            answer.problem(403);
        }
    }
}

#[tokio::test]
async fn what_is_not_there_says_why() {
    let program = Program::shared();
    let runner = Runner::of(program).await;
    let (plan, _) = runner.plan(json!({})).await;
    let (path, shown) = printed(&runner, &plan).await;
    let pool = database(program).await;
    let pdf_id: Uuid = shown["pdf_id"].as_str().unwrap().parse().unwrap();
    let stand = async |word: &str| {
        let update =
            "update plan_exports set status = $2, error = 'no such line' where pdf_id = $1";
        sqlx::query(update).bind(pdf_id).bind(word).execute(&pool).await.unwrap();
    };
    stand("queued").await;
    let waits = runner.get(&path).await;
    assert!(waits.header("retry-after").is_some());
    assert_eq!(waits.problem(409)["pdf_status"], "queued");
    stand("failed").await;
    let failed = runner.get(&path).await.problem(409);
    assert_eq!(
        (&failed["pdf_status"], &failed["error"]),
        (&json!("failed"), &json!("no such line"))
    );
    assert_eq!(runner.see(status(&plan)).await["error"], "no such line");
    stand("expired").await;
    runner.get(&path).await.problem(410);
    assert_eq!(runner.see(status(&plan)).await["status"], "expired");
    stand("ready").await;
    fs::remove_dir_all(program.data_dir().join("pdf").join(&runner.user_id)).unwrap();
    runner.get(&path).await.problem(410);
}

#[tokio::test]
async fn a_plan_is_mailed_to_a_verified_address_of_ones_own_or_an_athletes() {
    let program = Program::start(&[("TRAINER_RATE_LIMITS", "off")]);
    let (ann, coach) = (Runner::of(&program).await, Runner::coach(&program).await);
    let stranger = Runner::of(&program).await;
    let pool = database(&program).await;
    let (plan, _) = coach.plan(json!({ "name": "For my runners" })).await;
    coach.workout(&plan, json!({ "name": "Easy hour" })).await;
    let to = |email: &str| json!({ "template": "overview", "email_to": email });
    // Nobody has shown yet that they get mail.
    for email in [ann.email.as_str(), "nobody@example.org", "no address"] {
        let blamed = coach.post(generate(&plan), to(email)).await.blames();
        assert_eq!(
            blamed,
            BTreeMap::from([("email_to".to_owned(), "not_allowed".to_owned())]),
            "{email}"
        );
    }
    sqlx::query("update auth.users set email_verified_at = now()").execute(&pool).await.unwrap();
    for email in [&ann.email, &stranger.email] {
        coach.post(generate(&plan), to(email)).await.blames();
    }
    let body = json!({ "email": coach.email, "scope": "plan" });
    let asked = ann.post("/api/v1/athlete/coaches", body).await.must_be(202).json();
    let accept = format!("/api/v1/coach/athletes/{}/accept", asked["id"].as_str().unwrap());
    coach.post(&accept, json!({})).await.must_be(200);
    let upper = ann.email.to_uppercase();
    coach.post(generate(&plan), to(&upper)).await.must_be(202);
    let shown = until(&coach, &plan, "ready").await;
    // A plan of the athlete's goes to the athlete or the coach, and to nobody else.
    let (of_ann, _) = ann.plan(json!({})).await;
    let acting = |email: &str| {
        let ask = coach.post(generate(&of_ann), to(email)).header("x-act-as", &ann.user_id);
        ask.until_available()
    };
    acting(&stranger.email).await.blames();
    acting(&coach.email).await.must_be(202);
    until(&ann, &of_ann, "ready").await;

    let mails = mails(&program, 2).await;
    let to_ann = mails.iter().find(|mail| mail.contains(&format!("To: {}", ann.email))).unwrap();
    for part in ["Content-Type: application/pdf", "For my runners (overview).pdf", "Week "] {
        assert!(to_ann.contains(part), "{part}: {to_ann}");
    }
    assert!(mails.iter().any(|mail| mail.contains(&format!("To: {}", coach.email))));
    let began = Instant::now();
    while coach.see(status(&plan)).await["mailed_at"].is_null() {
        assert!(began.elapsed() < Duration::from_secs(120), "{shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // No address is in any event.
    let told: i64 = sqlx::query_scalar(
        "select count(*) from es.events where payload::text like '%@example.org%'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(told, 0);
}

/// Waits for so many mails with plans, and reads them.
async fn mails(program: &Program, number: usize) -> Vec<String> {
    let began = Instant::now();
    loop {
        let files = fs::read_dir(program.data_dir().join("mail")).into_iter().flatten();
        let found: Vec<_> = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.to_str().is_some_and(|path| path.contains("-printed_plan-")))
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        if found.len() >= number {
            assert_eq!(found.len(), number);
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{} of {number} mails", found.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
