//! Coaches and athletes: who has asked whom, what was granted, and its end.

mod address;
mod answer;
mod ask;
mod end;
mod forget;
mod list;
mod relation;
mod scope;
mod source;
mod step;
mod tell;

pub(crate) use address::{leave_questions, take_questions};
pub(crate) use answer::{accept, decline};
pub(crate) use ask::{Ask, AskError, ask};
pub(crate) use end::end;
pub(crate) use forget::forget;
pub(crate) use list::list;
pub(crate) use relation::{Relation, Side};
pub(crate) use scope::{Changed, ScopeError, change_scope};
pub(crate) use source::source;
