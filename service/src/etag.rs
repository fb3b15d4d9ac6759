use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::Problem;

/// The `ETag` of a resource's version.
#[must_use]
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes are a header value")
}

/// Whether `If-None-Match` names the version the client would get, so that it needs nothing: 304.
#[must_use]
pub fn if_none_match(headers: &HeaderMap, version: u64) -> bool {
    match entity_tags(headers, header::IF_NONE_MATCH) {
        Ok(Some(Tags::Any)) => true,
        // Weak tags match too here (RFC 9110, 13.1.2).
        Ok(Some(Tags::These(tags))) => tags.iter().any(|tag| tag.version == Some(version)),
        // A header that cannot be read asks for nothing.
        Ok(None) | Err(MalformedTags) => false,
    }
}

/// Which version of a resource the client is willing to change: the `If-Match` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// No such header: any.
    Absent,
    /// `*`: any, so long as it exists.
    Any,
    /// One of these. A tag that is weak, or no version of ours, matches nothing and is not among them.
    Versions(Vec<u64>),
}

impl IfMatch {
    /// Whether the version may be changed.
    #[must_use]
    pub fn allows(&self, version: u64) -> bool {
        match self {
            Self::Absent | Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }

    /// Passes when the version may be changed.
    ///
    /// # Errors
    /// 412 when not.
    pub fn check(&self, version: u64) -> Result<(), Problem> {
        if self.allows(version) { Ok(()) } else { Err(Problem::precondition_failed()) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match entity_tags(&parts.headers, header::IF_MATCH) {
            Ok(None) => Ok(Self::Absent),
            Ok(Some(Tags::Any)) => Ok(Self::Any),
            Ok(Some(Tags::These(tags))) => Ok(Self::Versions(
                tags.into_iter().filter(|tag| !tag.weak).filter_map(|tag| tag.version).collect(),
            )),
            Err(MalformedTags) => Err(Problem::bad_request(
                r#"If-Match must be * or a list of entity tags such as "3""#,
            )),
        }
    }
}

enum Tags {
    Any,
    These(Vec<Tag>),
}

struct Tag {
    weak: bool,
    version: Option<u64>,
}

struct MalformedTags;

fn entity_tags(headers: &HeaderMap, name: HeaderName) -> Result<Option<Tags>, MalformedTags> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().map_err(|_| MalformedTags));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    if lines.is_empty() {
        return Ok(None);
    }
    let list = lines.join(",");
    if list.trim() == "*" {
        return Ok(Some(Tags::Any));
    }
    let mut tags = vec![];
    let mut rest = list.as_str();
    loop {
        // Empty elements of a list are to be ignored (RFC 9110, 5.6.1.2).
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            break;
        }
        let (weak, opened) = match rest.strip_prefix("W/") {
            Some(opened) => (true, opened),
            None => (false, rest),
        };
        let opened = opened.strip_prefix('"').ok_or(MalformedTags)?;
        let (opaque, after) = opened.split_once('"').ok_or(MalformedTags)?;
        if opaque.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(MalformedTags);
        }
        tags.push(Tag { weak, version: version(opaque) });
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(MalformedTags);
        }
    }
    if tags.is_empty() { Err(MalformedTags) } else { Ok(Some(Tags::These(tags))) }
}

/// The version a tag stands for: exactly as [`etag`] writes it, so not `"03"` or `"+3"`.
fn version(opaque: &str) -> Option<u64> {
    opaque.parse::<u64>().ok().filter(|version| version.to_string() == opaque)
}
