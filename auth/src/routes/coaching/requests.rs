use domain::Violation;
use service::readers::{text, word};
use service::{CoachScope, JsonBody, Problem};
use utoipa::ToSchema;

use crate::email::Email;

/// Whom to ask, and for what.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct AskRequest {
    /// The other's e-mail address.
    #[schema(format = "email", example = "bea@example.org")]
    email: String,
    /// What the coach may do.
    scope: CoachScope,
}

/// What a coach may do from now on.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct ScopeRequest {
    /// The only scope they have then.
    scope: CoachScope,
}

/// Reads an [`AskRequest`].
pub(super) fn whom_and_for_what(body: &JsonBody) -> Result<(Email, CoachScope), Problem> {
    let mut fields = body.fields();
    let email =
        fields.required("email", text(|text| -> Result<_, Violation> { Email::parse(text) }));
    let scope = fields.required("scope", word(CoachScope::ALL, CoachScope::as_str));
    fields.finish(|| Some((email?, scope?)))
}

/// Reads a [`ScopeRequest`].
pub(super) fn scope(body: &JsonBody) -> Result<CoachScope, Problem> {
    let mut fields = body.fields();
    let scope = fields.required("scope", word(CoachScope::ALL, CoachScope::as_str));
    fields.finish(|| scope)
}
