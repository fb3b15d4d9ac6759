use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::Method;
use service::Problem;
use tokio::time::MissedTickBehavior;

use super::PerMinute;
use super::budget::{Budget, Spent};
use super::client::Client;

/// Where a secret can be guessed, or another made to get mail.
const CREDENTIAL_PATHS: [&str; 5] = [
    "/api/v1/auth/login",
    "/api/v1/auth/register",
    "/api/v1/auth/forgot-password",
    "/api/v1/auth/reset-password",
    "/api/v1/auth/change-password",
];
/// What an address is told it may ask of health, documents and figures; asking for more has no consequence.
const OPEN_PER_MINUTE: u32 = 600;
/// How often idle clients are forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// The budgets of all clients. Clones share them.
#[derive(Clone)]
pub(crate) struct Limits(Arc<Budgets>);

struct Budgets {
    reads: Budget,
    writes: Budget,
    credentials: Budget,
    open: Budget,
}

impl Limits {
    pub(crate) fn new(quotas: PerMinute) -> Self {
        let PerMinute { reads, writes, credentials } = quotas;
        let open = NonZeroU32::new(OPEN_PER_MINUTE).expect("not zero");
        let budgets = Arc::new(Budgets {
            reads: Budget::new(reads),
            writes: Budget::new(writes),
            credentials: Budget::new(credentials),
            open: Budget::new(open),
        });
        tokio::spawn(forget_idle(Arc::downgrade(&budgets)));
        Self(budgets)
    }

    /// Refuses what a client sends beyond its budget, with 429, and tells each client its budget.
    pub(crate) fn limited(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), limit))
    }

    /// Tells each client a budget, and refuses nothing: who watches over a program must always get an answer.
    pub(crate) fn counted(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), count))
    }
}

impl Budgets {
    fn spend(&self, request: &Request) -> Spent {
        if CREDENTIAL_PATHS.contains(&request.uri().path()) {
            return self.credentials.spend(Client::at_address_of(request));
        }
        let client = Client::of(request);
        match *request.method() {
            Method::GET | Method::HEAD | Method::OPTIONS => self.reads.spend(client),
            _ => self.writes.spend(client),
        }
    }

    fn all(&self) -> [&Budget; 4] {
        [&self.reads, &self.writes, &self.credentials, &self.open]
    }
}

async fn limit(State(Limits(budgets)): State<Limits>, request: Request, next: Next) -> Response {
    let (mut answer, standing) = match budgets.spend(&request) {
        Spent::Within(standing) => (next.run(request).await, standing),
        Spent::Exceeded(standing, wait_s) => {
            (Problem::too_many_requests(wait_s).into_response(), standing)
        }
    };
    standing.tell(answer.headers_mut());
    answer
}

async fn count(State(Limits(budgets)): State<Limits>, request: Request, next: Next) -> Response {
    let (Spent::Within(standing) | Spent::Exceeded(standing, _)) =
        budgets.open.spend(Client::at_address_of(&request));
    let mut answer = next.run(request).await;
    standing.tell(answer.headers_mut());
    answer
}

async fn forget_idle(budgets: std::sync::Weak<Budgets>) {
    let mut ticks = tokio::time::interval(FORGET);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(budgets) = budgets.upgrade() else {
            return;
        };
        for budget in budgets.all() {
            budget.forget_idle();
        }
    }
}
