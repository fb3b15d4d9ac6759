//! For whom a request is: what a coach's access is believed to be, how long, and what is answered without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::routing::get as on_get;
use chrono::Utc;
use domain::OwnerId;
use http::request::Parts;
use service::{
    Access, Acting, Authentication, CoachAccess, CoachScope, Coaching, KeySourceError, Principal,
    Problem, Role, enveloped,
};
use uuid::Uuid;

use super::asking::{Answer, ask, empty, get};

const COACH: OwnerId = OwnerId(Uuid::from_u128(1));
const ATHLETE: OwnerId = OwnerId(Uuid::from_u128(2));
const ACCESS: Uuid = Uuid::from_u128(3);

struct Planning(Acting);

impl<S: Send + Sync> FromRequestParts<S> for Planning {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Acting::of(parts, CoachScope::Plan).await.map(Self)
    }
}

fn router() -> Router {
    let acts =
        async |Planning(acting): Planning| format!("{} for {}", acting.actor.user_id, acting.owner);
    let alone = async |principal: Principal| principal.user_id.to_string();
    enveloped(Router::new().route("/", on_get(acts)).route("/alone", on_get(alone)))
}

async fn answer(path: &str, coaching: Option<&Coaching>, athlete: &str) -> Answer {
    let principal = Principal {
        user_id: COACH,
        roles: vec![Role::Athlete],
        access: Access::Session,
        jti: Uuid::nil(),
        expires_at: Utc::now(),
    };
    let mut request = empty(get(path).header("x-act-as", athlete));
    request.extensions_mut().insert(Authentication(Ok(Arc::new(principal))));
    if let Some(coaching) = coaching {
        request.extensions_mut().insert(coaching.clone());
    }
    ask(&router(), request).await
}

async fn status(coaching: &Coaching) -> u16 {
    answer("/", Some(coaching), &ATHLETE.to_string()).await.status.as_u16()
}

/// What is granted, in words of its own: 0 nothing, 1 view, 2 plan, 3 no answer at all, 4 a late one,
/// 5 plan since a later change.
fn told_by(granted: &Arc<AtomicUsize>) -> Coaching {
    let granted = Arc::clone(granted);
    Coaching::new(move |coach, athlete| {
        let now = granted.load(Ordering::SeqCst);
        Box::pin(async move {
            assert_eq!((coach, athlete), (COACH, ATHLETE));
            let access = |scope| Ok(Some(CoachAccess { id: ACCESS, scope, version: 1 }));
            match now {
                0 => Ok(None),
                1 => access(CoachScope::View),
                2 => access(CoachScope::Plan),
                5 => Ok(Some(CoachAccess { id: ACCESS, scope: CoachScope::Plan, version: 4 })),
                3 => Err(KeySourceError::new(std::io::Error::other("away"))),
                _ => {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    access(CoachScope::Full)
                }
            }
        })
    })
}

#[tokio::test]
async fn the_owner_is_the_athlete_and_the_actor_the_coach() {
    let coaching = told_by(&Arc::new(AtomicUsize::new(2)));
    let answer = answer("/", Some(&coaching), &ATHLETE.to_string()).await;
    assert_eq!(answer.body, format!("{COACH} for {ATHLETE}"));
}

#[tokio::test]
async fn an_access_is_believed_in_for_less_than_a_second_and_its_lack_not_at_all() {
    let granted = Arc::new(AtomicUsize::new(0));
    let coaching = told_by(&granted);
    assert_eq!(status(&coaching).await, 404);
    granted.store(2, Ordering::SeqCst);
    assert_eq!(status(&coaching).await, 200, "whoever was just let in is in");
    granted.store(0, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(status(&coaching).await, 404);
}

#[tokio::test]
async fn an_access_that_ended_here_is_not_brought_back_by_an_answer_from_before() {
    let coaching = told_by(&Arc::new(AtomicUsize::new(2)));
    assert_eq!(status(&coaching).await, 200);
    coaching.end(ACCESS);
    assert_eq!(status(&coaching).await, 404);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(status(&coaching).await, 404);
}

#[tokio::test]
async fn a_scope_that_changed_here_counts_at_once_and_until_a_newer_one_is_told() {
    let granted = Arc::new(AtomicUsize::new(2));
    let coaching = told_by(&granted);
    assert_eq!(status(&coaching).await, 200);
    let change = |scope, version| coaching.change(CoachAccess { id: ACCESS, scope, version });
    change(CoachScope::View, 3);
    // Told late, of two changes at once.
    change(CoachScope::Plan, 2);
    assert_eq!(status(&coaching).await, 403);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(status(&coaching).await, 403, "an answer from before does not bring the scope back");
    granted.store(5, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(status(&coaching).await, 200, "another process has changed it since");
}

#[tokio::test]
async fn whoever_cannot_be_looked_up_does_not_get_in() {
    for unknown in [3, 4] {
        let refused =
            answer("/", Some(&told_by(&Arc::new(AtomicUsize::new(unknown)))), &ATHLETE.to_string())
                .await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    }
    assert_eq!(answer("/", None, &ATHLETE.to_string()).await.status, 500);
}

#[tokio::test]
async fn less_than_is_needed_is_a_403_and_a_route_for_oneself_takes_nobody_else() {
    let coaching = told_by(&Arc::new(AtomicUsize::new(1)));
    assert_eq!(status(&coaching).await, 403);
    for named in [ATHLETE.to_string(), COACH.to_string(), String::new()] {
        let refused = answer("/alone", Some(&coaching), &named).await;
        assert_eq!(refused.status, 400, "{named}");
        refused.problem();
    }
    assert_eq!(answer("/", Some(&coaching), "me").await.status, 400);
    assert_eq!(answer("/", Some(&coaching), &COACH.to_string()).await.status, 200);
}
