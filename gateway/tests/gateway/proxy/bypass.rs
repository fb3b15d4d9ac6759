//! Ways to write a path or a method that some proxies read otherwise than the role behind them.

use super::house::House;
use super::raw::ask;
use super::role::Role;

/// None of these is `/api/v1/admin/users`, and none is read as if it were.
const PATHS: [&str; 22] = [
    "/API/V1/ADMIN/USERS",
    "/api/v1/Admin/users",
    "//api/v1/admin/users",
    "/api//v1/admin/users",
    "/api/v1//admin/users",
    "/api/v1/admin//users",
    "/api/v1/admin/users/",
    "/./api/v1/admin/users",
    "/api/v1/./admin/users",
    "/api/v1/plans/../admin/users",
    "/api/v1/plans/..;/admin/users",
    "/api/v1/plans/%2e%2e/admin/users",
    "/api/v1/plans/..%2fadmin%2fusers/x",
    "/api/v1/admin%2fusers",
    "/api%2fv1%2fadmin%2fusers",
    "/api/v1/%61dmin/users",
    "/api/v1/admin/users%00",
    "/api/v1/admin/users%20",
    "/api/v1/admin/users;x=1",
    "/api/v1/admin\\users",
    "/api/v1/admin%5cusers",
    "/api/v1/admin/users%23",
];

#[tokio::test]
async fn no_other_way_to_write_a_path_leads_there() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    for path in PATHS {
        let (status, answer) = ask(house.address, &format!("GET {path}"), "").await;
        assert_eq!(status, 404, "{path}: {answer}");
        assert!(answer.contains("application/problem+json"), "{path}: {answer}");
    }
    assert_eq!(role.asked(), 0, "and no role is asked");
    // A whole URI names the same path, whatever host it names.
    let (status, answer) =
        ask(house.address, "GET http://elsewhere.example/api/v1/admin/users", "").await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#""uri":"/api/v1/admin/users""#), "{answer}");
}

#[tokio::test]
async fn an_encoded_slash_stays_within_its_segment() {
    let running = Role::new("one").start().await;
    let house = House::in_front_of(&[running.address]).await;
    let line = "GET /api/v1/plans/x%2f..%2f..%2fadmin%2fusers?%2f#";
    let (status, answer) = ask(house.address, line.trim_end_matches('#'), "").await;
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer.contains(r#""uri":"/api/v1/plans/x%2f..%2f..%2fadmin%2fusers?%2f""#),
        "{answer}"
    );
}

#[tokio::test]
async fn a_method_is_what_the_request_line_says() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    let overrides = "x-http-method-override: PUT\r\nx-http-method: PUT\r\nx-method-override: PUT\r\n\
                     x-original-url: /api/v1/admin/users\r\nx-rewrite-url: /api/v1/admin/users\r\n";
    let (status, answer) = ask(house.address, "GET /api/v1/plans/1?_method=PUT", overrides).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#""method":"GET""#), "{answer}");
    assert!(!answer.contains("override") && !answer.contains("admin"), "{answer}");
    for method in ["get", "PURGE", "CONNECT", "TRACE", "PUT\t"] {
        let (status, answer) =
            ask(house.address, &format!("{method} /api/v1/admin/users"), "").await;
        assert!((400..=405).contains(&status), "{method}: {answer}");
    }
    assert_eq!(role.asked(), 1);
}

#[tokio::test]
async fn a_request_within_a_request_is_not_seen() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    let hidden = "GET /api/v1/admin/users HTTP/1.1\r\nhost: x\r\n\r\n";
    for (headers, body) in [
        // Two lengths, and a length beside chunks: what one reads as a body another reads as a request.
        (format!("content-length: {}\r\ncontent-length: 0\r\n", hidden.len()), hidden.to_owned()),
        (
            "content-length: 5\r\ntransfer-encoding: chunked\r\n".to_owned(),
            format!("0\r\n\r\n{hidden}"),
        ),
        ("transfer-encoding: chunked, identity\r\n".to_owned(), format!("0\r\n\r\n{hidden}")),
        ("transfer-encoding : chunked\r\n".to_owned(), format!("0\r\n\r\n{hidden}")),
    ] {
        let before = role.asked();
        let (_, answer) =
            ask(house.address, "POST /api/v1/plans", &format!("{headers}\r\n{body}")).await;
        assert!(!answer.contains("admin"), "{headers}: {answer}");
        assert!(role.asked() <= before + 1, "{headers}: {answer}");
    }
}
