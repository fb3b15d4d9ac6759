//! Where mails go: to an SMTP server, or into a folder.

mod folder;
mod server;
mod smtp;

use std::path::PathBuf;

pub(crate) use folder::write_to_folder;
pub use server::{NoCertificate, Security, SmtpServer, SmtpUrlError};
pub(crate) use smtp::{Connection, Refusal};

/// Where mails go.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// To their recipients, through a server.
    Smtp(SmtpServer),
    /// Into files, for development: nobody gets any.
    Folder(PathBuf),
}
