//! A way to Postgres that loses what it is told to lose.

use std::sync::{Arc, Mutex};

use event_store::{EventStore, StoreConfig};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What ends every answer of Postgres outside of a transaction: by then it has committed.
const READY: &[u8] = b"Z\0\0\0\x05I";

/// What to lose, with the connection.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Loss {
    /// The request: Postgres never hears of it.
    Request,
    /// The answer: Postgres has done what it was asked.
    Answer,
}

/// A store whose way to Postgres loses the first request with a word in it, or the answer to it.
pub(crate) struct LossyStore {
    pub(crate) store: EventStore,
    /// Told when it is lost.
    pub(crate) lost: Arc<Notify>,
}

impl LossyStore {
    pub(crate) async fn new(pool: &PgPool, loss: Loss, word: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = listener.local_addr().unwrap();
        let far = (pool.connect_options().get_host().to_owned(), pool.connect_options().get_port());
        let (armed, lost) = (Arc::new(Mutex::new(true)), Arc::new(Notify::new()));
        let way = Way { loss, word, armed, lost: Arc::clone(&lost) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(far.clone()).await.unwrap();
                tokio::spawn(way.clone().carry(client, server));
            }
        });
        let options = (*pool.connect_options()).clone().host("127.0.0.1").port(near.port());
        let pool = PgPoolOptions::new().max_connections(5).connect_with(options).await.unwrap();
        Self { store: EventStore::new(pool, StoreConfig::default()), lost }
    }
}

#[derive(Clone)]
struct Way {
    loss: Loss,
    word: &'static str,
    /// Until it has lost something.
    armed: Arc<Mutex<bool>>,
    lost: Arc<Notify>,
}

impl Way {
    /// Carries bytes both ways until a side closes, or the loss.
    async fn carry(self, mut client: TcpStream, mut server: TcpStream) {
        let (mut request, mut answer) = (Vec::new(), Vec::new());
        loop {
            let (mut asked, mut told) = (vec![0; 65_536], vec![0; 65_536]);
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Ok(length @ 1..) = read else { return };
                    request.extend_from_slice(&asked[..length]);
                    if self.loss == Loss::Request && self.loses(&request) {
                        return;
                    }
                    server.write_all(&asked[..length]).await.unwrap();
                }
                read = server.read(&mut told) => {
                    let Ok(length @ 1..) = read else { return };
                    answer.extend_from_slice(&told[..length]);
                    if !answer.ends_with(READY) {
                        client.write_all(&told[..length]).await.unwrap();
                        continue;
                    }
                    if self.loss == Loss::Answer && self.loses(&request) {
                        return;
                    }
                    client.write_all(&told[..length]).await.unwrap();
                    request.clear();
                    answer.clear();
                }
            }
        }
    }

    fn loses(&self, request: &[u8]) -> bool {
        let said = request.windows(self.word.len()).any(|word| word == self.word.as_bytes());
        let loses = said && std::mem::take(&mut *self.armed.lock().unwrap());
        if loses {
            self.lost.notify_one();
        }
        loses
    }
}
