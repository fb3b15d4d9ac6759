//! What request headers and query parameters mean.

use std::time::Duration;

use axum::routing::get as on_get;
use axum::{Json, Router};
use chrono::{DateTime, FixedOffset, NaiveDate};
use domain::PlanId;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::{
    ApiQuery, Cursor, IdempotencyKey, IfMatch, Listing, Page, Prefer, Problem, TrainerPosition,
    enveloped, etag, if_none_match, query,
};

use super::asking::{Answer, ask, empty, get};

/// Asks with one header on each line given and answers with how the handler sees it.
async fn seen(router: Router, header: &str, lines: &[&str]) -> Answer {
    let request = lines.iter().fold(get("/"), |request, line| {
        request.header(header, HeaderValue::from_bytes(line.as_bytes()).expect("a value"))
    });
    ask(&enveloped(router), empty(request)).await
}

async fn if_match(lines: &[&str]) -> Answer {
    let router = Router::new()
        .route("/", on_get(async |tags: IfMatch| format!("{tags:?} {}", tags.allows(3))));
    seen(router, "if-match", lines).await
}

#[tokio::test]
async fn if_match_names_versions() {
    assert_eq!(if_match(&[]).await.body, "Absent true");
    assert_eq!(if_match(&["*"]).await.body, "Any true");
    assert_eq!(if_match(&["\"3\""]).await.body, "Versions([3]) true");
    assert_eq!(if_match(&["\"2\", \"3\""]).await.body, "Versions([2, 3]) true");
    assert_eq!(if_match(&["\"2\" ,,\"4\"", "\"3\""]).await.body, "Versions([2, 4, 3]) true");
    assert_eq!(if_match(&["\"2\""]).await.body, "Versions([2]) false");
    // Weak, or nothing that we ever gave out: well formed, and matches nothing.
    assert_eq!(if_match(&["W/\"3\""]).await.body, "Versions([]) false");
    assert_eq!(if_match(&["\"abc\", \"03\", \"+3\", \"\""]).await.body, "Versions([]) false");
    for malformed in ["3", "\"3", "3\"", "", ",", "\"3\" \"4\"", "w/\"3\"", "\"3\", *", "\"a b\""] {
        assert_eq!(if_match(&[malformed]).await.status, 400, "{malformed}");
    }
    assert_eq!(
        IfMatch::Versions(vec![2]).check(3).map_err(|problem| problem.kind().status().as_u16()),
        Err(412)
    );
    assert_eq!(IfMatch::Any.check(3), Ok(()));
}

#[test]
fn if_none_match_spares_the_body() {
    let matches = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("if-none-match", HeaderValue::from_static(value));
        if_none_match(&headers, 3)
    };
    assert_eq!(etag(3), "\"3\"");
    assert!(matches("\"3\"") && matches("W/\"3\"") && matches("*") && matches("\"2\", \"3\""));
    assert!(
        !matches("\"2\"")
            && !matches("3")
            && !matches("\"3")
            && !if_none_match(&HeaderMap::new(), 3)
    );
}

#[tokio::test]
async fn an_idempotency_key_is_short_and_printable() {
    let key = async |lines: &[&str]| {
        let router = Router::new().route(
            "/",
            on_get(async |key: Option<IdempotencyKey>| {
                key.map_or("none".to_owned(), |key| key.as_str().to_owned())
            }),
        );
        seen(router, "idempotency-key", lines).await
    };
    assert_eq!(key(&[]).await.body, "none");
    assert_eq!(key(&["a b~"]).await.body, "a b~");
    assert_eq!(key(&[&"x".repeat(255)]).await.status, 200);
    for malformed in [&["x".repeat(256).as_str()][..], &[""], &["ä"], &["a\tb"], &["a", "a"]] {
        assert_eq!(key(malformed).await.status, 400, "{malformed:?}");
    }
}

#[tokio::test]
async fn prefer_says_how_long_to_wait() {
    let wait = async |lines: &[&str]| {
        let router = Router::new()
            .route("/", on_get(async |prefer: Prefer| Json(prefer.consistency_wait())));
        serde_json::from_value::<Option<Duration>>(seen(router, "prefer", lines).await.json())
            .expect("a duration")
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(wait(&[]).await, seconds(2));
    assert_eq!(wait(&["respond-async"]).await, None);
    assert_eq!(wait(&["Respond-Async; foo=bar"]).await, None);
    assert_eq!(wait(&["return=minimal, wait=5"]).await, seconds(5));
    assert_eq!(wait(&["wait=\"7\""]).await, seconds(7));
    assert_eq!(wait(&["wait=5", "wait=9"]).await, seconds(5));
    assert_eq!(wait(&["wait=99999"]).await, seconds(30));
    assert_eq!(wait(&["wait=0"]).await, None);
    assert_eq!(wait(&["wait=-1, wait=soon, ;;,="]).await, seconds(2));
    assert_eq!(wait(&["wait=5, respond-async"]).await, None);
}

#[tokio::test]
async fn a_position_is_a_whole_number() {
    let position = async |lines: &[&str]| {
        let router = Router::new()
            .route("/", on_get(async |position: Option<TrainerPosition>| format!("{position:?}")));
        seen(router, "trainer-position", lines).await
    };
    assert_eq!(position(&[]).await.body, "None");
    assert_eq!(position(&["42"]).await.body, "Some(TrainerPosition(42))");
    for malformed in [
        &["-1"][..],
        &["+1"],
        &["1.5"],
        &[""],
        &["x"],
        &["1", "2"],
        &["9223372036854775808"],
        &["99999999999999999999"],
    ] {
        assert_eq!(position(malformed).await.status, 400, "{malformed:?}");
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Filter {
    #[serde(default, deserialize_with = "query::date")]
    from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "query::instant")]
    as_of: Option<DateTime<FixedOffset>>,
    #[serde(default, deserialize_with = "query::id")]
    plan_id: Option<PlanId>,
    q: Option<String>,
    version: Option<u32>,
}

async fn filtered(query: &str) -> Answer {
    let router =
        Router::new().route("/", on_get(async |ApiQuery(filter): ApiQuery<Filter>| Json(filter)));
    ask(&enveloped(router), empty(get(&format!("/?{query}")))).await
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let answer = filtered(
        "from=2026-05-24&as_of=2026-05-24T09:30:00+02:00&q=caf%C3%A9+1&version=3&other=1&plan_id=019aa0f6-7a5c-7bd2-8a3e-53d3a1f0c111",
    )
    .await;
    assert_eq!(
        answer.json(),
        json!({"from":"2026-05-24","as_of":"2026-05-24T09:30:00+02:00","q":"café 1","version":3,
            "plan_id":"019aa0f6-7a5c-7bd2-8a3e-53d3a1f0c111"})
    );
    let empty = filtered("from=&q=&version&plan_id=").await.json();
    assert_eq!(empty, json!({"from":null,"as_of":null,"q":null,"version":null,"plan_id":null}));
}

#[tokio::test]
async fn a_wrong_parameter_is_a_400_that_names_it() {
    for (query, name) in [
        ("from=2026-02-30", "from"),
        ("from=2026-2-3", "from"),
        ("as_of=yesterday", "as_of"),
        ("plan_id=7", "plan_id"),
        ("version=3&version=4", "version"),
        ("version=-1", "version"),
        ("q=%00", "U+0000"),
        ("q=%ff", "UTF-8"),
    ] {
        let answer = filtered(query).await;
        assert_eq!(answer.status, 400, "{query}");
        let problem = answer.problem();
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.contains(name)),
            "{problem}"
        );
    }
}

async fn page_of_numbers(ApiQuery(page): ApiQuery<Page>) -> Result<Listing<u32>, Problem> {
    let after = page.after::<(u32, String)>()?.map_or(0, |(number, _)| number);
    let rows = (after + 1..=45).take(page.fetch() as usize).collect();
    Listing::of(rows, &page, |number| (*number, "é"), |number| number)
}

async fn numbers(query: &str) -> Answer {
    let router = Router::new().route("/", on_get(page_of_numbers));
    ask(&enveloped(router), empty(get(&format!("/?{query}")))).await
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let mut seen = vec![];
    let mut query = String::new();
    loop {
        let page = numbers(&query).await.json();
        seen.push(page["items"].as_array().expect("items").len());
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, [20, 20, 5]);
    // A page that ends with the list is the last one.
    assert_eq!(numbers("limit=45").await.json()["next_cursor"], json!(null));
    assert_eq!(numbers("limit=1").await.json()["items"], json!([1]));
}

#[tokio::test]
async fn a_limit_is_1_to_100_and_a_cursor_one_of_ours() {
    for query in
        ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=99999999999999", "limit=1.5"]
    {
        let answer = numbers(query).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.problem()["detail"].as_str().is_some_and(|detail| detail.contains("limit")));
    }
    assert_eq!(numbers("limit=100").await.status, 200);
    let cursor = |key: serde_json::Value| {
        format!("cursor={}", Cursor::encode(&key).expect("a cursor").as_str())
    };
    for query in [
        "cursor=x".to_owned(),
        "cursor=!!".to_owned(),
        cursor(json!("a")),
        cursor(json!([1, "\u{0}"])),
        cursor(json!([-1, ""])),
    ] {
        let answer = numbers(&query).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(
            answer.problem()["detail"].as_str().is_some_and(|detail| detail.contains("cursor"))
        );
    }
}
