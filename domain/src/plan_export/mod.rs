//! A plan on paper: what a runner asks for when a plan is printed, and what becomes of it.

mod aggregate;
mod error;
mod event;
mod expire_export;
mod options;
mod print;
mod record_mailed;
mod record_outcome;
mod request_export;

pub use aggregate::{ExportState, PlanExport, PlanExportCommand, RenderedFile};
pub use error::PlanExportError;
pub use event::{
    PlanExportEvent, PlanExportExpired, PlanExportFailed, PlanExportMailed, PlanExportRendered,
    PlanExportRequested,
};
pub use expire_export::ExpireExport;
pub use options::ExportOptions;
pub use print::{
    AccentColor, Branding, BrandingTitle, Language, Logo, LogoFormat, Orientation, Paper,
    PrintOptions, Template, Units, WeekStart,
};
pub use record_mailed::RecordMailed;
pub use record_outcome::{RecordFailed, RecordRendered};
pub use request_export::RequestExport;
