use std::sync::Arc;
use std::task::{Context, Poll};

use tower::util::Oneshot;
use tower::{Layer, Service, ServiceExt};

/// Makes what is within a layer cheap to clone.
///
/// axum clones a layer's inner service for each request, and with it all that is within that one: n layers cost n²/2
/// clones. With this between each layer and what it is laid around, `router.layer((layer, CheapClones))`, they cost n.
#[derive(Debug, Clone, Copy)]
pub struct CheapClones;

impl<S> Layer<S> for CheapClones {
    type Service = CheapToClone<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CheapToClone(Arc::new(inner))
    }
}

/// A service that is cloned when it is called, not with what is around it.
#[derive(Debug)]
pub struct CheapToClone<S>(Arc<S>);

impl<S> Clone for CheapToClone<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, Request> Service<Request> for CheapToClone<S>
where
    S: Service<Request> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Oneshot<S, Request>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The clone that is called says itself when it is ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        S::clone(&self.0).oneshot(request)
    }
}
