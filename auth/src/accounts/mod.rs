//! Accounts: who somebody is, and what they may do.

mod administer;
mod change_email;
mod change_password;
mod create_user;
mod erase;
mod profile;
mod register;
mod reset_password;
mod roles;
mod store;
mod through_provider;
mod upgrade_hash;
mod verify_email;

pub(crate) use administer::{
    AdministerError, Administered, User, find_as_admin, list, set_locked, set_roles,
};
pub(crate) use change_email::{EmailChange, request_email_change};
pub(crate) use change_password::{PresentPassword, change_password, present_password};
pub use create_user::{CreateUserError, create_user, find_user};
pub(crate) use erase::{EraseError, Erased, erase};
pub(crate) use profile::{Profile, Rename, RenameError};
pub(crate) use register::{RegisterError, Registered, Registration, register};
pub(crate) use reset_password::{Reset, forgot_password, reset_password};
pub(crate) use roles::decode as decode_roles;
pub(crate) use store::{Credentials, credentials, find};
pub(crate) use through_provider::{NotVouchedFor, ThroughProvider, through_provider};
pub(crate) use upgrade_hash::upgrade_hash;
pub(crate) use verify_email::{Verified, VerifyError, resend_verification, verify_email};
