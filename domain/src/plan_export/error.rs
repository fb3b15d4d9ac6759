/// Why an export refused a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanExportError {
    /// No such export.
    #[error("there is no such PDF")]
    NotFound,
    /// The export's id is taken.
    #[error("the PDF was already requested")]
    AlreadyRequested,
    /// It was given up before.
    #[error("the PDF was given up")]
    AlreadyFailed,
    /// It is not rendered, or kept no longer.
    #[error("the PDF is not there")]
    NotThere,
    /// Nobody is to get it by mail.
    #[error("the PDF is for nobody's mailbox")]
    ForNobody,
}
