//! A line of JSON for each request that was answered.

mod counted;
mod line;
mod notes;
mod target;
mod writer;

use std::io;
use std::sync::Arc;

pub(crate) use counted::Counted;
pub(crate) use line::Line;
pub use notes::AccessNotes;
pub use target::AccessLogTarget;

use writer::Writer;

/// Where a line is written for each request. Clones are the same; nowhere by default.
#[derive(Debug, Clone, Default)]
pub struct AccessLog(Option<Arc<Writer>>);

impl AccessLog {
    /// One that is written there.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn to(target: &AccessLogTarget) -> io::Result<Self> {
        Writer::to(target).map(|writer| Self(writer.map(Arc::new)))
    }

    /// The writer, if lines are written.
    pub(crate) fn writer(&self) -> Option<&Arc<Writer>> {
        self.0.as_ref()
    }
}
