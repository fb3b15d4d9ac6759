//! `/api/v1/auth` and the key set, as the contract has them.

mod admin;
mod answer;
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

pub use router::{document, router};
