use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{HeaderMap, header};

use super::{Principal, TokenError, Verifier};
use crate::{AccessNotes, CheapClones};

/// Who a request speaks for, or why nobody, in the request's extensions.
#[derive(Debug, Clone)]
pub struct Authentication(pub Result<Arc<Principal>, TokenError>);

/// Finds out who each request to a router speaks for, and refuses none: the routes that need a user take a
/// [`Principal`], which does.
pub fn authenticated(router: Router, verifier: Verifier) -> Router {
    let authenticate = middleware::from_fn_with_state(Arc::new(verifier), authenticate);
    router.layer((authenticate, CheapClones))
}

async fn authenticate(
    State(verifier): State<Arc<Verifier>>,
    mut request: Request,
    next: Next,
) -> Response {
    let authentication = match bearer_token(request.headers()) {
        Ok(token) => verifier.verify(token).await,
        Err(error) => Err(error),
    };
    if let (Ok(principal), Some(notes)) =
        (&authentication, request.extensions().get::<AccessNotes>())
    {
        notes.speaks_for(principal);
    }
    request.extensions_mut().insert(Authentication(authentication));
    if let Some(sessions) = verifier.sessions() {
        request.extensions_mut().insert(sessions.clone());
    }
    if let Some(api_keys) = verifier.api_keys() {
        request.extensions_mut().insert(api_keys.clone());
    }
    if let Some(coaching) = verifier.coaching() {
        request.extensions_mut().insert(coaching.clone());
    }
    next.run(request).await
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next().ok_or(TokenError::Missing)?;
    if lines.next().is_some() {
        return Err(TokenError::Malformed);
    }
    let (scheme, token) =
        line.to_str().ok().and_then(|line| line.split_once(' ')).ok_or(TokenError::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Malformed);
    }
    Ok(token.trim())
}
