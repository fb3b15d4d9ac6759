//! Plans set as PDF, read back with poppler's programs, as a reader would.
//!
//! Where poppler is not installed, what needs it is skipped with a message; `make` installs it.

mod contents;
mod overflow;
mod paper;
mod pictures;
mod plans;
mod poppler;
mod templates;

use std::sync::LazyLock;

use domain::plan_export::{PrintOptions, Template};
use typesetting::{PlanDocument, Rendered, Settings, Typesetter};

/// With nothing but what is shipped, so that pages do not depend on the machine.
static TYPESETTER: LazyLock<Typesetter> = LazyLock::new(|| {
    let settings = Settings { system_fonts: false, ..Settings::default() };
    Typesetter::new(&settings).expect("the templates that are shipped compile")
});

fn options(template: &str) -> PrintOptions {
    PrintOptions::new(Template::parse(template).expect("a template's name"))
}

fn render(document: &PlanDocument, options: &PrintOptions) -> Rendered {
    TYPESETTER.render(document, options).unwrap_or_else(|error| panic!("{error}"))
}
