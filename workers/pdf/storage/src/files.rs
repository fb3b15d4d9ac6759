use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::OwnerId;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload};

use crate::{FileError, FileKey};

/// The files of all exports. Cheap to clone; clones are the same.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// Where they are, if that is a folder.
    pub(crate) folder: Option<PathBuf>,
}

/// A file that is stored, whether or not anybody knows it.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// What it is, when it is one of ours.
    pub key: Option<FileKey>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    path: Path,
}

impl Files {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, folder: Option<PathBuf>) -> Self {
        Self { store, folder }
    }

    /// Stores a file, whole or not at all. Stored again, it is the same file.
    ///
    /// # Errors
    /// When the store fails or refuses.
    pub async fn put(&self, key: &FileKey, bytes: Bytes) -> Result<(), FileError> {
        self.store.put(&key.path(), PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// Reads a file, or some bytes of it, as they come.
    ///
    /// # Errors
    /// When there is no such file, or the store fails or refuses.
    pub async fn read(
        &self,
        key: &FileKey,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, FileError>>, FileError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.store.get_opts(&key.path(), options).await?;
        Ok(found.into_stream().map_err(FileError::from).boxed())
    }

    /// Reads a file as a whole.
    ///
    /// # Errors
    /// When there is no such file, or the store fails or refuses.
    pub async fn read_whole(&self, key: &FileKey) -> Result<Bytes, FileError> {
        Ok(self.store.get(&key.path()).await?.bytes().await?)
    }

    /// Removes a file. One that is not there is removed already.
    ///
    /// # Errors
    /// When the store fails or refuses.
    pub async fn remove(&self, key: &FileKey) -> Result<(), FileError> {
        self.remove_at(&key.path()).await
    }

    /// Removes every file of somebody's; how many.
    ///
    /// # Errors
    /// When the store fails or refuses; what was removed until then stays removed.
    pub async fn remove_all_of(&self, owner: OwnerId) -> Result<u64, FileError> {
        let prefix = Path::from(owner.to_string());
        let mut removed = self.remove_torn_of(owner).await?;
        let mut found = self.store.list(Some(&prefix));
        while let Some(file) = found.try_next().await? {
            self.remove_at(&file.location).await?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Every file there is, in no order.
    pub fn list(&self) -> BoxStream<'static, Result<Leftover, FileError>> {
        self.store
            .list(None)
            .map_ok(|file| Leftover {
                key: FileKey::of(&file.location),
                written_at: file.last_modified,
                path: file.location,
            })
            .map_err(FileError::from)
            .boxed()
    }

    /// Removes a file that nobody knows.
    ///
    /// # Errors
    /// When the store fails or refuses.
    pub async fn remove_leftover(&self, leftover: &Leftover) -> Result<(), FileError> {
        self.remove_at(&leftover.path).await
    }

    async fn remove_at(&self, path: &Path) -> Result<(), FileError> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
