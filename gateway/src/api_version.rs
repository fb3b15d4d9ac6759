use http::{HeaderMap, HeaderName, HeaderValue};

/// Which version of the contract an answer keeps to: that of `/api/v1`.
const API_VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("trainer-api-version"), HeaderValue::from_static("1"));

/// Says with an answer which API has given it.
pub(crate) fn tell(headers: &mut HeaderMap) {
    let (name, value) = API_VERSION;
    headers.insert(name, value);
}
