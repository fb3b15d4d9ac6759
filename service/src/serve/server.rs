use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::connection::{Connection, protocols};
use super::read_on::ReadOn;
use super::{ConnectionPlace, ServeOptions, Tls, Transport};

/// Serves HTTP/1.1 and HTTP/2 until `shutdown`, then lets requests that have begun end, for 10 s at most.
///
/// Handlers find the client's address as `ConnectInfo<SocketAddr>`, and how the request came as [`Transport`].
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    serve_with(listener, router, shutdown, ServeOptions::default()).await;
}

/// [`serve`] within other bounds, or with TLS.
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    options: ServeOptions,
) {
    let places = Arc::new(Semaphore::new(options.max_connections));
    let server = Arc::new(Server { http: protocols(&options), router, shutdown, options });
    let open = TaskTracker::new();
    let accepting = async {
        loop {
            if let Some((stream, client, permit)) = accept(&listener, &places).await {
                let server = Arc::clone(&server);
                open.spawn(async move { server.talk(stream, client, permit).await });
            }
        }
    };
    tokio::select! {
        () = server.shutdown.cancelled() => {}
        () = accepting => {}
        () = follow_files(server.options.tls.as_ref()) => {}
    }

    drop(listener);
    open.close();
    let left = open.len();
    if tokio::time::timeout(server.options.grace, open.wait()).await.is_err() {
        warn!(open = left, "requests were cut off");
    } else {
        info!(open = left, "all requests ended");
    }
}

async fn follow_files(tls: Option<&Tls>) {
    match tls {
        Some(tls) => tls.follow_files().await,
        None => std::future::pending().await,
    }
}

struct Server {
    http: Builder<TokioExecutor>,
    router: Router,
    shutdown: CancellationToken,
    options: ServeOptions,
}

impl Server {
    async fn talk(&self, stream: TcpStream, client: SocketAddr, permit: OwnedSemaphorePermit) {
        let place = ConnectionPlace::new(permit);
        let stream = ReadOn::new(stream, self.options.read_on_within);
        let (router, shutdown) = (self.router.clone(), self.shutdown.clone());
        let Some(tls) = &self.options.tls else {
            let connection = Connection { io: stream, transport: Transport::Plain, client, place };
            return connection.answer(&self.http, router, &self.options, shutdown).await;
        };
        let handshake = tokio::time::timeout(self.options.head_timeout, tls.accept(stream));
        match shutdown.run_until_cancelled(handshake).await {
            Some(Ok(Ok(io))) => {
                let connection = Connection { io, transport: Transport::Tls, client, place };
                connection.answer(&self.http, router, &self.options, shutdown).await;
            }
            Some(Ok(Err(cause))) => debug!(%cause, "no TLS handshake"),
            Some(Err(_)) | None => debug!("no TLS handshake in time"),
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = places.clone().acquire_owned().await.expect("the semaphore is never closed");
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
