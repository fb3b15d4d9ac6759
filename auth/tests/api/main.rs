//! The routes of accounts and sessions, against a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod admin;
mod app;
mod change_password;
mod idempotency;
mod keys;
mod login;
mod me;
mod openapi;
mod operator;
mod register;
mod sessions;
mod tokens;
