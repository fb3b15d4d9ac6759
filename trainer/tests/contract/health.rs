//! How the program says it is.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::runner::Runner;

#[tokio::test]
async fn health_says_all_that_the_contract_lists_to_everybody() {
    let runner = Runner::new().await;
    runner.run(json!({})).await;
    let nobody = Runner::nobody();
    for path in ["/health", "/health/ready"] {
        // For a moment it may be less than well, on a busy machine.
        let began = Instant::now();
        let (answer, health) = loop {
            let answer = nobody.get(path).await;
            let health = answer.json();
            if answer.status == 200 && health["status"] == "ok" {
                break (answer, health);
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{path}: {health}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!((&health["status"], &health["database"]), (&json!("ok"), &json!("connected")));
        assert_eq!(health["nats"], "connected");
        assert!(health["service"].as_str().is_some_and(|name| !name.is_empty()));
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        let projections = health["projections"].as_array().unwrap();
        assert!(!projections.is_empty());
        for projection in projections {
            assert!(projection["name"].is_string());
            assert!(projection["position"].as_u64().unwrap() > 0);
            assert!(projection["lag_events"].is_u64() && projection["lag_seconds"].is_number());
        }
    }
    let live = nobody.get("/health/live").await;
    assert!([200, 204].contains(&live.status));
    nobody.post("/health", json!({})).await.problem(405);
}

#[tokio::test]
async fn figures_are_there_for_prometheus() {
    let runner = Runner::new().await;
    let (_, path) = runner.run(json!({})).await;
    runner.get(&path).await.must_be(200);
    let figures = Runner::nobody().get("/metrics").await.must_be(200);
    assert!(figures.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = figures.text();
    let is_sample =
        |line: &str| line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
    assert!(
        text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).all(is_sample),
        "{text}"
    );
    let counted = text.lines().any(|line| {
        line.starts_with("http_requests_total")
            && line.contains("route=\"/api/v1/runs/{id}\"")
            && line.contains("200")
    });
    assert!(counted, "{text}");
    assert!(!text.contains(path.rsplit_once('/').unwrap().1), "no id in a label");
}
