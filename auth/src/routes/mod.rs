//! `/api/v1/auth` and the key set, as the contract has them.

mod activity;
mod admin;
mod answer;
mod api_keys;
mod change_password;
mod current_session;
mod erase_me;
mod jwks;
mod login;
mod logout;
mod me;
mod problems;
mod refresh;
mod register;
mod router;
mod token_pair;
mod words;

pub use router::{document, router};
