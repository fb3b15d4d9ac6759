//! The routes of accounts and sessions, against a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod admin;
mod app;
mod authenticator;
mod browser;
mod change_email;
mod change_password;
mod coaching;
mod coaching_addresses;
mod coaching_keys;
mod coaching_mail;
mod coaching_scope;
mod familiar;
mod hashes;
mod idempotency;
mod keys;
mod login;
mod mailbox;
mod me;
mod open_id;
mod openapi;
mod operator;
mod pages;
mod provider;
mod providers;
mod register;
mod reset_password;
mod sessions;
mod step_up;
mod strava;
mod throttle;
mod tokens;
mod two_factor;
mod verify_email;
