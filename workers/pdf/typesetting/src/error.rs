use std::io;
use std::path::PathBuf;

use domain::plan_export::Template;

/// Why the templates are refused.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A folder or a file in it cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A link might lead out of the folder.
    #[error("{} is a symbolic link: a template's folder holds only files and folders", .0.display())]
    Link(PathBuf),
    /// More than templates need.
    #[error("{} holds more than {max_bytes} bytes or {max_files} files", path.display())]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// The most bytes.
        max_bytes: usize,
        /// The most files.
        max_files: usize,
    },
    /// A file's name is no template's name.
    #[error("{}: the name {message}", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// What a name must be.
        message: String,
    },
    /// A template does not compile.
    #[error("template {template} does not compile: {message}")]
    Broken {
        /// The template.
        template: Template,
        /// Each fault with its file, line and column.
        message: String,
    },
}

/// Why a plan could not be printed. None of them passes when it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// There is no such template.
    #[error("there is no template {0}")]
    UnknownTemplate(Template),
    /// The template fails with this plan.
    #[error("template {template} failed: {message}")]
    Template {
        /// The template.
        template: Template,
        /// Each fault with its file, line and column.
        message: String,
    },
}
