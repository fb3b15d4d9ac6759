//! What an operator can ask the program to do, one file each.

pub(crate) mod asyncapi;
pub(crate) mod auth;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod mail;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod parked;
pub(crate) mod pdf;
pub(crate) mod projections;
pub(crate) mod serve;
pub(crate) mod up;
pub(crate) mod user;
