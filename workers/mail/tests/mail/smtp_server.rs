//! An SMTP server for tests: it keeps what it gets, and can be told to refuse, to hesitate and to hang up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Where TLS begins.
#[derive(Clone)]
pub(crate) enum Tls {
    Never,
    AtOnce(TlsAcceptor),
    WhenAsked(TlsAcceptor),
}

/// What the server does with the next mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Refuses the recipient with this answer.
    RefuseRecipient(&'static str),
    /// Answers so when it has the whole mail, which it does not keep.
    AnswerData(&'static str),
    /// Keeps the mail and hangs up without a word.
    HangUp,
    /// Keeps the mail and takes its time to say so.
    Hesitate(Duration),
}

/// A mail that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) message: String,
}

impl Arrived {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> String {
        let head = self.message.split_once("\r\n\r\n").unwrap().0.replace("\r\n ", " ");
        let begins = format!("{}:", name.to_lowercase());
        let line = head.split("\r\n").find(|line| line.to_lowercase().starts_with(&begins));
        line.unwrap_or_else(|| panic!("no {name}: {head}"))[begins.len()..].trim().to_owned()
    }
}

#[derive(Default)]
struct Shared {
    arrived: Mutex<Vec<Arrived>>,
    moods: Mutex<VecDeque<Mood>>,
    commands: Mutex<Vec<String>>,
}

/// Gone when it is dropped, with all its conversations.
pub(crate) struct SmtpServer {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

impl SmtpServer {
    pub(crate) async fn start() -> Self {
        Self::on(0).await
    }

    pub(crate) async fn with(tls: Tls) -> Self {
        Self::listening(0, tls).await
    }

    /// On the port of one that was there before.
    pub(crate) async fn on(port: u16) -> Self {
        Self::listening(port, Tls::Never).await
    }

    async fn listening(port: u16, tls: Tls) -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], port).into()).unwrap();
        let listener = socket.listen(64).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let listening = tokio::spawn(listen(listener, tls, Arc::clone(&shared)));
        Self { port, shared, listening }
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.lock().unwrap().clone()
    }

    /// Everything that clients have said, but for mails.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.shared.commands.lock().unwrap().clone()
    }

    /// Says what becomes of the next mails, one after the other; those after them are taken.
    pub(crate) fn next(&self, moods: impl IntoIterator<Item = Mood>) {
        self.shared.moods.lock().unwrap().extend(moods);
    }

    /// Waits until so many mails have arrived.
    pub(crate) async fn wait_for(&self, mails: usize) -> Vec<Arrived> {
        for _ in 0..6_000 {
            let arrived = self.arrived();
            if arrived.len() >= mails {
                return arrived;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{} of {mails} mails arrived", self.arrived().len());
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, tls: Tls, shared: Arc<Shared>) {
    // Aborted with this task.
    let mut conversations = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        conversations.spawn(async move {
            let _hung_up = receive(stream, tls, &shared).await;
        });
    }
}

async fn receive(mut stream: TcpStream, tls: Tls, shared: &Shared) -> std::io::Result<()> {
    match tls {
        Tls::Never => {
            stream.write_all(GREETING).await?;
            converse(stream, false, shared).await.map(drop)
        }
        Tls::AtOnce(acceptor) => {
            let mut stream = acceptor.accept(stream).await?;
            stream.write_all(GREETING).await?;
            converse(stream, false, shared).await.map(drop)
        }
        Tls::WhenAsked(acceptor) => {
            stream.write_all(GREETING).await?;
            match converse(stream, true, shared).await? {
                Some(stream) => {
                    converse(acceptor.accept(stream).await?, false, shared).await.map(drop)
                }
                None => Ok(()),
            }
        }
    }
}

const GREETING: &[u8] = b"220 post office\r\n";

/// Until they hang up, or ask for TLS where it is to be had: then the stream is given back.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    has_tls: bool,
    shared: &Shared,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut mood = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        shared.commands.lock().unwrap().push(line.clone());
        let verb = line.to_uppercase();
        if verb.starts_with("EHLO") {
            stream.write_all(b"250-post office\r\n").await?;
            if has_tls {
                stream.write_all(b"250-STARTTLS\r\n").await?;
            }
            stream.write_all(b"250 AUTH PLAIN\r\n").await?;
        } else if verb == "STARTTLS" && has_tls {
            stream.write_all(b"220 begin\r\n").await?;
            return Ok(Some(stream.into_inner()));
        } else if verb.starts_with("AUTH PLAIN") {
            // user:hush-hush
            let answer =
                if line.ends_with("AHVzZXIAaHVzaC1odXNo") { "235 in\r\n" } else { "535 no\r\n" };
            stream.write_all(answer.as_bytes()).await?;
        } else if verb.starts_with("MAIL FROM") {
            mood = shared.moods.lock().unwrap().pop_front();
            (from, to) = (between(&line), Vec::new());
            stream.write_all(b"250 ok\r\n").await?;
        } else if verb.starts_with("RCPT TO") {
            if let Some(Mood::RefuseRecipient(answer)) = &mood {
                stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
                continue;
            }
            to.push(between(&line));
            stream.write_all(b"250 ok\r\n").await?;
        } else if verb == "DATA" {
            stream.write_all(b"354 go on\r\n").await?;
            let message = read_message(&mut stream).await?;
            if let Some(Mood::AnswerData(answer)) = &mood {
                stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
                continue;
            }
            let arrived = Arrived { from: from.clone(), to: to.clone(), message };
            shared.arrived.lock().unwrap().push(arrived);
            match &mood {
                Some(Mood::HangUp) => return Ok(None),
                Some(Mood::Hesitate(time)) => tokio::time::sleep(*time).await,
                _ => {}
            }
            stream.write_all(b"250 taken\r\n").await?;
        } else if verb == "QUIT" {
            stream.write_all(b"221 bye\r\n").await?;
            return Ok(None);
        } else {
            stream.write_all(b"250 ok\r\n").await?;
        }
    }
}

async fn read_message<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn between(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0.to_owned()
}
