//! Steps between coach and athlete that are sent again under the same `Idempotency-Key`.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::coaching::{ATHLETES, BEA, COACHES};

impl App {
    async fn keyed(
        &self,
        key: &str,
        who: &Value,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answer {
        let bearer = format!("Bearer {}", who["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.call(method, path, &headers, body).await
    }

    /// The same request twice: it is carried out once, and gets the same answer twice.
    async fn twice(&self, who: &Value, method: Method, path: &str, body: Value) -> Value {
        let key = format!("{method} {path}");
        let first = self.keyed(&key, who, method.clone(), path, &body).await;
        assert!(first.status.is_success(), "{key}: {}", first.body);
        assert_eq!(first.header("idempotency-replayed"), None, "{key}");
        let seen = self.activity(who).await;
        let again = self.keyed(&key, who, method.clone(), path, &body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}");
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{key}");
        assert_eq!(self.activity(who).await, seen, "{key} was carried out twice");
        let other = format!("{path}?other");
        self.keyed(&key, who, method, &other, &body).await.is_problem(422);
        first.body
    }
}

#[tokio::test]
async fn each_step_is_taken_once_for_its_key() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let of = |path: &str, one: &Value| format!("{path}/{}", one["id"].as_str().unwrap());
    let invitation = json!({ "email": BEA, "scope": "view" });
    let asked = app.twice(&ann, Method::POST, COACHES, invitation).await;
    assert_eq!((&asked["email"], &asked["status"]), (&json!(BEA), &json!("asked")));
    let accept = format!("{}/accept", of(ATHLETES, &asked));
    app.twice(&bea, Method::POST, &accept, Value::Null).await;
    let scope = json!({ "scope": "full" });
    app.twice(&ann, Method::PATCH, &of(COACHES, &asked), scope).await;
    app.twice(&ann, Method::DELETE, &of(COACHES, &asked), Value::Null).await;

    let request = json!({ "email": "ann@example.org", "scope": "view" });
    let asked = app.twice(&bea, Method::POST, ATHLETES, request).await;
    let decline = format!("{}/decline", of(COACHES, &asked));
    app.twice(&ann, Method::POST, &decline, Value::Null).await;
    let invitation = json!({ "email": "nobody@example.org", "scope": "view" });
    let asked = app.keyed("unused", &ann, Method::POST, COACHES, &invitation).await.body;
    app.twice(&ann, Method::DELETE, &of(COACHES, &asked), Value::Null).await;
    // Neither the order of the fields nor spaces make another request.
    let again = Request::builder()
        .method(Method::POST)
        .uri(COACHES)
        .header("authorization", format!("Bearer {}", ann["access_token"].as_str().unwrap()))
        .header("content-type", "application/json")
        .header("idempotency-key", "unused")
        .body(Body::from(r#"{ "scope": "view",  "email": "nobody@example.org" }"#))
        .unwrap();
    let again = app.send(again).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &asked));
}

#[tokio::test]
async fn the_same_step_many_times_at_once_is_taken_once() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.verify("ann@example.org").await;
    let body = json!({ "email": BEA, "scope": "view" });
    let answers = futures::future::join_all(
        (0..8).map(|_| app.keyed("once", &ann, Method::POST, COACHES, &body)),
    )
    .await;
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.body == answers[0].body));
    let first = answers.iter().filter(|one| one.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1);
    let asked = app.activity(&ann).await.into_iter().filter(|kind| kind == "coaching_asked");
    assert_eq!(asked.count(), 1);
    assert_eq!(app.mails().await.len(), 1);
}

#[tokio::test]
async fn a_refused_step_uses_up_no_key_and_a_key_is_one_accounts() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let own = json!({ "email": "ann@example.org", "scope": "view" });
    app.keyed("key", &ann, Method::POST, COACHES, &own).await.is_problem(422);
    let body = json!({ "email": BEA, "scope": "view" });
    assert_eq!(app.keyed("key", &ann, Method::POST, COACHES, &body).await.status, 202);
    let body = json!({ "email": "ann@example.org", "scope": "view" });
    let beas = app.keyed("key", &bea, Method::POST, ATHLETES, &body).await;
    assert_eq!((beas.status.as_u16(), beas.header("idempotency-replayed")), (202, None));
    app.keyed("", &ann, Method::POST, COACHES, &body).await.is_problem(400);
}

#[tokio::test]
async fn writes_of_administrators_and_about_keys_are_carried_out_once_too() {
    let app = App::start().await;
    let (root, ann) = (app.administrator().await, app.ann().await);
    let user = format!("/api/v1/admin/users/{}", ann["user_id"].as_str().unwrap());
    let roles = json!({ "roles": ["athlete", "coach"] });
    let changed = app.twice(&root, Method::PUT, &format!("{user}/roles"), roles).await;
    app.twice(&root, Method::POST, &format!("{user}/lock"), Value::Null).await;
    let unlocked = app.twice(&root, Method::POST, &format!("{user}/unlock"), Value::Null).await;
    assert_eq!(unlocked["version"], changed["version"].as_u64().unwrap() + 2);
    let ann = app.login("ann@example.org").await.body;
    let key = json!({ "name": "the watch", "scopes": ["read"] });
    let key = app.ask(Method::POST, "/api/v1/auth/api-keys", &ann, key).await.body;
    let path = format!("/api/v1/auth/api-keys/{}", key["id"].as_str().unwrap());
    app.twice(&ann, Method::DELETE, &path, Value::Null).await;
    app.twice(&ann, Method::PATCH, "/api/v1/auth/me", json!({ "name": "Ann" })).await;
}

#[tokio::test]
async fn of_two_accounts_nothing_is_told_again_once_one_is_erased() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let body = json!({ "email": BEA, "scope": "view" });
    let asked = app.keyed("ask", &ann, Method::POST, COACHES, &body).await.body;
    let accept = format!("{ATHLETES}/{}/accept", asked["id"].as_str().unwrap());
    app.keyed("accept", &bea, Method::POST, &accept, &Value::Null).await;
    let scope = format!("{COACHES}/{}", asked["id"].as_str().unwrap());
    let body = json!({ "scope": "full" });
    assert_eq!(app.keyed("scope", &ann, Method::PATCH, &scope, &body).await.status, 200);
    // Wherever the address has been since.
    app.execute("update auth.users set email = 'b@example.org' where email like 'bea%'").await;
    let erased = app.ask(Method::DELETE, "/api/v1/auth/me", &bea, Value::Null).await;
    assert_eq!(erased.status, 204, "{}", erased.body);
    let kept = "select coalesce(json_agg(k)::text, '') from auth.keyed_requests k";
    let kept: String = sqlx::query_scalar(kept).fetch_one(&app.pool).await.unwrap();
    assert!(!kept.contains(BEA) && !kept.contains(bea["user_id"].as_str().unwrap()), "{kept}");
    app.keyed("scope", &ann, Method::PATCH, &scope, &body).await.is_problem(404);
}
