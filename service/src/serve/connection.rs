use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use super::activity::Activity;
use super::sending::Sending;
use super::{ConnectionPlace, ServeOptions, Transport};

/// How long a client may take to say that it is still there, in HTTP/2.
const STILL_THERE_WITHIN: Duration = Duration::from_secs(20);

/// How requests are read from any connection, in HTTP/1.1 or, when a client begins with it, in HTTP/2.
pub(super) fn protocols(options: &ServeOptions) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(options.max_head_bytes);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(options.max_head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(options.max_streams)
        .keep_alive_interval(options.head_timeout)
        .keep_alive_timeout(STILL_THERE_WITHIN);
    http
}

/// A connection that was accepted.
pub(super) struct Connection<Io> {
    pub(super) io: Io,
    pub(super) transport: Transport,
    pub(super) client: SocketAddr,
    pub(super) place: ConnectionPlace,
}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> Connection<Io> {
    /// Answers what comes on it until the client ends it, is silent or does not read for too long, or `shutdown`; requests
    /// that have begun are answered then.
    pub(super) async fn answer(
        self,
        http: &Builder<TokioExecutor>,
        router: Router,
        options: &ServeOptions,
        shutdown: CancellationToken,
    ) {
        let idle = options.head_timeout;
        let Self { io, transport, client, place } = self;
        let activity = Activity::begin();
        let requests = activity.clone();
        let service = router.map_request(move |mut request: Request<Incoming>| {
            let extensions = request.extensions_mut();
            extensions.insert(ConnectInfo(client));
            extensions.insert(transport);
            extensions.insert(place.clone());
            request.map(Body::new)
        });
        let service = tower::service_fn(move |request: Request<Incoming>| {
            let version = request.version();
            let answering = requests.request(version);
            let answer = service.clone().oneshot(request);
            async move {
                let answer = answer.await?;
                // In HTTP/1.1 a body that is being sent keeps its connection by itself.
                Ok::<_, Infallible>(match version {
                    Version::HTTP_2 => answer.map(|body| Body::new(Sending::new(body, answering))),
                    _ => answer,
                })
            }
        });
        let connection = http
            .serve_connection_with_upgrades(TokioIo::new(io), TowerToHyperService::new(service));
        let mut connection = pin!(connection);
        // Whoever has not sent a whole request by then never does; in HTTP/1.1 hyper looks after that itself. In HTTP/2 the
        // client is asked to end first, and may be one that does not.
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = activity.unread_for(options.read_on_within) => {
                debug!("the client does not read");
                return;
            }
            () = async {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = activity.idle_for(idle) => {}
                }
            } => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = activity.outlives_its_end(idle) => return,
                    () = activity.unread_for(options.read_on_within) => return,
                }
            }
        };
        if let Err(cause) = ended {
            debug!(%cause, "connection ended");
        }
    }
}
