use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::app::App;

#[tokio::test]
async fn links_in_mails_open_pages_that_run_nothing_of_others() {
    let app = App::start().await;
    let (router, _) = auth::router(app.state.clone());
    let get = async |path: &str| {
        let request =
            Request::get(format!("/api/v1/auth/pages/{path}")).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (parts, body)
    };
    assert_eq!(get("..%2Fpage.js").await.0.status, 404);
    assert_eq!(get("nothing").await.0.status, 404);
    for page in ["verify-email", "forgot-password", "reset-password"] {
        let (parts, html) = get(page).await;
        assert_eq!(parts.status, 200);
        assert_eq!(parts.headers["content-type"], "text/html; charset=utf-8");
        let policy = parts.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(parts.headers["referrer-policy"], "no-referrer");
        assert!(html.contains(&format!("data-path=\"../{page}\"")), "{html}");
        assert!(!html.contains("style=") && !html.contains("onclick"), "the policy forbids it");
        assert!(!html.contains("//"), "nothing comes from elsewhere: {html}");
        for file in ["page.js", "page.css"] {
            assert!(html.contains(file), "{html}");
            assert_eq!(get(file).await.0.status, 200);
        }
    }
}
