//! What the API document says of every write alike.

use service::{ProblemDetails, ProblemField};
use utoipa::IntoParams;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, OpenApi, RefOr, Response};

/// Where the document begins: with the schemas that refusals refer to.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ProblemDetails, ProblemField)))]
pub(crate) struct Beginning;

/// The headers that every write takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "tells OpenAPI what the extractors read")]
pub struct WriteHeaders {
    /// The client's name for this write, 1 to 255 printable characters. Sent again with the same
    /// request, it gets the first answer again with `Idempotency-Replayed: true`; with another request,
    /// 422. Method, path, query, `If-Match` and the JSON of the body make the request, not the order of
    /// its fields.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, nullable = false)]
    idempotency_key: Option<String>,
    /// The id of an athlete who has granted you access: what is written is theirs, and the history says that
    /// you did it. 404 when they have granted nothing, 403 when it is less than this takes: `plan` for plans
    /// and workouts, `full` for runs.
    #[param(rename = "X-Act-As", format = "uuid", nullable = false)]
    x_act_as: Option<String>,
    /// `respond-async` answers without waiting for reads to show the write; `wait=<seconds>` waits so
    /// long at most, up to 30. Otherwise 2 seconds.
    #[param(rename = "Prefer", example = "respond-async", nullable = false)]
    prefer: Option<String>,
}

/// The header of writes to something that has a version.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "tells OpenAPI what the extractors read")]
pub(crate) struct VersionHeader {
    /// The `ETag` of the version that is meant; another one is answered with 412.
    #[param(rename = "If-Match", example = "\"3\"", nullable = false)]
    if_match: Option<String>,
}

/// Adds the headers of the answers to every write of a document.
pub fn add_answer_headers(document: &mut OpenApi) {
    for path in document.paths.paths.values_mut() {
        let writes = [&mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        for operation in writes.into_iter().flatten() {
            add_to(operation);
        }
    }
}

fn add_to(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        match status.as_str() {
            "201" => add(response, &[&WRITTEN[..], &VERSIONED, &CREATED].concat()),
            "200" => add(response, &[&WRITTEN[..], &VERSIONED].concat()),
            "202" => add(response, &[&WRITTEN[..], &ACCEPTED].concat()),
            "204" => add(response, &WRITTEN),
            "429" | "503" => add(response, &[RETRY_AFTER]),
            _ => {}
        }
    }
}

/// A header's name, type and meaning.
type Described = (&'static str, fn() -> Type, &'static str);

const WRITTEN: [Described; 4] = [
    ("Trainer-Position", || Type::Integer, "Reads that show everything up to here show this write"),
    ("Trainer-Consistency", || Type::String, "`pending` when reads may not show the write yet"),
    (
        "Idempotency-Replayed",
        || Type::Boolean,
        "`true` when this is the answer to an earlier request under the same key",
    ),
    ("Preference-Applied", || Type::String, "What was followed of `Prefer`"),
];
const VERSIONED: [Described; 1] = [("ETag", || Type::String, "The resource's version, in quotes")];
const CREATED: [Described; 1] = [("Location", || Type::String, "Where the resource is")];
const ACCEPTED: [Described; 1] =
    [("Location", || Type::String, "Where it is told what becomes of it")];
const RETRY_AFTER: Described = ("Retry-After", || Type::Integer, "Seconds to wait");

fn add(response: &mut Response, described: &[Described]) {
    for (name, schema_type, meaning) in described {
        let schema = ObjectBuilder::new().schema_type(schema_type()).build();
        let header: Header =
            HeaderBuilder::new().schema(Some(schema)).description(Some(*meaning)).build();
        response.headers.insert((*name).to_owned(), RefOr::T(header));
    }
}
