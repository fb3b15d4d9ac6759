//! What is wrong with a template, in words of those who write it: file, line and column.

use std::fmt::Write;

use typst::diag::SourceDiagnostic;
use typst::{World, WorldExt};

/// One line a fault.
pub(crate) fn told(world: &dyn World, errors: &[SourceDiagnostic]) -> String {
    let mut text = String::new();
    for error in errors {
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(place) = place(world, error) {
            // Writing to a string does not fail.
            let _ = write!(text, "{place}: ");
        }
        text.push_str(&error.message);
        for hint in &error.hints {
            let _ = write!(text, " (hint: {})", hint.v);
        }
    }
    text
}

/// `club.typ:3:14`
fn place(world: &dyn World, error: &SourceDiagnostic) -> Option<String> {
    let id = error.span.id()?;
    let file = id.get().vpath().get_without_slash();
    let place = world
        .source(id)
        .ok()
        .zip(world.range(error.span))
        .and_then(|(source, range)| source.lines().byte_to_line_column(range.start));
    Some(match place {
        Some((line, column)) => format!("{file}:{}:{}", line + 1, column + 1),
        None => file.to_owned(),
    })
}
