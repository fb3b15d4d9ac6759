use axum::Router;
use axum::extract::Request;
use axum::routing::{MethodFilter, MethodRouter};
use service::takes_key;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use super::forward::forward;
use super::upstreams::Upstreams;
use crate::Api;

impl Upstreams {
    /// The API that these upstreams serve, as a part of the document describes it: each of its paths and methods is
    /// passed on, and nothing else.
    ///
    /// So the door knows every route, as it does when it serves them itself: what is in no document is a 404 or 405 that
    /// no role has to answer, whatever way a path is written, and figures and limits go by route.
    #[must_use]
    pub fn api(&self, openapi: OpenApi) -> Api {
        let router = openapi
            .paths
            .paths
            .iter()
            .fold(Router::new(), |router, (path, item)| router.route(path, self.methods(item)));
        Api { router, openapi }
    }

    fn methods(&self, item: &PathItem) -> MethodRouter {
        let PathItem { get, put, post, delete, patch, .. } = item;
        let described = [
            (get, MethodFilter::GET),
            (put, MethodFilter::PUT),
            (post, MethodFilter::POST),
            (delete, MethodFilter::DELETE),
            (patch, MethodFilter::PATCH),
        ];
        let described = described
            .into_iter()
            .filter_map(|(operation, method)| Some((operation.as_ref()?, method)));
        described.fold(MethodRouter::new(), |methods, (operation, method)| {
            let (upstreams, heeds_key) = (self.clone(), takes_key(operation));
            methods.on(method, async move |request: Request| {
                forward(&upstreams, heeds_key, request).await
            })
        })
    }
}
