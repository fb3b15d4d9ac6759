use std::time::Duration;

use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};

use domain::Violation;

use crate::{Fields, Problem, json};

/// The largest JSON body.
pub const JSON_LIMIT_BYTES: usize = 1_000_000;
/// The largest body of any kind.
pub const UPLOAD_LIMIT_BYTES: usize = 10_000_000;

/// How long a body may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read and thrown away, so that its sender gets to read the answer.
const DRAIN_BYTES: usize = 16_000_000;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A JSON object sent as the request's body.
///
/// Refuses, in this order: 415 another content type, 413 more than [`JSON_LIMIT_BYTES`], 400 what is no JSON (or not
/// UTF-8, nested too deep, or with a key twice in an object), 422 JSON that is no object.
#[derive(Debug)]
pub struct JsonBody {
    object: Map<String, Value>,
    bytes: Bytes,
}

impl JsonBody {
    /// A reader over its fields.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        Fields::of(&self.object)
    }

    /// What was sent, byte for byte, to tell whether a request is the same as another.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Reads one of at most `limit_bytes`, for a request that has a file among its fields.
    ///
    /// # Errors
    /// As for any other.
    pub async fn read(request: Request, limit_bytes: usize) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type(
                "send the body as Content-Type: application/json, in UTF-8",
            ));
        }
        Self::parse(read_body(request, limit_bytes).await?)
    }

    fn parse(bytes: Bytes) -> Result<Self, Problem> {
        match json::parse(&bytes) {
            Ok(Value::Object(object)) => Ok(Self { object, bytes }),
            Ok(
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_),
            ) => Err(Problem::unprocessable(vec![
                Violation::new("wrong_type", "must be a JSON object").of(""),
            ])),
            Err(malformed) => Err(Problem::bad_request(malformed.to_string())),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Self::read(request, JSON_LIMIT_BYTES).await
    }
}

/// Reads a request's body of at most `limit_bytes`.
///
/// # Errors
/// 413 when it is larger, whether or not it says so beforehand; 400 when it breaks off or takes too long.
pub async fn read_body(request: Request, limit_bytes: usize) -> Result<Bytes, Problem> {
    let (parts, mut body) = request.into_parts();
    let announced = announced_length(&parts.headers);
    if announced.is_some_and(|length| length > limit_bytes as u64) {
        // Who asks first has sent nothing yet and reads the answer at once.
        if !parts.headers.contains_key(header::EXPECT) {
            drain(&mut body, DRAIN_BYTES).await;
        }
        return Err(Problem::payload_too_large(limit_bytes));
    }
    let reading = async {
        let mut read = BytesMut::with_capacity(announced.map_or(0, |length| length as usize));
        while let Some(frame) = body.frame().await {
            let Ok(data) =
                frame.map_err(|_| Problem::bad_request("the body broke off"))?.into_data()
            else {
                continue;
            };
            if read.len() + data.len() > limit_bytes {
                drain(&mut body, DRAIN_BYTES).await;
                return Err(Problem::payload_too_large(limit_bytes));
            }
            read.extend_from_slice(&data);
        }
        Ok(read.freeze())
    };
    tokio::time::timeout(READ_TIMEOUT, reading)
        .await
        .unwrap_or_else(|_| Err(Problem::bad_request("the body took too long to arrive")))
}

async fn drain(body: &mut axum::body::Body, limit_bytes: usize) {
    let draining = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, Bytes::len);
            if drained > limit_bytes {
                return;
            }
        }
    };
    // Whether it ended by itself does not matter: the answer is the same.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, draining).await;
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value: &HeaderValue| value.to_str().ok())
        .is_some_and(|value| {
            let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
            let media_type = parts.next().unwrap_or_default();
            let named_json = media_type == "application/json"
                || media_type
                    .strip_prefix("application/")
                    .is_some_and(|subtype| subtype.ends_with("+json"));
            named_json
                && parts
                    .filter_map(|parameter| parameter.strip_prefix("charset=").map(str::to_owned))
                    .all(|charset| {
                        let charset = charset.trim_matches('"');
                        charset == "utf-8" || charset == "utf8"
                    })
        })
}
