//! Mails on their way: a real Postgres, and an SMTP server that does what a test wants of it.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod folder;
mod post_office;
mod queue;
mod sending;
mod several;
mod smtp_server;
mod tls;
