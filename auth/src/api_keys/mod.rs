//! API keys: for programs that act for an account, within scopes, without its password.

mod key;
mod source;
mod store;

pub(crate) use key::NewKey;
pub(crate) use source::source;
pub(crate) use store::{ApiKey, CreateError, KeyToBe, create, list, revoke};
