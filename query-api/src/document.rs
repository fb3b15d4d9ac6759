//! What the API document says of every read alike.

use service::{ProblemDetails, ProblemField};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, OpenApi, RefOr, Response};

/// Where the document begins: with the schemas that refusals refer to.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ProblemDetails, ProblemField)))]
pub(crate) struct Beginning;

/// Adds the headers of the answers to every read of a document.
pub(crate) fn add_answer_headers(document: &mut OpenApi) {
    let operations = document.paths.paths.values_mut().filter_map(|path| path.get.as_mut());
    for (status, response) in operations.flat_map(|operation| &mut operation.responses.responses) {
        let RefOr::T(response) = response else { continue };
        match status.as_str() {
            "200" | "404" => {
                let meaning =
                    "`stale` when this may not show the `Trainer-Position` that was asked for";
                add(response, "Trainer-Consistency", Type::String, meaning);
            }
            "429" | "503" => add(response, "Retry-After", Type::Integer, "Seconds to wait"),
            _ => {}
        }
    }
}

fn add(response: &mut Response, name: &str, schema_type: Type, meaning: &str) {
    let schema = ObjectBuilder::new().schema_type(schema_type).build();
    let header: Header =
        HeaderBuilder::new().schema(Some(schema)).description(Some(meaning)).build();
    response.headers.insert(name.to_owned(), RefOr::T(header));
}
