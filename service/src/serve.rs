use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, info, warn};

/// The bounds a server keeps, whatever its clients do.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long the head of a request may take to arrive, and a connection may stay idle.
    pub head_timeout: Duration,
    /// The largest head of a request.
    pub max_head_bytes: usize,
    /// How long requests that have begun may take to end when the server stops.
    pub grace: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            max_connections: 8_192,
            head_timeout: Duration::from_secs(30),
            max_head_bytes: 32 * 1024,
            grace: Duration::from_secs(10),
        }
    }
}

/// Serves HTTP/1.1 until `shutdown`, then lets requests that have begun end, for 10 s at most.
///
/// HTTP/2 is left to the proxy that ends TLS: here it would only be more to defend. Handlers find the client's address
/// as `ConnectInfo<SocketAddr>`.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    serve_with(listener, router, shutdown, ServeOptions::default()).await;
}

/// [`serve`] within other bounds.
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    options: ServeOptions,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_header_size(options.max_head_bytes);
    let connections = Arc::new(Semaphore::new(options.max_connections));
    let graceful = GracefulShutdown::new();

    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let Some((stream, client, permit)) = accepted else {
            continue;
        };
        let service =
            router.clone().map_request(move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(ConnectInfo(client));
                request.map(axum::body::Body::new)
            });
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(cause) = connection.await {
                debug!(%cause, "connection ended");
            }
            drop(permit);
        });
    }

    drop(listener);
    let open = graceful.count();
    if tokio::time::timeout(options.grace, graceful.shutdown()).await.is_err() {
        warn!(open, "requests were cut off");
    } else {
        info!(open, "all requests ended");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = connections.clone().acquire_owned().await.expect("the semaphore is never closed");
    match listener.accept().await {
        Ok((stream, client)) => {
            // Answers are written whole: waiting to fill a packet only delays them.
            if let Err(cause) = stream.set_nodelay(true) {
                debug!(%cause, "TCP_NODELAY not set");
            }
            Some((stream, client, permit))
        }
        Err(cause) => {
            if !is_of_one_connection(&cause) {
                // Out of file descriptors, mostly. The backlog keeps the clients meanwhile.
                warn!(%cause, "connection not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            None
        }
    }
}

fn is_of_one_connection(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
