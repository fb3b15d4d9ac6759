use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use service::{CheapClones, Problem};
use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};

use super::PerMinute;
use super::budget::Spent;
use super::budgets::{Budgets, On};
use super::shared::{Shared, TELL_EVERY};
use crate::guards;

/// How often idle clients are forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// The budgets of all clients. Clones share them.
#[derive(Clone)]
pub(crate) struct Limits(Arc<Budgets>);

impl Limits {
    /// Budgets of this process, or with a database, those of all gateways that use it.
    pub(crate) fn new(quotas: PerMinute, shared_in: Option<PgPool>) -> Self {
        let shared = shared_in.map(Shared::new);
        let budgets = Arc::new(Budgets::new(quotas, shared));
        tokio::spawn(again_and_again(FORGET, Arc::downgrade(&budgets), async |budgets| {
            budgets.forget_idle();
            if let Some(shared) = &budgets.shared {
                shared.forget_idle().await;
            }
        }));
        if budgets.shared.is_some() {
            tokio::spawn(again_and_again(TELL_EVERY, Arc::downgrade(&budgets), async |budgets| {
                if let Some(shared) = &budgets.shared {
                    shared.tell(&budgets.told()).await;
                }
            }));
        }
        Self(budgets)
    }

    /// Refuses what a client sends beyond its budget, with 429, tells each client its budget, and guards the rest.
    pub(crate) fn limited(&self, router: Router) -> Router {
        router.layer((middleware::from_fn_with_state(self.clone(), limit), CheapClones))
    }

    /// Tells each client a budget, and refuses nothing: who watches over a program must always get an answer.
    pub(crate) fn counted(&self, router: Router) -> Router {
        router.layer((middleware::from_fn_with_state(self.clone(), count), CheapClones))
    }
}

async fn limit(State(Limits(budgets)): State<Limits>, request: Request, next: Next) -> Response {
    let (mut answer, standing) = match budgets.spend(On::of(&request)).await {
        Spent::Within(standing) => (guards::answer(request, next).await, standing),
        Spent::Exceeded(standing, wait_s) => {
            (Problem::too_many_requests(wait_s).into_response(), standing)
        }
    };
    standing.tell(answer.headers_mut());
    answer
}

async fn count(State(Limits(budgets)): State<Limits>, request: Request, next: Next) -> Response {
    let (Spent::Within(standing) | Spent::Exceeded(standing, _)) = budgets.count(&request);
    let mut answer = next.run(request).await;
    standing.tell(answer.headers_mut());
    answer
}

/// Does something as long as there are budgets.
async fn again_and_again(every: Duration, budgets: Weak<Budgets>, work: impl AsyncFn(&Budgets)) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(budgets) = budgets.upgrade() else {
            return;
        };
        work(&budgets).await;
    }
}
