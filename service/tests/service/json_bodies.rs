//! What a client reads when its JSON body is wrong, and what gets through when it is right.

use axum::body::Body;
use axum::routing::post;
use axum::{Json, Router};
use chrono::NaiveDate;
use domain::{Distance, Heartbeat, Name, Text, Violation, plan::WorkoutType};
use futures::stream;
use http::Request;
use serde_json::{Value, json};
use service::readers::{boolean, date, instant, integer, number, text, uuid, word};
use service::{JsonBody, Problem, enveloped};

use super::asking::{Answer, ask, post_json};

struct Everything {
    name: Name,
    description: Option<Option<Text>>,
    day: Option<NaiveDate>,
    distance: Option<Distance>,
}

fn everything(body: &JsonBody) -> Result<Everything, Problem> {
    let mut fields = body.fields();
    let name = fields.required("name", text(Name::parse));
    let description = fields.patch("description", text(Text::parse));
    let day = fields.optional("day", date);
    fields.optional("at", instant);
    fields.optional("heart_rate", integer(Heartbeat::from_bpm));
    let distance = fields.optional("distance_km", number(Distance::from_km));
    fields.optional("is_race", boolean);
    fields.optional("id", uuid(domain::RunId));
    fields.optional("kind", word(WorkoutType::ALL, WorkoutType::as_str));
    fields.patch_required("status", text(|status| Ok(status.to_owned())));
    if fields.has("day") && !fields.has("at") && !fields.is_refused("day") {
        fields.refuse("day", Violation::new("without_at", "needs at too"));
    }
    fields.finish(|| Some(Everything { name: name?, description, day, distance }))
}

async fn take_everything(body: JsonBody) -> Result<Json<Value>, Problem> {
    let Everything { name, description, day, distance } = everything(&body)?;
    let description = description.map_or(json!("absent"), |description| {
        json!(description.map(|text| text.as_str().to_owned()))
    });
    Ok(Json(
        json!({"name": name.as_str(), "description": description, "day": day, "km": distance.map(Distance::km)}),
    ))
}

async fn take_list(body: JsonBody) -> Result<Json<Value>, Problem> {
    let mut fields = body.fields();
    let names = fields.list("workouts", 3, |workout| {
        let name = workout.required("name", text(Name::parse));
        workout.optional("on", date);
        name
    });
    fields.finish(|| {
        names.map(|names| Json(json!(names.iter().map(Name::as_str).collect::<Vec<_>>())))
    })
}

fn router() -> Router {
    enveloped(
        Router::new().route("/everything", post(take_everything)).route("/list", post(take_list)),
    )
}

async fn send(body: impl Into<Body>) -> Answer {
    ask(&router(), post_json("/everything", body)).await
}

async fn send_as(content_type: &str) -> Answer {
    let request = Request::post("/everything").header("content-type", content_type);
    ask(&router(), request.body(Body::from(r#"{"name":"a"}"#)).expect("a request")).await
}

#[tokio::test]
async fn a_right_body_gets_through() {
    let answer = send(r#"{"name":" Tempo ","day":"2028-02-29","at":"2028-02-29T06:00:00+02:00","distance_km":42.195,
        "heart_rate":140.0,"is_race":true,"kind":"hill_repeats","description":null,"status":"active",
        "id":"019aa0f6-7a5c-7bd2-8a3e-53d3a1f0c111"}"#)
    .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(
        answer.json(),
        json!({"name":"Tempo","description":null,"day":"2028-02-29","km":42.195})
    );
}

#[tokio::test]
async fn null_and_absent_differ_in_a_patch_only() {
    let absent = send(r#"{"name":"a","heart_rate":null}"#).await;
    assert_eq!(absent.json()["description"], "absent");
    let cleared = send(r#"{"name":"a","description":null}"#).await;
    assert_eq!(cleared.json()["description"], Value::Null);
    let refused = send(r#"{"name":null,"status":null}"#).await;
    assert_eq!(refused.violations(), ["name required", "status required"]);
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let answer = send(
        r#"{"description":7,"day":"2026-02-30","at":"2026-01-01 00:00:00Z","heart_rate":45.5,"distance_km":"5","is_race":1,
            "id":"x","kind":"jogging","extra":1,"another":{}}"#,
    )
    .await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.violations(),
        [
            "name required",
            "description wrong_type",
            "day invalid_date",
            "at invalid_instant",
            "heart_rate wrong_type",
            "distance_km wrong_type",
            "is_race wrong_type",
            "id invalid_id",
            "kind invalid_choice",
            "another unknown_field",
            "extra unknown_field",
        ]
    );
    let problem = answer.problem();
    assert_eq!(problem["instance"], "/everything");
    let kind = problem["errors"][8]["message"].as_str().expect("message");
    assert!(kind.contains("hill_repeats") && kind.contains("rest"), "{kind}");
}

#[tokio::test]
async fn a_rule_between_fields_is_said_with_the_rest() {
    let answer = send(r#"{"name":"","day":"2026-01-01"}"#).await;
    assert_eq!(answer.violations(), ["name empty", "day without_at"]);
}

#[tokio::test]
async fn items_of_a_list_are_named_by_their_index() {
    let send = async |body: &str| ask(&router(), post_json("/list", body.to_owned())).await;
    let right = send(r#"{"workouts":[{"name":"a"},{"name":"b","on":null}]}"#).await;
    assert_eq!(right.json(), json!(["a", "b"]));
    let wrong = send(r#"{"workouts":[{"name":"a","on":"soon"},7,{"nome":"b"}]}"#).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(
        wrong.violations(),
        [
            "workouts[0].on invalid_date",
            "workouts[1] wrong_type",
            "workouts[2].name required",
            "workouts[2].nome unknown_field",
        ]
    );
    assert_eq!(send(r#"{"workouts":[]}"#).await.violations(), ["workouts empty"]);
    assert_eq!(send(r#"{"workouts":[1,2,3,4]}"#).await.violations(), ["workouts too_many"]);
    assert_eq!(send(r#"{"workouts":{}}"#).await.violations(), ["workouts wrong_type"]);
    assert_eq!(send("{}").await.violations(), ["workouts required"]);
}

#[tokio::test]
async fn a_body_is_json_in_utf8() {
    for content_type in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/merge-patch+json",
        "application/json;charset=\"utf-8\"",
    ] {
        assert_eq!(send_as(content_type).await.status, 200, "{content_type}");
    }
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "json",
        "",
    ] {
        let answer = send_as(content_type).await;
        assert_eq!(answer.status, 415, "{content_type}");
        answer.problem();
    }
    let without = Request::post("/everything").body(Body::from("{}")).expect("a request");
    assert_eq!(ask(&router(), without).await.status, 415);
}

#[tokio::test]
async fn what_is_no_json_is_a_400() {
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let bodies: [&[u8]; 11] = [
        b"",
        b"{",
        b"{\"name\":\"\xff\xfe\"}",
        b"{\"name\":NaN}",
        b"{\"heart_rate\":1e400}",
        b"{\"heart_rate\":Infinity}",
        b"{\"name\":\"\\ud800\"}",
        b"{\"name\":\"a\",\"name\":\"b\"}",
        b"{\"name\":\"a\"} {}",
        b"\x00",
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = send(body.to_vec()).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(body));
        answer.problem();
    }
}

#[tokio::test]
async fn json_that_is_no_object_is_a_422() {
    for body in ["null", "7", "\"name\"", "[]", "[{\"name\":\"a\"}]", "true"] {
        let answer = send(body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.violations(), [" wrong_type"]);
    }
}

#[tokio::test]
async fn huge_numbers_are_out_of_range_and_no_error_of_ours() {
    let answer =
        send(r#"{"name":"a","heart_rate":1e300,"distance_km":123456789012345678901234567890}"#)
            .await;
    assert_eq!(answer.violations(), ["heart_rate out_of_range", "distance_km out_of_range"]);
    let whole = send(r#"{"name":"a","heart_rate":18446744073709551615}"#).await;
    assert_eq!(whole.violations(), ["heart_rate out_of_range"]);
}

#[tokio::test]
async fn a_megabyte_is_enough_however_it_arrives() {
    let large = format!(r#"{{"name":"{}"}}"#, "a".repeat(1_100_000));
    let announced = Request::post("/everything")
        .header("content-type", "application/json")
        .header("content-length", large.len())
        .body(Body::from(large.clone()))
        .expect("a request");
    assert_eq!(ask(&router(), announced).await.status, 413);

    let pieces = large
        .into_bytes()
        .chunks(10_000)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect::<Vec<_>>();
    let answer = send(Body::from_stream(stream::iter(pieces))).await;
    assert_eq!(answer.status, 413);
    answer.problem();

    let just_right = format!(r#"{{"name":"a{}"}}"#, " ".repeat(1_000_000 - 12));
    assert_eq!(just_right.len(), 1_000_000);
    assert_eq!(send(just_right).await.status, 200);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_400() {
    let pieces = [Ok(b"{\"name\":".to_vec()), Err(std::io::Error::other("gone"))];
    assert_eq!(send(Body::from_stream(stream::iter(pieces))).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_a_400_after_a_while() {
    let endless = stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(b" ".to_vec()), ()))
    });
    assert_eq!(send(Body::from_stream(endless)).await.status, 400);
}

#[tokio::test]
async fn answers_to_many_unknown_keys_stay_small() {
    let keys = (0..20_000).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
    let answer = send(format!("{{{keys}}}")).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.violations().len(), 1_000);
    let long = send(format!("{{\"name\":\"a\",\"{}\":1}}", "ä".repeat(300_000))).await;
    assert!(long.body.len() < 2_000);
}

#[tokio::test]
async fn what_was_sent_is_kept_byte_for_byte() {
    async fn echo(body: JsonBody) -> Vec<u8> {
        body.bytes().to_vec()
    }
    let router = enveloped(Router::new().route("/", post(echo)));
    assert_eq!(&ask(&router, post_json("/", "{ \"a\" : 1 }")).await.body[..], b"{ \"a\" : 1 }");
}
