use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// How much may be attached to one mail, in bytes: most servers take no more than 25 MB, a third larger on the way.
pub const MAX_ATTACHED_BYTES: usize = 15 * 1024 * 1024;

/// What is in a mail, but for the addresses.
#[derive(Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) attachments: Vec<Attachment>,
}

/// A file that goes with a mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is called at the other end.
    pub file_name: String,
    /// Such as `application/pdf`.
    pub media_type: String,
    /// What is in it.
    #[serde(with = "in_base64")]
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Attachment");
        shown.field("media_type", &self.media_type).field("bytes", &self.bytes.len());
        shown.finish_non_exhaustive()
    }
}

mod in_base64 {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Engine, STANDARD};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
