//! Prints plans.
//!
//! Over HTTP ([`router`]) one asks for a PDF, asks how it stands, and fetches it. A request is an event; the worker
//! ([`run`]) takes it from the log, renders the plan as it was at that event, stores the file, and records what has
//! become of it by a command. So a request outlives whoever renders it, and every file can be made anew from the log
//! until it is recorded.

mod document;
mod recipient;
mod routes;
mod state;
mod worker;

pub use document::{DocumentError, plan_document};
pub use routes::{document as openapi_document, router};
pub use state::PdfState;
pub use worker::{Cleaned, MailWith, Pace, Printer, Render, clean_up, render_with, run};
