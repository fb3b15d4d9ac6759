//! A folder of this machine.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::OwnerId;
use object_store::local::LocalFileSystem;

use crate::{FileError, Files};

impl Files {
    /// Those in a folder, which is made when it is not there, for nobody else to read.
    ///
    /// # Errors
    /// When it cannot be made or used.
    pub fn in_folder(folder: &Path) -> Result<Self, FileError> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let folder = fs::canonicalize(folder)?;
        // What is said to be there is on the disk.
        let store = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
        let store = store.with_automatic_cleanup(true);
        Ok(Self::new(Arc::new(store), Some(folder)))
    }

    /// Removes what is left of files whose writer was gone in the middle, if that is longer ago than `older_than`; how
    /// many. A bucket has none.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub async fn remove_torn(&self, older_than: Duration) -> Result<u64, FileError> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        let before = SystemTime::now() - older_than;
        let removing = tokio::task::spawn_blocking(move || {
            let mut removed = 0;
            for owner in entries(&folder)? {
                removed += remove_torn_in(&owner, before)?;
            }
            Ok(removed)
        });
        removing.await.map_err(io::Error::other)?
    }

    pub(crate) async fn remove_torn_of(&self, owner: OwnerId) -> Result<u64, FileError> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let folder = folder.join(owner.to_string());
        let removing =
            tokio::task::spawn_blocking(move || remove_torn_in(&folder, SystemTime::now()));
        Ok(removing.await.map_err(io::Error::other)??)
    }
}

/// A file is written beside its place, under its name and `#` and a number, and then moved there.
fn remove_torn_in(folder: &Path, before: SystemTime) -> io::Result<u64> {
    let mut removed = 0;
    for path in entries(folder)? {
        let is_torn = path.to_string_lossy().contains(".pdf#");
        if is_torn && written_before(&path, before)? {
            removed += u64::from(remove(&path)?);
        }
    }
    Ok(removed)
}

/// What is in a folder; nothing when there is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if is_nothing(&error) => Ok(vec![]),
        Err(error) => Err(error),
    }
}

fn written_before(path: &Path, before: SystemTime) -> io::Result<bool> {
    match fs::metadata(path).and_then(|file| file.modified()) {
        Ok(written) => Ok(written <= before),
        // Whoever wrote it has just moved it to its place.
        Err(error) if is_nothing(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_nothing(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::ExportId;
    use futures::TryStreamExt;
    use uuid::Uuid;

    use super::*;
    use crate::FileKey;

    fn key(owner: u128, pdf: u128) -> FileKey {
        FileKey {
            owner_id: OwnerId(Uuid::from_u128(owner)),
            pdf_id: ExportId(Uuid::from_u128(pdf)),
            sha256: "0f".repeat(32),
        }
    }

    #[tokio::test]
    async fn what_is_stored_is_read_as_a_whole_and_in_parts_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(&folder.path().join("pdf")).unwrap();
        let key = key(1, 2);
        files.put(&key, Bytes::from_static(b"0123456789")).await.unwrap();
        files.put(&key, Bytes::from_static(b"0123456789")).await.unwrap();
        assert_eq!(files.read_whole(&key).await.unwrap(), "0123456789");
        let part = files.read(&key, Some(2..5)).await.unwrap();
        assert_eq!(part.try_collect::<Vec<_>>().await.unwrap().concat(), b"234");
        files.remove(&key).await.unwrap();
        files.remove(&key).await.unwrap();
        assert!(matches!(files.read_whole(&key).await, Err(FileError::NotFound)));
        // Nothing but the folder itself is left.
        assert!(entries(&folder.path().join("pdf")).unwrap().is_empty());
    }

    #[tokio::test]
    async fn all_of_one_owner_go_together_with_what_is_torn_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(folder.path()).unwrap();
        for key in [key(1, 2), key(1, 3), key(4, 5)] {
            files.put(&key, Bytes::from_static(b"x")).await.unwrap();
        }
        fs::write(folder.path().join(format!("{}#1", key(1, 6))), b"half").unwrap();
        assert_eq!(files.remove_all_of(OwnerId(Uuid::from_u128(1))).await.unwrap(), 3);
        let left: Vec<_> = files.list().try_collect().await.unwrap();
        assert_eq!(left.iter().map(|file| file.key.clone()).collect::<Vec<_>>(), [Some(key(4, 5))]);
    }

    #[tokio::test]
    async fn torn_files_are_removed_when_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(folder.path()).unwrap();
        files.put(&key(1, 2), Bytes::from_static(b"x")).await.unwrap();
        fs::write(folder.path().join(format!("{}#1", key(1, 2))), b"half").unwrap();
        assert_eq!(files.remove_torn(Duration::from_secs(60)).await.unwrap(), 0);
        assert_eq!(files.remove_torn(Duration::ZERO).await.unwrap(), 1);
        assert_eq!(files.read_whole(&key(1, 2)).await.unwrap(), "x");
    }
}
