use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::{ExportId, OwnerId};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pdf_storage::{FileError, FileKey};
use service::{PathId, Problem, ProblemDetails, ReadProblems};

use super::byte_range::Asked;
use super::caller::{Caller, ReadHeaders};
use super::file_name::{content_disposition, file_name};
use crate::PdfState;

/// How long a client is asked to wait for a file that is not ready, or a store that is away.
const RETRY_AFTER_S: u64 = 2;

/// One PDF
///
/// As a whole or, with `Range`, some bytes of it.
#[utoipa::path(
    get,
    path = "/api/v1/pdf/{pdf_id}",
    operation_id = "get_pdf",
    tag = "pdf",
    params(
        ("pdf_id" = Uuid, Path, description = "The PDF"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the file the client has"),
        ("Range" = Option<String>, Header, description = "Which bytes, as `bytes=0-65535`"),
        ("If-Range" = Option<String>, Header, description = "The `ETag` of the file that the bytes are of"),
        ReadHeaders,
    ),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf",
            headers(("ETag" = String, description = "The hash of its bytes, in quotes"),
                    ("Content-Disposition" = String, description = "What it is called"))),
        (status = 206, description = "Some bytes of it", body = Vec<u8>, content_type = "application/pdf",
            headers(("Content-Range" = String, description = "Which"))),
        (status = 304, description = "The client has this file"),
        (status = 409, description = "Not ready yet, or given up", body = ProblemDetails,
            content_type = "application/problem+json"),
        (status = 410, description = "Kept no longer", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 416, description = "It does not have these bytes", body = ProblemDetails,
            content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(pdf.id = %pdf_id))]
pub(crate) async fn get_pdf(
    State(app): State<PdfState>,
    caller: Caller,
    PathId(pdf_id): PathId<ExportId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let consistency = caller.wait(&app.commands.read_models).await;
    let answer = match find(&app, caller.owner, pdf_id).await {
        Ok(stored) => {
            send(&app, &stored, &headers).await.unwrap_or_else(IntoResponse::into_response)
        }
        Err(problem) => problem.into_response(),
    };
    Ok((consistency, answer).into_response())
}

/// A file that is ready.
struct Stored {
    key: FileKey,
    size: u64,
    name: String,
}

async fn find(app: &PdfState, owner: OwnerId, pdf_id: ExportId) -> Result<Stored, Problem> {
    let row = sqlx::query!(
        r#"select e.status, e.template, e.size_bytes, e.sha256, e.error, p.name as "plan?"
             from plan_exports e
             left join plans p on p.plan_id = e.plan_id
            where e.pdf_id = $1 and e.owner_id = $2"#,
        pdf_id.0,
        owner.0,
    )
    .fetch_optional(&app.pool)
    .await?
    .ok_or_else(|| Problem::not_found("PDF"))?;
    match (row.status.as_str(), row.sha256, row.size_bytes) {
        ("ready", Some(sha256), Some(size)) => Ok(Stored {
            key: FileKey { owner_id: owner, pdf_id, sha256 },
            size: size.unsigned_abs(),
            name: file_name(row.plan.as_deref(), &row.template),
        }),
        ("expired", _, _) => Err(expired()),
        ("failed", _, _) => Err(Problem::conflict("the PDF could not be made")
            .with("pdf_status", "failed")
            .with("error", row.error)),
        _queued => Err(Problem::conflict("the PDF is not ready yet")
            .with("pdf_status", "queued")
            .header(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S))),
    }
}

async fn send(app: &PdfState, stored: &Stored, asked: &HeaderMap) -> Result<Response, Problem> {
    let Stored { key, size, name } = stored;
    let etag = format!("\"{}\"", key.sha256);
    let mut headers = HeaderMap::new();
    let tag = HeaderValue::from_str(&etag).expect("hexadecimal in quotes is a header value");
    headers.insert(header::ETAG, tag);
    // To be kept by nobody but the user's own client, and asked for again each time: it may have expired.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if has(asked, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let range = match Asked::of(asked, *size, &etag) {
        Asked::Whole => None,
        Asked::Part(range) => Some(range),
        Asked::Unsatisfiable => {
            return Err(Problem::range_not_satisfiable(*size));
        }
    };
    let bytes = app.files.read(key, range.clone()).await.map_err(|error| not_read(key, &error))?;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CONTENT_DISPOSITION, content_disposition(name));
    let status = match range {
        None => {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(*size));
            StatusCode::OK
        }
        Some(range) => {
            let (first, last) = (range.start, range.end - 1);
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
            headers.insert(header::CONTENT_RANGE, value(format!("bytes {first}-{last}/{size}")));
            StatusCode::PARTIAL_CONTENT
        }
    };
    Ok((status, headers, Body::from_stream(bytes)).into_response())
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits and ASCII are a header value")
}

/// Whether the client names the file it would get in `If-None-Match`.
fn has(headers: &HeaderMap, etag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

fn expired() -> Problem {
    Problem::gone("the PDF is kept no longer; print the plan again")
}

fn not_read(key: &FileKey, error: &FileError) -> Problem {
    match error {
        // It has just expired, or a copy of the database has come without its files.
        FileError::NotFound => {
            tracing::warn!(pdf.id = %key.pdf_id, "a file that should be there is not");
            expired()
        }
        FileError::Refused(_) | FileError::Store(_) | FileError::Folder(_) => {
            tracing::error!(pdf.id = %key.pdf_id, %error, "a file cannot be read");
            Problem::unavailable(RETRY_AFTER_S)
        }
    }
}
