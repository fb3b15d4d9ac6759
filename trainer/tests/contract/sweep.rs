//! Every operation of the API document, called by those who may not. New routes are covered as soon as they are
//! described.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Answer;
use crate::openapi::{body, document, is_open, operations};
use crate::program::Program;
use crate::runner::{PASSWORD, Runner};
use crate::training::{plan, with};

const ADMIN: &str = "/api/v1/admin/";

/// What is about nobody else, and takes more than a request made from the document: a provider that is set up, an
/// authenticator app; and accesses of coaches, which take two (`coaching.rs` tells whose they are).
const TAKES_MORE: [&str; 10] = [
    "/api/v1/athlete/coaches/{id}",
    "/api/v1/athlete/coaches/{id}/accept",
    "/api/v1/athlete/coaches/{id}/decline",
    "/api/v1/coach/athletes",
    "/api/v1/coach/athletes/{id}",
    "/api/v1/coach/athletes/{id}/accept",
    "/api/v1/coach/athletes/{id}/decline",
    "/api/v1/auth/links/{provider}",
    "/api/v1/auth/two-factor/confirm",
    "/api/v1/auth/two-factor/recovery-codes",
];

#[tokio::test]
async fn without_a_token_or_with_a_wrong_one_every_operation_is_a_401() {
    let document = document().await;
    let (nobody, runner) = (Runner::nobody(), Runner::new().await);
    let cut_short = &runner.token[..runner.token.len() - 2];
    let strangers =
        [nobody, runner.with_token(cut_short), runner.with_token("rtk_nobody_has_this_key")];
    let things = Things::unknown();
    let mut calls = 0;
    for (path, method, operation) in operations(&document) {
        if is_open(&document, operation) {
            continue;
        }
        let request = things.request(&document, path, method, operation);
        for stranger in &strangers {
            request.by(stranger).await.problem(401);
            calls += 1;
        }
    }
    assert!(calls > 100, "{calls} calls");
}

#[tokio::test]
async fn what_is_anothers_is_to_every_operation_as_if_it_were_not_there() {
    let document = document().await;
    let mut named = 0;
    for (path, method, operation) in operations(&document) {
        if is_open(&document, operation) || path.starts_with(ADMIN) {
            continue;
        }
        let what = format!("{method} {path}");
        let (owner, stranger) = (Runner::new().await, Runner::new().await);
        let things = Things::of(&owner).await;
        let before = things.seen_by(&owner).await;
        let request = things.request(&document, path, method, operation);
        let answer = request.by(&stranger).await;
        if request.names_something {
            named += 1;
            let unknown = Things::unknown();
            let missing = unknown.request(&document, path, method, operation).by(&stranger).await;
            assert_eq!(said(answer, &things), said(missing, &unknown), "{what}");
        } else {
            let answered = (200..300).contains(&answer.status) || TAKES_MORE.contains(&path);
            assert!(answered, "{what}: {} {}", answer.status, answer.text());
            let text = answer.text();
            for id in things.ids() {
                assert!(!text.contains(id), "{what} shows another's {id}: {text}");
            }
        }
        assert_eq!(things.seen_by(&owner).await, before, "{what} has changed another's");

        // It was not refused for something else.
        let answer = request.by(&owner).await;
        let carried_out = (200..300).contains(&answer.status) || answer.status == 409;
        let as_expected = carried_out || TAKES_MORE.contains(&path);
        assert!(as_expected, "{what} by its owner: {} {}", answer.status, answer.text());
    }
    assert!(named > 20, "{named} operations name something");
}

/// What an API key with the scope `import` alone may do.
const IMPORTS: [&str; 4] =
    ["/api/v1/plans", "/api/v1/plans/{id}/workouts", "/api/v1/workouts", "/api/v1/runs"];

#[tokio::test]
async fn a_key_for_imports_adds_and_does_nothing_else() {
    let document = document().await;
    let runner = Runner::new().await;
    let key = json!({ "name": "the importer", "scopes": ["import"] });
    let key = runner.post("/api/v1/auth/api-keys", key).await.must_be(201).json();
    assert_eq!(key["scopes"], json!(["import"]));
    let importer = runner.with_token(key["key"].as_str().unwrap());
    let things = Things::of(&runner).await;
    let before = things.seen_by(&runner).await;
    let (mut added, mut refused) = (0, 0);
    for (path, method, operation) in operations(&document) {
        if is_open(&document, operation) {
            continue;
        }
        let request = things.request(&document, path, method, operation);
        let answer = request.by(&importer).await;
        if method == "post" && IMPORTS.contains(&path) {
            answer.must_be(201);
            added += 1;
        } else {
            answer.problem(403);
            refused += 1;
        }
    }
    assert_eq!(added, IMPORTS.len());
    assert!(refused > 60, "{refused} operations");
    let after = things.seen_by(&runner).await;
    assert_eq!(after[2..], before[2..], "the run, the account");
    for (before, after) in before[..2].iter().zip(&after) {
        assert_eq!(before["name"], after["name"]);
    }
}

#[tokio::test]
async fn an_administrators_operation_is_a_403_to_everybody_else_whatever_it_is_about() {
    let document = document().await;
    let coach = Runner::with_roles(Program::shared(), &["athlete", "coach"]).await;
    let (athlete, somebody) = (Runner::new().await, Runner::new().await);
    let administrator = Runner::administrator(Program::shared()).await;
    let mut calls = 0;
    for (path, method, operation) in operations(&document) {
        let tags = operation["tags"].as_array().unwrap();
        let is_admins = tags.contains(&json!("admin")) || tags.contains(&json!("operations"));
        assert_eq!(path.starts_with(ADMIN), is_admins, "{method} {path}: {tags:?}");
        if !is_admins {
            continue;
        }
        assert!(operation["responses"]["403"].is_object(), "{method} {path} describes no 403");
        let method = method.to_uppercase().parse::<Method>().unwrap();
        for id in [somebody.user_id.as_str(), &Uuid::now_v7().to_string(), "nonsense", "runs"] {
            let asked = filled(path, |_| id.to_owned());
            for other in [&athlete, &coach] {
                // Nor does it matter what is sent.
                for text in ["", "{", "{\"roles\": [\"admin\"]}"] {
                    let ask = other.ask(method.clone(), &asked).body("application/json", text);
                    ask.header("if-match", "\"1\"").await.problem(403);
                    calls += 1;
                }
            }
            if method == Method::GET {
                let answer = administrator.ask(method.clone(), &asked).await;
                assert!(![401, 403].contains(&answer.status), "{asked}: {}", answer.text());
            }
        }
    }
    assert!(calls > 100, "{calls} calls");
    let still = somebody.see("/api/v1/auth/me").await;
    assert_eq!(still["roles"], json!(["athlete"]));
}

/// One thing of each kind, and whose they are.
struct Things {
    plan: String,
    workout: String,
    run: String,
    pdf: String,
    key: String,
    key_secret: Option<String>,
}

impl Things {
    async fn of(owner: &Runner) -> Self {
        let (plan, _) = owner.plan(json!({})).await;
        let (workout, _) = owner.workout(&plan, json!({})).await;
        let (run, _) = owner.run(json!({})).await;
        let generate = format!("/api/v1/pdf/plans/{}/generate", plan["id"].as_str().unwrap());
        let weekly = json!({ "template": "weekly" });
        let pdf = owner.post(generate, weekly).await.must_be(202).json();
        let key = json!({ "name": "the watch", "scopes": ["read"] });
        let key = owner.post("/api/v1/auth/api-keys", key).await.must_be(201).json();
        let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
        let secret = key["key"].as_str().unwrap().to_owned();
        Self {
            plan: id(&plan),
            workout: id(&workout),
            run: id(&run),
            pdf: pdf["pdf_id"].as_str().unwrap().to_owned(),
            key: id(&key),
            key_secret: Some(secret),
        }
    }

    fn unknown() -> Self {
        let id = || Uuid::now_v7().to_string();
        Self { plan: id(), workout: id(), run: id(), pdf: id(), key: id(), key_secret: None }
    }

    fn ids(&self) -> [&str; 5] {
        [&self.plan, &self.workout, &self.run, &self.pdf, &self.key]
    }

    /// What its owner is shown of each, and that the key is good still.
    async fn seen_by(&self, owner: &Runner) -> Vec<Value> {
        let mut seen = vec![];
        for path in [
            format!("/api/v1/plans/{}", self.plan),
            format!("/api/v1/workouts/{}", self.workout),
            format!("/api/v1/runs/{}", self.run),
            "/api/v1/auth/me".to_owned(),
        ] {
            seen.push(owner.see(path).await);
        }
        let key = owner.with_token(self.key_secret.as_ref().expect("a key"));
        seen.push(key.see("/api/v1/auth/me").await);
        seen
    }

    /// A request made from the document, about these.
    fn request(&self, document: &Value, path: &str, method: &str, operation: &Value) -> Request {
        let asked = filled(path, |parameter| self.in_path(path, parameter));
        let body = body(document, operation, &|field| self.in_body(field));
        let text = body.as_ref().map(Value::to_string).unwrap_or_default();
        let names_something = self.ids().iter().any(|id| asked.contains(id) || text.contains(id));
        let method = method.to_uppercase().parse().unwrap();
        Request { method, path: asked, body, names_something }
    }

    /// What a parameter of a path stands for.
    fn in_path(&self, path: &str, parameter: &str) -> String {
        match parameter {
            "provider" => return "google".to_owned(),
            _ if TAKES_MORE.contains(&path) || path.starts_with(ADMIN) => {
                return Uuid::now_v7().to_string();
            }
            _ => {}
        }
        let kinds = [
            ("/api/v1/plans/", &self.plan),
            ("/api/v1/analytics/plan", &self.plan),
            ("/api/v1/workouts/", &self.workout),
            ("/api/v1/runs/", &self.run),
            ("/api/v1/auth/api-keys/", &self.key),
            ("/api/v1/pdf/plans/", &self.plan),
            ("/api/v1/pdf/", &self.pdf),
        ];
        let kind = kinds.iter().find(|(begin, _)| path.starts_with(begin));
        let (_, id) =
            kind.unwrap_or_else(|| panic!("what is {{{parameter}}} of {path}? Say it here"));
        (*id).clone()
    }

    /// What a field of a body is to hold, where an example is not enough.
    fn in_body(&self, field: &str) -> Option<Value> {
        match field {
            "plan_id" => Some(json!(self.plan)),
            "workout_id" => Some(json!(self.workout)),
            "current_password" => Some(json!(PASSWORD)),
            // Within the plan, and the plan as it is.
            "scheduled_date" => Some(json!("2025-03-05")),
            "goal_race_date" => Some(Value::Null),
            "start_date" | "end_date" => Some(plan()[field].clone()),
            _ => None,
        }
    }
}

struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
    /// Whether one of the things is named in it.
    names_something: bool,
}

impl Request {
    async fn by(&self, runner: &Runner) -> Answer {
        let ask = runner.ask(self.method.clone(), &self.path);
        match &self.body {
            Some(body) => ask.json(body).await,
            None => ask.await,
        }
    }
}

/// A path with its parameters filled in.
fn filled(path: &str, value: impl Fn(&str) -> String) -> String {
    let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(parameter) => value(parameter),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What a 404 says, but for the names of things and of the request itself.
fn said(answer: Answer, things: &Things) -> (Value, Vec<String>) {
    let names = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
    let problem = with(answer.problem(404), json!({ "request_id": "", "instance": "" }));
    let text = things.ids().iter().fold(problem.to_string(), |text, id| text.replace(id, "…"));
    (serde_json::from_str(&text).unwrap(), names)
}
