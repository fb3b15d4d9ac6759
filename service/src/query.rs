//! The parameters of a request's query.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use chrono::{DateTime, FixedOffset, NaiveDate};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use crate::{Problem, readers};

/// The parameters of the query, as a struct of `Option`s.
///
/// Refuses with 400 what does not parse, naming the parameter; a parameter given twice; and bytes that are not UTF-8 or
/// NUL. A parameter without a value (`?q=`) counts as absent, one that nobody asks for is ignored. Several extractors
/// may read the same query.
#[derive(Debug, Clone)]
pub struct ApiQuery<T>(pub T);

impl<T, S> FromRequestParts<S> for ApiQuery<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let decoded = percent_decode_str(query)
        .decode_utf8()
        .map_err(|_| Problem::bad_request("the query is not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(Problem::bad_request("the query holds the character U+0000"));
    }
    let with_value = query
        .split('&')
        .filter(|pair| pair.split_once('=').is_some_and(|(_, value)| !value.is_empty()));
    let with_value = with_value.collect::<Vec<_>>().join("&");
    let deserializer =
        serde_urlencoded::Deserializer::new(form_urlencoded::parse(with_value.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let parameter = error.path().to_string();
        let reason = error.into_inner();
        Problem::bad_request(match parameter.as_str() {
            // serde does not know which one, for a parameter that is missing or given twice; its reason says so.
            "." => format!("the query is wrong: {reason}"),
            _ => format!("the parameter {parameter} is wrong: {reason}"),
        })
    })
}

/// For `#[serde(default, deserialize_with = "service::query::date")]`: a day as `YYYY-MM-DD`, strictly.
///
/// # Errors
/// When it is anything else.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = String::deserialize(deserializer)?;
    readers::parse_date(&text).map(Some).map_err(|violation| D::Error::custom(violation.message))
}

/// For `#[serde(default, deserialize_with = "service::query::instant")]`: an RFC 3339 instant.
///
/// # Errors
/// When it is anything else.
pub fn instant<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<FixedOffset>>, D::Error> {
    // An unescaped + means a space in a query, and a space stands in no instant.
    let text = String::deserialize(deserializer)?.replace(' ', "+");
    readers::parse_instant(&text).map(Some).map_err(|violation| D::Error::custom(violation.message))
}

/// For `#[serde(default, deserialize_with = "service::query::id")]`: a UUID, made into its type.
///
/// # Errors
/// When it is anything else.
pub fn id<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let id = readers::parse_uuid(&text).ok().and_then(|id| id.to_string().parse().ok());
    id.map(Some).ok_or_else(|| D::Error::custom("must be a UUID"))
}
