//! The door in front of roles that are processes of their own, over real connections.

mod breaker;
mod bypass;
mod house;
mod passing;
mod raw;
mod retries;
mod role;
mod streams;
mod websocket;
