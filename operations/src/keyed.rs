//! Operators' writes under an `Idempotency-Key`: the same one again gets the first answer again, and has no other effect.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;
use service::{IDEMPOTENCY_REPLAYED, IdempotencyKey, Problem, fingerprint};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use crate::operator::Operator;

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
    /// Carries it out, unless it was answered before. Who comes again without having got an answer may come twice: the work
    /// looks at [`Before`], so that it has its effect once.
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
        let before = match key.claim(pool).await? {
            Claimed::Answered(status, body) => return Ok(replayed(status, body)),
            Claimed::Open(before) => before,
        };
        match work(&before).await {
            Ok((status, body)) => {
                let body = serde_json::to_value(body).map_err(|_never| Problem::internal())?;
                key.keep(pool, status, &body).await?;
                Ok(match before.begun {
                    true => replayed(status, body),
                    false => (status, Json(body)).into_response(),
                })
            }
            Err(problem) => {
                // Whoever came first may be at it yet.
                if !before.came {
                    key.release(pool).await?;
                }
                Err(problem)
            }
        }
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
    /// None yet.
    Open(Before),
}

impl Key {
    async fn claim(&self, pool: &PgPool) -> Result<Claimed, Problem> {
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
        let found = found.ok_or_else(|| Problem::unavailable(1))?;
        if found.request_hash != self.request_hash {
            return Err(Problem::unprocessable_request(
                "the Idempotency-Key was used for another request",
            ));
        }
        let status = found.status.and_then(|status| u16::try_from(status).ok());
        match (status.and_then(|status| StatusCode::from_u16(status).ok()), found.response) {
            (Some(status), Some(body)) => Ok(Claimed::Answered(status, body)),
            _ => Ok(Claimed::Open(Before {
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

/// Decides which event a request is about, for all times that it comes.
pub(crate) async fn decide(pool: &PgPool, request_id: Uuid, position: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update projector.operator_requests set position = $2 where request_id = $1 and position is null",
        request_id,
        position,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Whether the rebuild that a request asks for has begun by now.
pub(crate) async fn has_begun(pool: &PgPool, request_id: Uuid) -> sqlx::Result<bool> {
    let begun = sqlx::query_scalar!(
        "select begun from projector.operator_requests where request_id = $1",
        request_id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(begun.unwrap_or(false))
}
