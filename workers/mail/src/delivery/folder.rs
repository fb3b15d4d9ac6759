use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::queue::MailId;

/// Writes a mail into a file that only its owner can read, whole or not at all. Written again, it is the same file.
pub(crate) async fn write_to_folder(
    folder: &Path,
    mail_id: MailId,
    kind: &str,
    queued_at: DateTime<Utc>,
    message: Vec<u8>,
) -> io::Result<PathBuf> {
    let name = format!("{}-{kind}-{mail_id}.eml", queued_at.format("%Y%m%dT%H%M%S"));
    let (folder, path) = (folder.to_owned(), folder.join(name));
    let written = tokio::task::spawn_blocking(move || {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let draft = path.with_extension(format!("{}.part", uuid::Uuid::now_v7()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let moved = file
            .write_all(&message)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&draft, &path));
        if moved.is_err() {
            // What is left of it is of no use.
            let _ = fs::remove_file(&draft);
        }
        moved.map(|()| path)
    });
    written.await.map_err(io::Error::other)?
}
