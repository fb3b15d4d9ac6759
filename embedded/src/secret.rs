//! Passwords that are made up once and kept in files that only their owner can read.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rand::{Rng, distr::Alphanumeric};

use crate::{EmbeddedError, account::Account};

/// A new password of letters and digits, so that it needs no quoting in a URL or a configuration
/// file.
pub(crate) fn generate() -> String {
    rand::rng().sample_iter(Alphanumeric).take(32).map(char::from).collect()
}

/// The password kept in `path`.
pub(crate) fn read(path: &Path) -> Result<String, EmbeddedError> {
    let text = fs::read_to_string(path).map_err(EmbeddedError::file("read", path))?;
    Ok(text.trim_end().to_owned())
}

/// Writes a file that only `account` can read, in one step: a reader sees the old or the new text,
/// never a part.
pub(crate) fn write(path: &Path, text: &str, account: &Account) -> Result<(), EmbeddedError> {
    let unfinished = path.with_extension("unfinished");
    match fs::remove_file(&unfinished) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(EmbeddedError::file("remove", unfinished)(error)),
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(EmbeddedError::file("create", &unfinished))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(EmbeddedError::file("write", &unfinished))?;
    account.own(&unfinished)?;
    fs::rename(&unfinished, path).map_err(EmbeddedError::file("write", path))
}
