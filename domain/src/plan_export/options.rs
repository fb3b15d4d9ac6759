use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AccentColor, Branding, BrandingTitle, Language, Logo, Orientation, Paper, PrintOptions,
    Template, Units, WeekStart,
};

/// How a plan is printed, as events keep it: with the hash of a logo in place of the logo.
///
/// A logo is up to 1 MB, and an event is copied to Postgres, to NATS, to every subscriber and into every export of the
/// log. So the picture itself is kept elsewhere, until it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportOptions {
    /// What the pages show.
    pub template: Template,
    /// How large they are.
    pub paper: Paper,
    /// Which way they lie; null, as suits the template.
    pub orientation: Option<Orientation>,
    /// What distances and paces are told in.
    pub units: Units,
    /// The language of headings and dates.
    pub language: Language,
    /// The first day of a row in a calendar.
    pub week_start: WeekStart,
    /// A line above the plan's name.
    pub title: Option<BrandingTitle>,
    /// The colour of headings and lines.
    pub accent_color: Option<AccentColor>,
    /// SHA-256 of the picture in the corner, in hexadecimal.
    pub logo_sha256: Option<String>,
}

impl ExportOptions {
    /// These options without their logo, which has this hash.
    #[must_use]
    pub fn of(options: PrintOptions, logo_sha256: Option<String>) -> Self {
        let PrintOptions {
            template,
            paper,
            orientation,
            units,
            language,
            week_start,
            branding: Branding { title, accent_color, logo: _ },
        } = options;
        Self {
            template,
            paper,
            orientation,
            units,
            language,
            week_start,
            title,
            accent_color,
            logo_sha256,
        }
    }

    /// The options to print with, and this logo.
    #[must_use]
    pub fn with_logo(self, logo: Option<Logo>) -> PrintOptions {
        let Self { template, paper, orientation, units, language, week_start, .. } = self;
        let branding = Branding { title: self.title, accent_color: self.accent_color, logo };
        PrintOptions { template, paper, orientation, units, language, week_start, branding }
    }
}
