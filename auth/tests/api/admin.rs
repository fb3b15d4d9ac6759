use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, PASSWORD};

const USERS: &str = "/api/v1/admin/users";

/// Somebody signed in.
struct Someone<'a> {
    app: &'a App,
    pair: Value,
}

impl<'a> Someone<'a> {
    async fn new(app: &'a App, email: &str) -> Self {
        app.register(email).await;
        Self { app, pair: app.login(email).await.body }
    }

    async fn administrator(app: &'a App) -> Self {
        app.register("root@example.org").await;
        let made =
            "update auth.users set roles = '{athlete,admin}' where email = 'root@example.org'";
        sqlx::query(made).execute(&app.pool).await.unwrap();
        Self { app, pair: app.login("root@example.org").await.body }
    }

    fn id(&self) -> &str {
        self.pair["user_id"].as_str().unwrap()
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.pair["access_token"].as_str().unwrap());
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        self.app.call(method, path, &headers, &body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], Value::Null).await
    }

    async fn set_roles(&self, of: &Someone<'_>, roles: Value) -> Answer {
        self.ask(Method::PUT, &format!("{USERS}/{}/roles", of.id()), &[], json!({"roles": roles}))
            .await
    }

    async fn lock(&self, of: &Someone<'_>, how: &str) -> Answer {
        self.ask(Method::POST, &format!("{USERS}/{}/{how}", of.id()), &[], Value::Null).await
    }
}

#[tokio::test]
async fn administration_is_for_administrators() {
    let app = App::start().await;
    let (admin, ann) =
        (Someone::administrator(&app).await, Someone::new(&app, "ann@example.org").await);
    for (method, path, body) in [
        (Method::GET, USERS.to_owned(), Value::Null),
        (Method::GET, format!("{USERS}/{}", admin.id()), Value::Null),
        (Method::GET, format!("{USERS}/{}", uuid::Uuid::nil()), Value::Null),
        (Method::PUT, format!("{USERS}/{}/roles", ann.id()), json!({"roles": ["admin"]})),
        (Method::PUT, format!("{USERS}/{}/roles", ann.id()), json!({"nonsense": 1})),
        (Method::POST, format!("{USERS}/{}/lock", admin.id()), Value::Null),
        (Method::POST, format!("{USERS}/{}/unlock", ann.id()), Value::Null),
    ] {
        ann.ask(method.clone(), &path, &[], body.clone()).await.is_problem(403);
        app.call(method, &path, &[], &body).await.is_problem(401);
    }
    assert_eq!(
        app.me(ann.pair["access_token"].as_str().unwrap()).await.body["roles"],
        json!(["athlete"])
    );
}

#[tokio::test]
async fn accounts_are_listed_found_and_shown() {
    let app = App::start().await;
    let admin = Someone::administrator(&app).await;
    for number in 0..5 {
        app.register(&format!("runner{number}@example.org")).await;
    }
    let mut path = format!("{USERS}?limit=2");
    let mut emails = Vec::new();
    loop {
        let page = admin.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        emails.extend(
            page.body["items"].as_array().unwrap().iter().map(|user| user["email"].clone()),
        );
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("{USERS}?limit=2&cursor={cursor}");
    }
    let expected = ["runner4", "runner3", "runner2", "runner1", "runner0", "root"]
        .map(|name| format!("{name}@example.org"));
    assert_eq!(json!(emails), json!(expected));
    let found = admin.get(&format!("{USERS}?q=RUNNER3")).await.body;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let user = &found["items"][0];
    assert!(!user.to_string().contains("argon2"));
    let one = admin.get(&format!("{USERS}/{}", user["user_id"].as_str().unwrap())).await;
    assert_eq!((&one.body, one.header("etag")), (user, Some("\"1\"")));
    admin.get(&format!("{USERS}/{}", uuid::Uuid::nil())).await.is_problem(404);
    admin.get(&format!("{USERS}/nobody")).await.is_problem(400);
    admin.get(&format!("{USERS}?limit=0")).await.is_problem(400);
    admin.get(&format!("{USERS}?cursor=x")).await.is_problem(400);
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_at_once_and_one_that_is_given_comes_with_the_next_token()
{
    let app = App::start().await;
    let (admin, ann) =
        (Someone::administrator(&app).await, Someone::new(&app, "ann@example.org").await);

    let given = admin.set_roles(&ann, json!(["athlete", "admin", "admin"])).await;
    assert_eq!(
        (given.status.as_u16(), given.header("etag")),
        (200, Some("\"2\"")),
        "{}",
        given.body
    );
    assert_eq!(given.body["roles"], json!(["athlete", "admin"]));
    ann.get(USERS).await.is_problem(403);
    let refreshed = app.refresh(&ann.pair["refresh_token"]).await;
    let ann = Someone { app: &app, pair: refreshed.body };
    assert_eq!(ann.get(USERS).await.status, 200);

    let same = admin.set_roles(&ann, json!(["admin", "athlete"])).await;
    assert_eq!(same.header("etag"), Some("\"2\""), "nothing changed");
    assert_eq!(ann.get(USERS).await.status, 200);

    assert_eq!(admin.set_roles(&ann, json!(["athlete"])).await.body["version"], 3);
    ann.get(USERS).await.is_problem(401);
    app.refresh(&ann.pair["refresh_token"]).await.is_problem(401);
    let again = Someone::new(&app, "ann@example.org").await;
    again.get(USERS).await.is_problem(403);

    for roles in [json!([]), json!(["king"]), json!("admin"), json!([1]), Value::Null] {
        admin.set_roles(&again, roles).await.is_problem(422);
    }
    let path = format!("{USERS}/{}/roles", again.id());
    let body = json!({"roles": ["coach"]});
    admin.ask(Method::PUT, &path, &[("if-match", "\"1\"")], body).await.is_problem(412);
    let path = format!("{USERS}/{}/roles", uuid::Uuid::nil());
    admin.ask(Method::PUT, &path, &[], json!({"roles": ["coach"]})).await.is_problem(404);
}

#[tokio::test]
async fn whoever_is_locked_out_is_out_at_once_and_comes_back_when_unlocked() {
    let app = App::start().await;
    let (admin, ann) =
        (Someone::administrator(&app).await, Someone::new(&app, "ann@example.org").await);

    let locked = admin.lock(&ann, "lock").await;
    assert_eq!(locked.status, 200, "{}", locked.body);
    assert!(locked.body["locked_at"].is_string());
    assert_eq!(admin.lock(&ann, "lock").await.body, locked.body, "once is enough");

    app.me(ann.pair["access_token"].as_str().unwrap()).await.is_problem(401);
    app.refresh(&ann.pair["refresh_token"]).await.is_problem(401);
    app.login("ann@example.org").await.is_problem(403);
    let wrong = json!({"email": "ann@example.org", "password": format!("{PASSWORD}!")});
    app.post("/api/v1/auth/login", wrong).await.is_problem(401);

    assert_eq!(admin.lock(&ann, "unlock").await.body["locked_at"], Value::Null);
    assert_eq!(app.login("ann@example.org").await.status, 200);
    app.me(ann.pair["access_token"].as_str().unwrap()).await.is_problem(401);
}

#[tokio::test]
async fn an_administrator_remains() {
    let app = App::start().await;
    let admin = Someone::administrator(&app).await;
    admin.lock(&admin, "lock").await.is_problem(409);
    admin.set_roles(&admin, json!(["athlete"])).await.is_problem(409);
    assert_eq!(admin.set_roles(&admin, json!(["admin"])).await.status, 200);
}
