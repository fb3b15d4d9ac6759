//! Training plans as PDF: templates, fonts, messages, and Typst, which sets them.
//!
//! A [`Typesetter`] is made once, with everything it reads: templates, pictures and the list of fonts. From then on it is
//! a function: the same [`PlanDocument`] and [`PrintOptions`] give the same bytes. It needs no clock, no network and no
//! database. Rendering is work for a processor and does not wait: call it where blocking is allowed.

mod data;
mod diagnostics;
mod document;
mod error;
mod files;
mod fonts;
mod messages;
mod phase;
mod qr_code;
mod quantity;
mod sample;
mod settings;
mod sheet;
mod typesetter;
mod week;
mod words;

pub use document::{PlanDocument, PrintedPlan, PrintedRun, PrintedWorkout};
pub use domain::plan_export::PrintOptions;
pub use error::{RenderError, TemplateError};
pub use settings::Settings;
pub use typesetter::{Rendered, Typesetter};
pub use week::WeekInWords;
