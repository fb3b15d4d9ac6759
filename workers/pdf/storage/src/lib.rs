//! Where the PDFs of plans are kept: a folder, or a bucket of an S3-compatible server. And where the logos wait that
//! are printed on them.

mod bucket;
mod erase;
mod error;
mod files;
mod folder;
mod key;
mod logos;

pub use bucket::BucketSettings;
pub use erase::{EraseError, erase};
pub use error::FileError;
pub use files::{Files, Leftover};
pub use key::FileKey;
pub use logos::{Logo, forget_logos, keep_logo, logo};
