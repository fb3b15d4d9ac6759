//! Accounts: who somebody is, and what they may do.

mod administer;
mod change_password;
mod create_user;
mod erase;
mod profile;
mod register;
mod roles;
mod store;

pub(crate) use administer::{AdministerError, User, find_as_admin, list, set_locked, set_roles};
pub(crate) use change_password::{change_password, present_password};
pub use create_user::{CreateUserError, create_user, find_user};
pub(crate) use erase::{EraseError, Erased, erase};
pub(crate) use profile::{Profile, Rename, RenameError};
pub(crate) use register::{RegisterError, Registered, Registration, register};
pub(crate) use roles::decode as decode_roles;
pub(crate) use store::{credentials, find};
