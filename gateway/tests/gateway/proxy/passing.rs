//! What a role sees of a request, and a client of the answer.

use http::Method;

use super::house::House;
use super::raw::ask;
use super::role::Role;

#[tokio::test]
async fn a_request_reaches_the_role_as_it_was_sent() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    let path = "/api/v1/plans/%C3%A4%20b?q=a%2Fb&limit=1&q=";
    let headers = [
        ("authorization", "Bearer abc"),
        ("if-match", "\"3\""),
        ("idempotency-key", "k1"),
        ("content-type", "application/json"),
        ("x-request-id", "mine-1"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    let answer = house.send(Method::PUT, path, &headers, r#"{"name":"ä"}"#).await.must_be(200);
    let seen = answer.json();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(seen["uri"], path);
    assert_eq!(seen["body"], r#"{"name":"ä"}"#);
    for (name, value) in headers {
        assert_eq!(seen["headers"][name][0], value, "{name}");
    }
    assert_eq!(seen["headers"]["x-forwarded-for"], serde_json::json!(["127.0.0.1"]));
    assert_eq!(seen["headers"]["x-forwarded-proto"][0], "http");
    assert_eq!(seen["headers"]["host"][0], house.address.to_string());
    assert_eq!(seen["headers"]["x-forwarded-host"][0], house.address.to_string());
    assert_eq!(answer.header("x-request-id"), Some("mine-1"));
}

#[tokio::test]
async fn an_answer_reaches_the_client_with_what_the_door_adds() {
    let running = Role::new("one").start().await;
    let house = House::in_front_of(&[running.address]).await;
    let answer = house.get("/api/v1/plans/1").await.must_be(200);
    assert_eq!(answer.header("etag"), Some("\"3\""));
    assert_eq!(answer.header("trainer-position"), Some("7"));
    assert_eq!(answer.header("trainer-api-version"), Some("1"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("keep-alive"), None, "that is between door and role");
    assert_eq!(answer.header("x-request-id"), answer.json()["headers"]["x-request-id"][0].as_str());

    let head = house.send(Method::HEAD, "/api/v1/plans/1", &[], "").await.must_be(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), Some("\"3\""));

    // A role's refusal is its own, and is not asked for again.
    let refused = house.get("/api/v1/refusal").await.must_be(503);
    assert_eq!(refused.json()["detail"], "in the role's own words");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn the_door_knows_every_route_itself() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    house.get("/nowhere").await.must_be(404);
    house.get("/api/v1/nowhere").await.must_be(404);
    let neither = house.send(Method::DELETE, "/api/v1/plans/1", &[], "").await.must_be(405);
    let mut allowed: Vec<_> = neither.header("allow").unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "PUT"]);
    assert_eq!(role.asked(), 0);
    assert_eq!(house.health().await, [("closed".to_owned(), true)]);
}

#[tokio::test]
async fn what_concerns_only_the_neighbour_goes_no_further() {
    let running = Role::new("one").start().await;
    let house = House::in_front_of(&[running.address]).await;
    let headers = "connection: x-mine\r\nx-mine: 1\r\nte: trailers\r\nkeep-alive: timeout=1\r\nupgrade: h2c\r\n\
                   http2-settings: AAMAAABk\r\nproxy-authorization: Basic x\r\nx-yours: 2\r\n";
    let (status, answer) = ask(house.address, "GET /api/v1/plans/1", headers).await;
    assert_eq!(status, 200, "{answer}");
    for gone in ["x-mine", "trailers", "timeout=1", "h2c", "proxy-authorization", "\"connection\""]
    {
        assert!(!answer.contains(gone), "{gone}: {answer}");
    }
    assert!(answer.contains("x-yours"), "{answer}");
}
