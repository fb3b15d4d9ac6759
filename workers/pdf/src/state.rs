use std::sync::Arc;

use command_api::CommandState;
use pdf_storage::Files;
use sqlx::PgPool;
use typesetting::Typesetter;

/// What the requests work with. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct PdfState {
    /// How commands are carried out.
    pub commands: CommandState,
    /// Where the rows are.
    pub pool: PgPool,
    /// Where the files are.
    pub files: Files,
    /// What knows which templates there are.
    pub typesetter: Arc<Typesetter>,
}
