//! A way to the nats-server that can be held up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::scene::{Scene, eventually};

/// What a client sends arrives late.
pub(crate) struct SlowWay {
    pub(crate) client: Client,
    held: watch::Sender<bool>,
    holds_something: Arc<AtomicBool>,
}

impl SlowWay {
    pub(crate) async fn to_nats_of(scene: &Scene) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = listener.local_addr().unwrap();
        let (before_port, far_port) = scene.nats_url.rsplit_once(':').unwrap();
        let far = format!("127.0.0.1:{far_port}");
        let (held, holds) = watch::channel(false);
        let holds_something = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&holds_something);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) =
                    TcpStream::connect(&far).await.unwrap().into_split();
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
                tokio::spawn(carry(from_client, to_server, holds.clone(), Arc::clone(&noted)));
            }
        });
        let client =
            nats::connect(&format!("{before_port}:{}", near.port()), "test").await.unwrap();
        Self { client, held, holds_something }
    }

    /// Holds up what the client sends from now on.
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Waits until something is held up.
    pub(crate) async fn holds_something(&self) {
        eventually("something to hold up", async || self.holds_something.load(Ordering::Relaxed))
            .await;
    }

    /// Lets go what was held up, and all that comes.
    pub(crate) fn release(&self) {
        self.held.send_replace(false);
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut held: watch::Receiver<bool>,
    holds_something: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if *held.borrow() {
            holds_something.store(true, Ordering::Relaxed);
        }
        let went_on = held.wait_for(|held| !held).await.is_ok();
        if !went_on || to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
