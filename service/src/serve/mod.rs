//! Connections: accepted, within bounds, with or without TLS, until the end.

mod activity;
mod connection;
mod options;
mod place;
mod read_on;
mod sending;
mod server;
mod tls;
mod transport;

pub use options::ServeOptions;
pub use place::ConnectionPlace;
pub use server::{serve, serve_with};
pub use tls::{Tls, TlsError};
pub use transport::Transport;
