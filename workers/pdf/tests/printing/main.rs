//! What becomes of what was asked for: on a real database, with everything that prints but Typst.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]

mod bucket;
mod erasure;
mod expiry;
mod mail;
mod office;
mod outcomes;
mod turns;
