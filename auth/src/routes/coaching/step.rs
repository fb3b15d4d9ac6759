//! What the routes of both sides do, and what they need for it.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::{FieldViolation, OwnerId};
use service::{ApiQuery, Coaching, JsonBody, Listing, Page, Principal, Problem, Role};
use uuid::Uuid;

use super::requests;
use crate::activity::Visitor;
use crate::coaching::{self, Ask, AskError, Changed, Relation, ScopeError, Side};
use crate::keyed_requests::Answer;
use crate::routes::current_session::{Caller, CurrentSession};
use crate::routes::write_key::WriteKey;
use crate::state::AuthState;

/// On which side a route is.
pub(super) trait OneSide: Send + Sync {
    const SIDE: Side;
}

/// The routes of an athlete.
pub(super) struct OfAthlete;

/// The routes of a coach.
pub(super) struct OfCoach;

impl OneSide for OfAthlete {
    const SIDE: Side = Side::Athlete;
}

impl OneSide for OfCoach {
    const SIDE: Side = Side::Coach;
}

/// What anybody may do on a side, with an API key, too: look, decline and end.
pub(super) struct Step<S> {
    auth: AuthState,
    user_id: OwnerId,
    visitor: Visitor,
    key: WriteKey,
    known: Option<Coaching>,
    side: PhantomData<S>,
}

/// What lets a coach in, or asks for it: it takes a session, and on a coach's side the role.
pub(super) struct Grant<S>(pub(super) Step<S>);

impl<S: OneSide> FromRequestParts<AuthState> for Step<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, auth: &AuthState) -> Result<Self, Problem> {
        let Caller { user_id } = Caller::from_request_parts(parts, auth).await?;
        Self::of(user_id, parts, auth).await
    }
}

impl<S: OneSide> FromRequestParts<AuthState> for Grant<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, auth: &AuthState) -> Result<Self, Problem> {
        let session = CurrentSession::from_request_parts(parts, auth).await?;
        match S::SIDE {
            Side::Athlete => {}
            Side::Coach => {
                Principal::from_request_parts(parts, auth).await?.require(Role::Coach)?;
            }
        }
        Step::of(session.user_id, parts, auth).await.map(Self)
    }
}

impl<S: OneSide> Step<S> {
    async fn of(user_id: OwnerId, parts: &mut Parts, auth: &AuthState) -> Result<Self, Problem> {
        let key = WriteKey::from_request_parts(parts, auth).await?;
        let Ok(visitor) = Visitor::from_request_parts(parts, auth).await;
        let known = parts.extensions.get::<Coaching>().cloned();
        Ok(Self { auth: auth.clone(), user_id, visitor, key, known, side: PhantomData })
    }

    #[tracing::instrument(skip_all, fields(user.id = %self.user_id))]
    pub(super) async fn ask(self, body: &JsonBody) -> Result<Response, Problem> {
        let (email, scope) = requests::whom_and_for_what(body)?;
        let keyed = self.key.of(self.user_id, Some(body));
        let question = Ask { asker: self.user_id, side: S::SIDE, email: &email, scope };
        let (pool, post) = (&self.auth.pool, &self.auth.post);
        let asked = coaching::ask(pool, post, question, &keyed, self.visitor).await?;
        if let Answer::First(relation) = &asked {
            tracing::info!(access.id = %relation.id, scope = scope.as_str(), "asked for coaching");
        }
        Ok(asked.into_json(StatusCode::ACCEPTED))
    }

    #[tracing::instrument(skip_all, fields(user.id = %self.user_id))]
    pub(super) async fn list(
        self,
        ApiQuery(page): ApiQuery<Page>,
    ) -> Result<Listing<Relation>, Problem> {
        let after = page.after::<(DateTime<Utc>, Uuid)>()?;
        let (pool, party) = (&self.auth.pool, (self.user_id, S::SIDE));
        let found = coaching::list(pool, party, after, page.fetch(), Utc::now()).await?;
        Listing::of(found, &page, |one| (one.since, one.id), |one| one)
    }

    #[tracing::instrument(skip_all, fields(user.id = %self.user_id))]
    pub(super) async fn accept(self, id: Uuid) -> Result<Response, Problem> {
        let (party, keyed) = ((self.user_id, S::SIDE), self.key.of(self.user_id, None));
        let accepted = coaching::accept(&self.auth.pool, party, id, &keyed, self.visitor).await?;
        let accepted = accepted.ok_or_else(nothing::<S>)?;
        if let Answer::First(_) = &accepted {
            tracing::info!(access.id = %id, "coaching granted");
        }
        Ok(accepted.into_json(StatusCode::OK))
    }

    #[tracing::instrument(skip_all, fields(user.id = %self.user_id))]
    pub(super) async fn decline(self, id: Uuid) -> Result<Response, Problem> {
        let (party, keyed) = ((self.user_id, S::SIDE), self.key.of(self.user_id, None));
        let declined = coaching::decline(&self.auth.pool, party, id, &keyed, self.visitor).await?;
        let declined = declined.ok_or_else(nothing::<S>)?;
        if let Answer::First(()) = &declined {
            tracing::info!(access.id = %id, "coaching declined");
        }
        Ok(declined.no_content())
    }

    #[tracing::instrument(skip_all, fields(user.id = %self.user_id))]
    pub(super) async fn end(self, id: Uuid) -> Result<Response, Problem> {
        let (party, keyed) = ((self.user_id, S::SIDE), self.key.of(self.user_id, None));
        let ended = coaching::end(&self.auth.pool, party, id, &keyed, self.visitor).await?;
        let ended = ended.ok_or_else(nothing::<S>)?;
        if let Answer::First(()) = &ended {
            if let Some(known) = self.known {
                known.end(id);
            }
            tracing::info!(access.id = %id, "coaching ended");
        }
        Ok(ended.no_content())
    }
}

impl Step<OfAthlete> {
    #[tracing::instrument(skip_all, fields(user.id = %self.user_id))]
    pub(super) async fn change_scope(self, id: Uuid, body: &JsonBody) -> Result<Response, Problem> {
        let scope = requests::scope(body)?;
        let (athlete, keyed) = (self.user_id, self.key.of(self.user_id, Some(body)));
        let Changed { relation, access } =
            coaching::change_scope(&self.auth.pool, athlete, id, scope, &keyed, self.visitor)
                .await?;
        if let Some(access) = access {
            if let Some(known) = self.known {
                known.change(access);
            }
            tracing::info!(access.id = %id, scope = scope.as_str(), "scope of a coach changed");
        }
        Ok(relation.into_json(StatusCode::OK))
    }
}

/// There is nothing under an id on this side.
fn nothing<S: OneSide>() -> Problem {
    Problem::not_found(match S::SIDE {
        Side::Athlete => "coach",
        Side::Coach => "athlete",
    })
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::OneSelf => Self::unprocessable(vec![FieldViolation {
                field: "email".to_owned(),
                code: "own_address",
                message: error.to_string(),
            }]),
            AskError::Granted | AskError::TooMany => Self::conflict(error.to_string()),
            AskError::Keyed(cause) => cause.into(),
            AskError::Auth(cause) => cause.into(),
        }
    }
}

impl From<ScopeError> for Problem {
    fn from(error: ScopeError) -> Self {
        match error {
            ScopeError::NoCoach => nothing::<OfAthlete>(),
            ScopeError::NotGranted => Self::conflict(error.to_string()),
            ScopeError::Keyed(cause) => cause.into(),
            ScopeError::Auth(cause) => cause.into(),
        }
    }
}
