use std::fmt;

use domain::{ExportId, OwnerId};
use object_store::path::Path;
use uuid::Uuid;

/// Where a file is kept: by its owner, so that all of one's go together, by its export, and by what is in it, so that
/// one that was rendered twice never takes the place of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileKey {
    /// Whose it is.
    pub owner_id: OwnerId,
    /// The export that it is the file of.
    pub pdf_id: ExportId,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl FileKey {
    pub(crate) fn path(&self) -> Path {
        Path::from(self.to_string())
    }

    /// The key that a path stands for; `None` when it is none of ours.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let (owner, file) = path.as_ref().split_once('/')?;
        let (pdf, sha256) = file.strip_suffix(".pdf")?.split_once('.')?;
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = |text: &str| Uuid::try_parse(text).ok();
        is_hash.then_some(Self {
            owner_id: OwnerId(id(owner)?),
            pdf_id: ExportId(id(pdf)?),
            sha256: sha256.to_owned(),
        })
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner_id, pdf_id, sha256 } = self;
        write!(f, "{owner_id}/{pdf_id}.{sha256}.pdf")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_from_its_path_and_nothing_else_is() {
        let key = FileKey {
            owner_id: OwnerId(Uuid::from_u128(1)),
            pdf_id: ExportId(Uuid::from_u128(2)),
            sha256: "ab".repeat(32),
        };
        assert_eq!(FileKey::of(&key.path()), Some(key));
        for other in ["", "a", "a/b.pdf", "00000000-0000-0000-0000-000000000001/x.pdf", "x/y/z.pdf"]
        {
            assert_eq!(FileKey::of(&Path::from(other)), None, "{other}");
        }
    }
}
