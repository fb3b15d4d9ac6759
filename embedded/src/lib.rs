//! The private Postgres cluster and nats-server that the trainer starts when it is given none.
//!
//! Both run from the binaries of the distribution, on free ports of 127.0.0.1, on data of their own
//! below one data folder. An existing installation is never touched: nothing here uses its folders,
//! its ports or its processes.

mod account;
mod attach;
mod binaries;
mod cluster;
mod data_lock;
mod dialogue;
mod embedded;
mod error;
mod home;
mod logs;
mod nats;
mod nats_store;
mod nats_users;
mod options;
mod ports;
mod postgres;
mod process;
mod search;
mod secret;
mod server;
mod settings;
mod supervisor;
#[cfg(feature = "testing")]
pub mod testing;
mod urls;
mod watchdog;

pub use attach::connect;
pub use binaries::{Binaries, MissingBinaries};
pub use embedded::{Embedded, start};
pub use error::EmbeddedError;
pub use options::{Lifetime, Options, Storage, Supervision};
pub use urls::Urls;
