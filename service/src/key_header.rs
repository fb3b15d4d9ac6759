use utoipa::IntoParams;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, RefOr};

/// The header of a write that is carried out once for its key, for the API document. Those that ask for a secret or are
/// answered with one take none: no secret is kept to be told again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "tells OpenAPI what the extractor reads")]
pub struct KeyHeader {
    /// The client's name for this write, 1 to 255 printable characters. Sent again with the same request, it gets the first
    /// answer again with `Idempotency-Replayed: true`; with another request, 422. Method, path, query, `If-Match` and the
    /// JSON of the body make the request, not the order of its fields.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, nullable = false)]
    idempotency_key: Option<String>,
}

/// Whether an operation is carried out once for its `Idempotency-Key`: those that are say that they take one.
#[must_use]
pub fn takes_key(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.name.eq_ignore_ascii_case("Idempotency-Key"),
        RefOr::Ref(_) => false,
    })
}

/// Adds to the document that answers may be told again, where writes take a key.
pub fn describe_replays(document: &mut OpenApi) {
    for path in document.paths.paths.values_mut() {
        let writes = [&mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        for operation in writes.into_iter().flatten() {
            if !takes_key(operation) {
                continue;
            }
            for (status, response) in &mut operation.responses.responses {
                if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
                    let schema = ObjectBuilder::new().schema_type(Type::Boolean).build();
                    let header = HeaderBuilder::new().schema(Some(schema)).description(Some(
                        "`true` when this is the answer to an earlier request under the same key",
                    ));
                    let header = RefOr::T(header.build());
                    response.headers.insert("Idempotency-Replayed".to_owned(), header);
                }
            }
        }
    }
}
