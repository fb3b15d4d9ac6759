//! A few words with a nats-server, in its own protocol: whether it is ours, and what its JetStream answers.

use std::{
    io::{self, ErrorKind},
    net::Ipv4Addr,
};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A connection whose user and password the server has taken.
pub(crate) struct Dialogue {
    stream: BufReader<TcpStream>,
}

impl Dialogue {
    /// Connects to what listens on the port; `None` when that is no nats-server, or does not know the password.
    pub(crate) async fn begin(port: u16, user: &str, password: &str) -> io::Result<Option<Self>> {
        let stream = BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?);
        let mut dialogue = Self { stream };
        if !dialogue.line().await?.starts_with("INFO ") {
            return Ok(None);
        }
        let greeting =
            json!({ "user": user, "pass": password, "verbose": false, "pedantic": false });
        dialogue.say(&format!("CONNECT {greeting}\r\nPING\r\n")).await?;
        loop {
            let line = dialogue.line().await?;
            if line.is_empty() || line.starts_with("-ERR") {
                return Ok(None);
            }
            if line.starts_with("PONG") {
                return Ok(Some(dialogue));
            }
        }
    }

    /// The answer to an empty request, which must be one line.
    pub(crate) async fn ask(&mut self, subject: &str) -> io::Result<String> {
        let inbox = format!("_INBOX.{:016x}", rand::random::<u64>());
        self.say(&format!("SUB {inbox} 1\r\nPUB {subject} {inbox} 0\r\n\r\n")).await?;
        loop {
            let line = self.line().await?;
            if line.is_empty() || line.starts_with("-ERR") {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server answers no more"));
            }
            if line.starts_with("PING") {
                self.say("PONG\r\n").await?;
            }
            if line.starts_with("MSG ") {
                return self.line().await;
            }
        }
    }

    async fn say(&mut self, words: &str) -> io::Result<()> {
        self.stream.write_all(words.as_bytes()).await
    }

    /// Empty at the end.
    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        Ok(line)
    }
}
