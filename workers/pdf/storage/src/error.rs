/// Why a file was not stored, read or removed. What servers say about it is for the log: it names hosts and buckets.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// The store does not let us in.
    #[error("the file store refuses access: {0}")]
    Refused(#[source] object_store::Error),
    /// The store does not answer, or answers with an error.
    #[error("the file store failed: {0}")]
    Store(#[source] object_store::Error),
    /// A folder of ours cannot be used.
    #[error("the folder of files failed: {0}")]
    Folder(#[from] std::io::Error),
}

impl FileError {
    /// The same for whoever asked for the file.
    #[must_use]
    pub fn for_users(&self) -> &'static str {
        match self {
            Self::NotFound => "the file is not there",
            Self::Refused(_) => "the file store refuses access; tell whoever runs this server",
            Self::Store(_) | Self::Folder(_) => {
                "the file store cannot be used at the moment; try again later"
            }
        }
    }
}

impl From<object_store::Error> for FileError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { ref path, .. } if is_bucket(path) => Self::Store(error),
            object_store::Error::NotFound { .. } => Self::NotFound,
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. } => Self::Refused(error),
            error => Self::Store(error),
        }
    }
}

/// Whether it is not the file that is missing, but all it could be in.
fn is_bucket(path: &str) -> bool {
    !path.ends_with(".pdf")
}
