//! The door in front of roles that are processes of their own, over real connections.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]

mod breaker;
mod bypass;
mod house;
mod passing;
mod raw;
mod retries;
mod role;
mod streams;
mod websocket;
