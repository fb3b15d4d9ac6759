//! Progress on a terminal, for anything that takes over a second. Elsewhere nothing is drawn.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over things that are counted.
pub(crate) fn spinner(things: &'static str) -> ProgressBar {
    let bar = ProgressBar::no_length();
    let style = ProgressStyle::with_template(
        "{elapsed_precise} {bar:30} {human_pos}/{human_len} {msg} {per_sec} eta {eta}",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(things);
    bar
}
