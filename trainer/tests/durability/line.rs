//! A line between a program and its server, which can be slow, dead without anybody being told, or torn.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What is carried at once.
const CHUNK: usize = 16 * 1024;

/// Stands before a server and carries the bytes of each connection. Ends with its connections when dropped.
pub(crate) struct Line {
    /// Where programs connect instead of to the server.
    pub(crate) address: SocketAddr,
    orders: watch::Sender<Orders>,
    accepts: JoinHandle<()>,
}

/// How a line carries what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// At once.
    Open,
    /// Each piece only after a while.
    Slow(Duration),
    /// Not at all: connections stay, new ones are taken, and nothing comes out. What is in it comes out when it is
    /// open again, unless it is torn.
    Dead,
    /// What the program sends arrives, and what the server answers is held like that.
    Unanswered,
}

/// Whose bytes a direction carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Program,
    Server,
}

#[derive(Debug, Clone, Copy)]
struct Orders {
    way: Way,
    /// How often it was torn: a connection ends when it is torn once more.
    tears: u64,
}

impl Line {
    /// A line to a server.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (orders, told) = watch::channel(Orders { way: Way::Open, tears: 0 });
        let accepts = tokio::spawn(async move {
            loop {
                let (program, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(program, server, told.clone()));
            }
        });
        Self { address, orders, accepts }
    }

    /// Carries so from now on.
    pub(crate) fn becomes(&self, way: Way) {
        self.orders.send_modify(|orders| orders.way = way);
    }

    /// Ends every connection, in the middle of what it carries.
    pub(crate) fn tear(&self) {
        self.orders.send_modify(|orders| orders.tears += 1);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

/// Carries one connection to its end.
async fn carry(program: TcpStream, server: SocketAddr, mut told: watch::Receiver<Orders>) {
    let tears = told.borrow().tears;
    // Over a dead line nobody is reached.
    if told.wait_for(|orders| orders.way != Way::Dead || orders.tears != tears).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    if program.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
        return;
    }
    let (from_program, to_program) = program.into_split();
    let (from_server, to_server) = server.into_split();
    let mut there = pin!(pump(Side::Program, from_program, to_server, told.clone(), tears));
    let mut back = pin!(pump(Side::Server, from_server, to_program, told.clone(), tears));
    // Whichever ends ends the other: neither of the two servers knows connections that are half closed. A line that
    // is torn is torn both ways.
    tokio::select! {
        end = &mut there => if end == End::Torn { back.await; },
        end = &mut back => if end == End::Torn { there.await; },
    }
}

/// How one direction of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Torn,
}

async fn pump(
    side: Side,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    told: watch::Receiver<Orders>,
    tears: u64,
) -> End {
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = tokio::select! {
            () = torn(told.clone(), tears) => {
                tear(from.try_read(&mut buffer).map_or(&[], |read| &buffer[..read]), &to);
                return End::Torn;
            }
            read = from.read(&mut buffer) => read,
        };
        let Ok(read @ 1..) = read else { return End::Closed };
        tokio::select! {
            () = torn(told.clone(), tears) => {
                tear(&buffer[..read], &to);
                return End::Torn;
            }
            written = write(side, &buffer[..read], &mut to, told.clone()) => if written.is_err() {
                return End::Closed;
            }
        }
    }
}

/// Writes a piece when the line lets it through.
async fn write(
    side: Side,
    piece: &[u8],
    to: &mut OwnedWriteHalf,
    mut told: watch::Receiver<Orders>,
) -> std::io::Result<()> {
    loop {
        let way = told.borrow_and_update().way;
        match way {
            Way::Open => break,
            Way::Slow(after) => {
                sleep(after).await;
                break;
            }
            Way::Unanswered if side == Side::Program => break,
            Way::Dead | Way::Unanswered => told.changed().await.map_err(std::io::Error::other)?,
        }
    }
    to.write_all(piece).await
}

/// Waits until the line is torn, or gone.
async fn torn(mut told: watch::Receiver<Orders>, tears: u64) {
    let _gone = told.wait_for(|orders| orders.tears != tears).await.map(drop);
}

/// Half of what was on its way arrives, where there is room for it.
fn tear(piece: &[u8], to: &OwnedWriteHalf) {
    let _lost = to.try_write(&piece[..piece.len() / 2]);
}

#[tokio::test]
async fn a_line_carries_holds_and_tears() {
    let server = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let line = Line::to(server.local_addr().unwrap()).await;
    let mut program = TcpStream::connect(line.address).await.unwrap();
    let (mut served, _) = server.accept().await.unwrap();

    program.write_all(b"ping").await.unwrap();
    assert_eq!(next(&mut served).await.unwrap(), b"ping");
    served.write_all(b"pong").await.unwrap();
    assert_eq!(next(&mut program).await.unwrap(), b"pong");

    line.becomes(Way::Dead);
    program.write_all(b"held").await.unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(200), next(&mut served)).await;
    assert!(nothing.is_err(), "{nothing:?} came over a dead line");
    line.becomes(Way::Slow(Duration::from_millis(20)));
    assert_eq!(next(&mut served).await.unwrap(), b"held");

    line.becomes(Way::Unanswered);
    program.write_all(b"asked").await.unwrap();
    assert_eq!(next(&mut served).await.unwrap(), b"asked");
    served.write_all(b"answered").await.unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(200), next(&mut program)).await;
    assert!(nothing.is_err(), "{nothing:?} came over a line on which nobody is answered");
    line.becomes(Way::Open);
    assert_eq!(next(&mut program).await.unwrap(), b"answered");

    line.becomes(Way::Dead);
    program.write_all(b"torn").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    line.tear();
    assert_eq!(next(&mut served).await.unwrap(), b"to");
    assert_eq!(next(&mut served).await.unwrap(), b"", "the end");
    assert!(next(&mut program).await.is_none_or(|rest| rest.is_empty()));

    line.becomes(Way::Open);
    let mut again = TcpStream::connect(line.address).await.unwrap();
    let (mut served, _) = server.accept().await.unwrap();
    again.write_all(b"again").await.unwrap();
    assert_eq!(next(&mut served).await.unwrap(), b"again");
}

/// What comes next; nothing at the end of a connection, none when it was broken off.
#[cfg(test)]
async fn next(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut buffer = [0; 64];
    let read = stream.read(&mut buffer).await.ok()?;
    Some(buffer[..read].to_vec())
}
