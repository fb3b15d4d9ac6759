//! Operators' writes under an `Idempotency-Key`: the same one again gets the first answer again, and has no other effect.

use std::time::Duration;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use event_store::Leadership;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;
use service::{IDEMPOTENCY_REPLAYED, IdempotencyKey, Problem, fingerprint};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::operator::Operator;
use crate::problems::RETRY_AFTER_S;

/// How long a request waits while the same one is being carried out.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is looked whether it has been.
const POLL: Duration = Duration::from_millis(50);

/// A write of an operator's, with the key that it came with.
pub(crate) struct Write {
    pub(crate) operator: Operator,
    key: Option<Key>,
}

/// What is kept of a key and its request.
struct Key {
    key_hash: Vec<u8>,
    request_hash: Vec<u8>,
}

impl<S: Send + Sync> FromRequestParts<S> for Write {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let operator = Operator::from_request_parts(parts, state).await?;
        let key = Option::<IdempotencyKey>::from_request_parts(parts, state).await?.map(|key| {
            let mut hasher = Sha256::new();
            // Of one length, so that no two pairs look alike.
            hasher.update(operator.principal.user_id.0.as_bytes());
            hasher.update(key.as_str().as_bytes());
            Key {
                key_hash: hasher.finalize().to_vec(),
                request_hash: fingerprint(&parts.method, &parts.uri, &parts.headers, None, None),
            }
        });
        Ok(Self { operator, key })
    }
}

/// How far the same request has come before.
pub(crate) struct Before {
    /// Its id, the same each time.
    pub(crate) request_id: Uuid,
    /// Whether it came before.
    pub(crate) came: bool,
    /// Whether the rebuild that it asks for has begun.
    pub(crate) begun: bool,
    /// The event that it is about, when that was decided before.
    pub(crate) position: Option<i64>,
}

impl Write {
    /// Carries it out, unless it was answered before. Of those who send the same at once, one is at it. Who comes again without
    /// having got an answer may come twice: the work looks at [`Before`], so that it has its effect once.
    pub(crate) async fn once<T: Serialize>(
        &self,
        pool: &PgPool,
        work: impl AsyncFnOnce(&Before) -> Result<(StatusCode, T), Problem>,
    ) -> Result<Response, Problem> {
        let Some(key) = &self.key else {
            let (request_id, came, begun) = (Uuid::now_v7(), false, false);
            let (status, body) = work(&Before { request_id, came, begun, position: None }).await?;
            return Ok((status, Json(body)).into_response());
        };
        let (before, alone) = match key.claim(pool).await? {
            Claimed::Answered(status, body) => return Ok(replayed(status, body)),
            Claimed::Open(before, alone) => (before, alone),
        };
        let answer = match work(&before).await {
            Ok((status, body)) => {
                let body = serde_json::to_value(body).map_err(|_never| Problem::internal())?;
                if let Err(error) = key.keep(pool, status, &body).await {
                    tracing::warn!(%error, "what was answered to an operator is not kept");
                }
                Ok(match before.begun {
                    true => replayed(status, body),
                    false => (status, Json(body)).into_response(),
                })
            }
            Err(problem) => {
                // Only a refusal is known to have changed nothing.
                if problem.kind().status().is_client_error()
                    && let Err(error) = key.release(pool).await
                {
                    tracing::warn!(%error, "the key of a refused request is not given back");
                }
                Err(problem)
            }
        };
        alone.resign().await;
        answer
    }
}

fn replayed(status: StatusCode, body: Value) -> Response {
    let header = [(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))];
    (status, header, Json(body)).into_response()
}

/// What there is under a key.
enum Claimed {
    /// The first answer.
    Answered(StatusCode, Value),
    /// None yet; and being the one who is at it.
    Open(Before, Leadership),
}

/// What there is under a key before anybody is alone with it.
enum Found {
    Answered(StatusCode, Value),
    Open(Before),
}

impl Key {
    async fn claim(&self, pool: &PgPool) -> Result<Claimed, Problem> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before = match self.find(pool).await? {
                Found::Answered(status, body) => return Ok(Claimed::Answered(status, body)),
                Found::Open(before) => before,
            };
            let job = format!("operator request {}", before.request_id);
            if let Some(alone) = Leadership::try_take(&job, &pool.connect_options()).await? {
                // Whoever was at it before may have ended since.
                return match self.find(pool).await? {
                    Found::Open(now) if now.request_id == before.request_id => {
                        let came = before.came;
                        Ok(Claimed::Open(Before { came, ..now }, alone))
                    }
                    Found::Open(_) => Err(Problem::unavailable(RETRY_AFTER_S)),
                    Found::Answered(status, body) => Ok(Claimed::Answered(status, body)),
                };
            }
            if Instant::now() > deadline {
                return Err(Problem::unavailable(RETRY_AFTER_S));
            }
            sleep(POLL).await;
        }
    }

    async fn find(&self, pool: &PgPool) -> Result<Found, Problem> {
        let taken = sqlx::query!(
            "insert into projector.operator_requests (key_hash, request_id, request_hash, created_at)
             values ($1, $2, $3, now()) on conflict do nothing",
            self.key_hash,
            Uuid::now_v7(),
            self.request_hash,
        )
        .execute(pool)
        .await?;
        let found = sqlx::query!(
            "select request_id, request_hash, position, begun, status, response
               from projector.operator_requests where key_hash = $1",
            self.key_hash,
        )
        .fetch_optional(pool)
        .await?;
        // Whoever was refused at this moment has taken it away.
        let found = found.ok_or_else(|| Problem::unavailable(RETRY_AFTER_S))?;
        if found.request_hash != self.request_hash {
            return Err(Problem::unprocessable_request(
                "the Idempotency-Key was used for another request",
            ));
        }
        let status = found.status.and_then(|status| u16::try_from(status).ok());
        match (status.and_then(|status| StatusCode::from_u16(status).ok()), found.response) {
            (Some(status), Some(body)) => Ok(Found::Answered(status, body)),
            _ => Ok(Found::Open(Before {
                request_id: found.request_id,
                came: taken.rows_affected() == 0,
                begun: found.begun,
                position: found.position,
            })),
        }
    }

    /// Keeps the answer, unless another one was faster.
    async fn keep(&self, pool: &PgPool, status: StatusCode, body: &Value) -> sqlx::Result<()> {
        sqlx::query!(
            "update projector.operator_requests set status = $2, response = $3 where key_hash = $1 and status is null",
            self.key_hash,
            i16::try_from(status.as_u16()).unwrap_or_default(),
            body,
        )
        .execute(pool)
        .await?;
        Ok(())
    }

    /// A request that was refused does not use its key up.
    async fn release(&self, pool: &PgPool) -> sqlx::Result<()> {
        sqlx::query!(
            "delete from projector.operator_requests where key_hash = $1 and status is null and not begun",
            self.key_hash,
        )
        .execute(pool)
        .await?;
        Ok(())
    }
}

/// Decides which event a request is about, for all times that it comes; answers which that is.
pub(crate) async fn decide(pool: &PgPool, request_id: Uuid, position: i64) -> sqlx::Result<i64> {
    let decided = sqlx::query_scalar!(
        r#"update projector.operator_requests set position = coalesce(position, $2) where request_id = $1
           returning position as "position!""#,
        request_id,
        position,
    )
    .fetch_optional(pool)
    .await?;
    // A request without a key comes once.
    Ok(decided.unwrap_or(position))
}
