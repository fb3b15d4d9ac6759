//! What no friendly client sends.

use http::Method;
use serde_json::{Value, json};

use crate::client::raw;
use crate::program::Program;
use crate::runner::Runner;
use crate::training::with;

/// Texts that mean something to a database, a template, a browser, a shell, a log or a terminal.
const TEXTS: [&str; 24] = [
    "'; drop table plans; --",
    "\" or 1=1; --",
    "$$; select pg_sleep(10); $$",
    "Robert'); delete from es.events; --",
    "{{7*7}} ${7*7} <%= 7*7 %> #{7*7} {% raw %}",
    "${jndi:ldap://127.0.0.1/a}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "../../etc/passwd",
    "`id`; $(id) | id & id",
    "%00%0a%0d%n%s%x",
    "\\u0000\\x00\\0",
    "\"quoted\\\" and \\\\ back",
    "\u{1}\u{7}\u{8}\u{b}\u{1b}[31mred\u{1b}[0m\u{7f}",
    "a\tb\r\nSet-Cookie: x=y\r\n\r\nc",
    "\u{202e}backwards\u{202c}\u{200b}\u{2066}x",
    "\u{feff}bom\u{fffe}\u{ffff}\u{fffd}",
    "\u{1F469}\u{200D}\u{1F4BB}\u{1F3FD} e\u{301} \u{10ffff}",
    "\u{85}x\u{2028}y\u{2029}z",
    "null",
    "NaN",
    "{\"a\":1}",
    "%s%d {} {:?}",
    "=1+1|cmd",
];

#[tokio::test]
async fn text_comes_back_as_it_was_sent_from_everywhere() {
    let runner = Runner::new().await;
    let (plan, plan_path) = runner.plan(json!({})).await;
    let (_, workout_path) = runner.workout(&plan, json!({})).await;
    let (_, run_path) = runner.run(json!({})).await;
    for text in TEXTS {
        // The ends of a name are trimmed of white space; these begin and end with something else.
        let name = format!("x{text}x");
        for (path, fields) in [
            (&plan_path, json!({ "name": name, "description": text })),
            (&workout_path, json!({ "name": name, "description": text })),
            (&run_path, json!({ "notes": text })),
            (&"/api/v1/auth/me".to_owned(), json!({ "name": name })),
        ] {
            let changed = runner.patch(path, fields.clone()).await.must_be(200).json();
            assert_eq!(changed, with(changed.clone(), fields), "{text:?}");
            assert_eq!(runner.see(path).await, changed, "{text:?}");
        }
        let found = runner.list(format!("/api/v1/plans?q={}", escaped(text))).await;
        assert_eq!(found.len(), 1, "{text:?}");
        assert_eq!(runner.list("/api/v1/workouts").await[0]["description"], text);
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn json_that_no_reader_agrees_on_is_a_400() {
    let runner = Runner::new().await;
    let nested = |depth: usize, open: &str, close: &str| {
        format!("{{\"name\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    };
    for body in [
        b"{\"name\":\"\xff\xfe\"}".to_vec(),
        b"{\"name\":\"\xc0\xaf\"}".to_vec(),
        b"{\"name\":\"\xed\xa0\x80\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"\xff\xfe{\0}\0".to_vec(),
        nested(100, "[", "]").into(),
        nested(100, "{\"a\":", "}").into(),
        nested(10_000, "[", "]").into(),
        nested(10_000, "{\"a\":", "}").into(),
        "[".repeat(900_000).into(),
        r#"{"name":"\ud800"}"#.into(),
        r#"{"name":"\udc00\ud800"}"#.into(),
        r#"{"name":"a","name":"b"}"#.into(),
        r#"{"name":"a","\u006eame":"b"}"#.into(),
        r#"{"goal_race_distance_km":1e400}"#.into(),
        r#"{"goal_race_distance_km":-1e400}"#.into(),
        r#"{"goal_race_distance_km":NaN}"#.into(),
        r#"{"goal_race_distance_km":Infinity}"#.into(),
        r#"{"goal_race_distance_km":0x10}"#.into(),
        r#"{"goal_race_distance_km":.5}"#.into(),
        r#"{"goal_race_distance_km":+5}"#.into(),
        "{\"name\":\"a\nb\"}".into(),
        b"{\"name\":\"\0\"}".to_vec(),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = runner.ask(Method::POST, "/api/v1/plans").body("application/json", body).await;
        assert_eq!(answer.status, 400, "{shown}: {}", answer.text());
        answer.problem(400);
    }
}

#[tokio::test]
async fn huge_numbers_are_out_of_range() {
    let runner = Runner::new().await;
    let digits = "9".repeat(300);
    for number in [
        "1e308",
        "-1e308",
        "1e30",
        "1000000000000000000000000000000",
        &digits,
        "5e-324",
        "-0.0",
        "0",
    ] {
        let body = format!(
            "{{\"actual_date\":\"2025-03-05\",\"distance_km\":{number},\"duration_seconds\":{number},\
             \"average_heart_rate\":{number},\"perceived_effort\":{number}}}"
        );
        let blamed =
            runner.ask(Method::POST, "/api/v1/runs").body("application/json", body).await.blames();
        let fields: Vec<_> = blamed.keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            ["average_heart_rate", "distance_km", "duration_seconds", "perceived_effort"],
            "{number}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_long_or_strange_is_an_unknown_field() {
    let runner = Runner::new().await;
    for key in [&"k".repeat(900_000), "\u{0}", "a.b[0]", "__proto__", "<b>"] {
        let problem =
            runner.post("/api/v1/plans", with(crate::training::plan(), json!({ key: 1 }))).await;
        let problem = problem.problem(422);
        assert_eq!(problem["errors"][0]["code"], "unknown_field");
        assert!(problem.to_string().len() < 2_000, "a refusal is no echo");
    }
    let many: serde_json::Map<String, Value> =
        (0..50_000).map(|number| (number.to_string(), json!(1))).collect();
    let answer = runner.post("/api/v1/plans", Value::Object(many)).await;
    assert!(answer.body.len() < 500_000);
    answer.problem(422);
}

#[tokio::test]
async fn requests_that_are_no_http_or_too_long_are_refused_and_the_program_goes_on() {
    let runner = Runner::new().await;
    let head = |target: &str, headers: &str| {
        format!(
            "GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n{headers}\r\n",
            runner.token
        )
    };
    for (request, statuses) in [
        (head("/api/v1/plans/%zz", ""), &[400][..]),
        (head("/api/v1/plans/%", ""), &[400]),
        (head("/api/v1/plans/%ff%fe", ""), &[400]),
        (head("/api/v1/plans/%C0%AF", ""), &[400]),
        (head("/api/v1/plans/..%2f..%2fetc%2fpasswd", ""), &[400]),
        (head("/api/v1/plans?q=%ff", ""), &[400]),
        (head("/api/v1/plans?q=%00", ""), &[400]),
        (head("/api/v1/plans?q=%zz", ""), &[200, 400]),
        (head("/api/v1/plans?&&=&=x&q", ""), &[200, 400]),
        (head(&format!("/api/v1/plans?q={}", "x".repeat(20_000)), ""), &[200]),
        (head(&format!("/api/v1/plans?q={}", "x".repeat(100_000)), ""), &[414, 431]),
        (head("/api/v1/plans", &format!("x-long: {}\r\n", "x".repeat(100_000))), &[431]),
        (head("/api/v1/plans", &"x: y\r\n".repeat(5_000)), &[431]),
        (head("/api/v1/plans", "x-bad\u{0}: y\r\n"), &[400]),
        (head("/api/v1/plans", "if-none-match: \"\u{e4}\r\n"), &[200, 400]),
        (head("/api/v1/plans", "x-request-id: a\r\nx-request-id: b\r\n"), &[200, 400]),
        (head("http://elsewhere.example/api/v1/plans", ""), &[200, 400, 404]),
        (head("*", ""), &[400, 404]),
        ("GET /api/v1/plans HTTP/9.9\r\n\r\n".to_owned(), &[400, 505]),
        ("\u{16}\u{3}\u{1}\u{0}\u{1}hello\r\n\r\n".to_owned(), &[400]),
    ] {
        let (status, text) = raw(runner.address, request.as_bytes()).await;
        let shown = &request[..request.len().min(90)];
        assert!(statuses.contains(&status), "{shown}: {text}");
    }
    let strange = runner.ask(Method::from_bytes(b"BREW").unwrap(), "/api/v1/plans").await;
    strange.problem(405);
    runner.get("/api/v1/plans").await.must_be(200);
}

#[tokio::test]
async fn a_client_that_hangs_up_in_the_middle_harms_nobody() {
    use tokio::io::AsyncWriteExt;
    let runner = Runner::new().await;
    let head = format!(
        "POST /api/v1/runs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n",
        runner.token
    );
    for rest in ["", "content-length: 100\r\n\r\n", "content-length: 100\r\n\r\n{\"actual_date\":"]
    {
        for _ in 0..20 {
            let mut stream = tokio::net::TcpStream::connect(runner.address).await.unwrap();
            stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
        }
    }
    runner.run(json!({})).await;
    assert_eq!(runner.list("/api/v1/runs").await.len(), 1);
}

#[tokio::test]
async fn nothing_that_is_sent_makes_the_program_log_an_error_or_a_secret() {
    let runner = Runner::new().await;
    runner.patch("/api/v1/auth/me", json!({ "name": "Zaphod Beeblebrox" })).await.must_be(200);
    runner.run(json!({ "notes": "Zaphod was here" })).await;
    let log = Program::shared().log();
    for line in &log {
        assert_ne!(line["level"], "ERROR", "{line}");
    }
    let text = log.iter().map(Value::to_string).collect::<String>();
    for secret in
        [&runner.token, &runner.refresh_token, &runner.email, crate::runner::PASSWORD, "Zaphod"]
    {
        assert!(!text.contains(secret), "{secret}");
    }
}
