//! What subscribers are told in a form that programs read: an AsyncAPI document with a JSON Schema of
//! every event, made from the types that are stored and published.

mod document;
mod events;
mod headers;

pub use document::{AsyncApi, asyncapi};
