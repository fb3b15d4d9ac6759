//! What every HTTP program of Running Trainer shares: how requests are read, refused, answered, counted and logged.
//!
//! A program builds its router from handlers that use the extractors here, wraps it with [`authenticated`] and
//! [`enveloped`], adds [`HealthChecks::router`] and [`Metrics::router`], and hands it to [`serve`].

mod access_log;
mod auth;
mod body;
mod cheap_clones;
mod cursor;
mod database;
mod envelope;
mod etag;
mod fields;
mod fingerprint;
mod health;
mod idempotency_key;
mod in_time;
mod json;
mod key_header;
mod listing;
mod metrics;
mod page;
mod panics;
mod path_id;
mod position;
mod prefer;
mod problem;
mod problem_details;
pub mod query;
mod read_models;
pub mod readers;
mod request_context;
pub mod resource;
mod serve;
pub mod telemetry;
mod traceparent;
mod trusted_proxies;

pub use access_log::{AccessLog, AccessLogTarget, AccessNotes};
pub use auth::{
    API_KEY_PREFIX, AUDIENCE, Access, AccessClaims, Acting, ApiKeys, Authentication, CoachAccess,
    CoachScope, Coaching, ISSUER, KeySourceError, LEEWAY_S, Principal, Role, Scope, Sessions,
    TokenError, Verifier, VerifyingKey, X_ACT_AS, authenticated,
};
pub use body::{JSON_LIMIT_BYTES, JsonBody, UPLOAD_LIMIT_BYTES, read_body};
pub use cheap_clones::{CheapClones, CheapToClone};
pub use cursor::Cursor;
pub use envelope::{enveloped, enveloped_with};
pub use etag::{IfMatch, etag, if_none_match};
pub use fields::Fields;
pub use fingerprint::fingerprint;
pub use health::{
    BreakerState, DatabaseHealth, HealthApi, HealthChecks, HealthReport, HealthStatus, MailHealth,
    NatsHealth, ProjectionLag, UpstreamHealth,
};
pub use idempotency_key::{IDEMPOTENCY_REPLAYED, IdempotencyKey};
pub use in_time::in_time;
pub use key_header::{KeyHeader, describe_replays, takes_key};
pub use listing::Listing;
pub use metrics::{Metrics, MetricsError};
pub use page::Page;
pub use panics::{caught, panics_caught};
pub use path_id::PathId;
pub use position::{
    CONSISTENCY_PENDING, CONSISTENCY_STALE, TRAINER_CONSISTENCY, TRAINER_POSITION, TrainerPosition,
};
pub use prefer::Prefer;
pub use problem::{Problem, ProblemKind};
pub use problem_details::{ProblemDetails, ProblemField, ReadProblems, WriteProblems};
pub use query::ApiQuery;
pub use read_models::{CHECKPOINT_SUBJECT, ReadModels, Waited, checkpoint_subject};
pub use request_context::{REQUEST_ID, RequestContext};
pub use serve::{ConnectionPlace, ServeOptions, Tls, TlsError, Transport, serve, serve_with};
pub use traceparent::TraceParent;
pub use trusted_proxies::{InvalidNetwork, Network, TrustedProxies, behind_proxies};
