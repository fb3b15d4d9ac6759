//! Somebody with an account.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Client};
use crate::program::Program;
use crate::training::{plan, run, with, workout};

/// What writes are about that wait until reads show them.
const SHOWN_BY_READS: [&str; 4] =
    ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs", "/api/v1/pdf"];
/// How often is sent what a busy machine may answer with a 503.
const TRIES: u32 = 20;

/// Good enough for any account.
pub(crate) const PASSWORD: &str = "over hill, over dale";

/// A user of a program, logged in.
pub(crate) struct Runner {
    pub(crate) address: SocketAddr,
    pub(crate) user_id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    client: Client,
}

impl Runner {
    /// Somebody new.
    pub(crate) async fn new() -> Self {
        Self::of(Program::shared()).await
    }

    /// Somebody new to a program of one's own.
    pub(crate) async fn of(program: &Program) -> Self {
        let runner = Self::unknown_to(program);
        let email = format!("{}@example.org", Uuid::new_v4().simple());
        let credentials = json!({ "email": email, "password": PASSWORD });
        runner.post("/api/v1/auth/register", credentials).await.must_be(201);
        runner.login(email).await
    }

    async fn login(self, email: String) -> Self {
        let credentials = json!({ "email": email, "password": PASSWORD });
        let login = self.post("/api/v1/auth/login", credentials).await.must_be(200).json();
        let said = |member: &str| login[member].as_str().unwrap().to_owned();
        Self {
            user_id: said("user_id"),
            token: said("access_token"),
            refresh_token: said("refresh_token"),
            email,
            ..self
        }
    }

    /// Somebody who runs the place.
    pub(crate) async fn administrator(program: &Program) -> Self {
        Self::with_roles(program, &["athlete", "admin"]).await
    }

    /// Somebody who trains others.
    pub(crate) async fn coach(program: &Program) -> Self {
        Self::with_roles(program, &["athlete", "coach"]).await
    }

    /// Somebody who has these roles.
    pub(crate) async fn with_roles(program: &Program, roles: &[&str]) -> Self {
        let email = format!("{}@example.org", Uuid::new_v4().simple());
        let mut arguments = vec!["user", "create", "--email", &email];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        program.trainer_with(&arguments, &[("TRAINER_USER_PASSWORD", PASSWORD)]);
        Self::unknown_to(program).login(email).await
    }

    /// Somebody without an account.
    pub(crate) fn nobody() -> Self {
        Self::unknown_to(Program::shared())
    }

    pub(crate) fn unknown_to(program: &Program) -> Self {
        Self {
            address: program.address,
            user_id: String::new(),
            email: String::new(),
            token: String::new(),
            refresh_token: String::new(),
            client: Client::new(program.address),
        }
    }

    /// The same user on other connections.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            address: self.address,
            user_id: self.user_id.clone(),
            email: self.email.clone(),
            token: self.token.clone(),
            refresh_token: self.refresh_token.clone(),
            client: Client::new(self.address),
        }
    }

    /// The same user on other connections, with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.elsewhere() }
    }

    pub(crate) fn ask(&self, method: Method, path: impl AsRef<str>) -> Ask<'_> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = path.as_ref().parse().unwrap();
        let ask = Ask { client: &self.client, request, is_patient: true, tries: 1 };
        let ask = ask.header("host", "localhost");
        if self.token.is_empty() {
            ask
        } else {
            ask.header("authorization", &format!("Bearer {}", self.token))
        }
    }

    pub(crate) fn get(&self, path: impl AsRef<str>) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: impl AsRef<str>, body: Value) -> Ask<'_> {
        self.ask(Method::POST, path).json(&body)
    }

    pub(crate) fn put(&self, path: impl AsRef<str>, body: Value) -> Ask<'_> {
        self.ask(Method::PUT, path).json(&body)
    }

    pub(crate) fn patch(&self, path: impl AsRef<str>, body: Value) -> Ask<'_> {
        self.ask(Method::PATCH, path).json(&body)
    }

    pub(crate) fn delete(&self, path: impl AsRef<str>) -> Ask<'_> {
        self.ask(Method::DELETE, path)
    }

    /// What a path shows.
    pub(crate) async fn see(&self, path: impl AsRef<str>) -> Value {
        self.get(path).await.must_be(200).json()
    }

    /// What the program says of its health as soon as that is not bad, as it may be for a moment on a busy machine.
    pub(crate) async fn health(&self) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.get("/health").await;
            if answer.status == 200 {
                return answer.json();
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{}", answer.text());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The items of a list that fits on a page.
    pub(crate) async fn list(&self, path: impl AsRef<str>) -> Vec<Value> {
        let page = self.see(path).await;
        assert_eq!(page["next_cursor"], Value::Null);
        page["items"].as_array().unwrap().clone()
    }

    /// A new plan, and its path.
    pub(crate) async fn plan(&self, changes: Value) -> (Value, String) {
        self.created("/api/v1/plans", with(plan(), changes)).await
    }

    /// A new workout of a plan, and its path.
    pub(crate) async fn workout(&self, plan: &Value, changes: Value) -> (Value, String) {
        self.created("/api/v1/workouts", with(workout(plan), changes)).await
    }

    /// A new run, and its path.
    pub(crate) async fn run(&self, changes: Value) -> (Value, String) {
        self.created("/api/v1/runs", with(run(), changes)).await
    }

    async fn created(&self, path: &str, body: Value) -> (Value, String) {
        let created = self.post(path, body).await.must_be(201);
        let location = created.header("location").unwrap().to_owned();
        if created.header("trainer-consistency") == Some("pending") {
            self.is_shown(&location).await;
        }
        (created.json(), location)
    }

    /// Waits until reads show what was acknowledged before they did.
    async fn is_shown(&self, path: &str) {
        let began = Instant::now();
        while self.get(path).await.status == 404 {
            assert!(began.elapsed() < Duration::from_secs(120), "{path} is not shown");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A request, sent when it is awaited.
pub(crate) struct Ask<'a> {
    client: &'a Client,
    request: Request<Bytes>,
    /// Whether a write that does not say how long it waits for reads may take longer than usual.
    is_patient: bool,
    tries: u32,
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// Without a header that it would have.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    /// With no header but those it was given.
    pub(crate) fn unchanged(mut self) -> Self {
        self.is_patient = false;
        self
    }

    /// Sent again while the answer is a 503: a busy machine may need too long for a moment, such as to look up whom
    /// somebody coaches.
    pub(crate) fn until_available(mut self) -> Self {
        self.tries = TRIES;
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = body.into();
        self.without("content-type").header("content-type", content_type)
    }
}

impl<'a> IntoFuture for Ask<'a> {
    type Output = Answer;
    type IntoFuture = BoxFuture<'a, Answer>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, mut request, is_patient, tries } = self;
        let path = request.uri().path();
        let is_write = !request.method().is_safe()
            && SHOWN_BY_READS.iter().any(|begin| path.starts_with(begin));
        if is_patient && is_write && !request.headers().contains_key("prefer") {
            // A busy machine's projector may take longer than the usual two seconds.
            request.headers_mut().insert("prefer", HeaderValue::from_static("wait=20"));
        }
        Box::pin(async move {
            for _ in 1..tries {
                let answer = client.send(request.clone().map(Full::new)).await;
                if answer.status != 503 {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            client.send(request.map(Full::new)).await
        })
    }
}
