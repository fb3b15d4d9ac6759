use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Branding, Language, Orientation, Paper, Template, Units, WeekStart};

/// How a plan is to be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrintOptions {
    /// What the pages show.
    pub template: Template,
    /// How large they are.
    pub paper: Paper,
    /// Which way they lie; without it, as suits the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<Orientation>,
    /// What distances and paces are told in.
    pub units: Units,
    /// The language of headings and dates.
    #[serde(default)]
    pub language: Language,
    /// The first day of a row in a calendar.
    #[serde(default)]
    pub week_start: WeekStart,
    /// What makes it a club's or a coach's own.
    #[serde(default)]
    pub branding: Branding,
}

impl PrintOptions {
    /// The template as it comes: A4, kilometres, English, weeks from Monday.
    #[must_use]
    pub fn new(template: Template) -> Self {
        Self {
            template,
            paper: Paper::default(),
            orientation: None,
            units: Units::default(),
            language: Language::default(),
            week_start: WeekStart::default(),
            branding: Branding::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan_export::{AccentColor, BrandingTitle};

    #[test]
    fn options_are_stored_as_the_contract_writes_them() {
        let mut options = PrintOptions::new(Template::weekly());
        options.paper = Paper::Letter;
        options.units = Units::Miles;
        options.branding = Branding {
            title: Some(BrandingTitle::parse("Club").unwrap()),
            accent_color: Some(AccentColor::default()),
            logo: None,
        };
        let stored = serde_json::to_value(&options).unwrap();
        assert_eq!(
            stored,
            json!({
                "template": "weekly", "paper": "letter", "units": "mi", "language": "en",
                "week_start": "monday",
                "branding": {"title": "Club", "accent_color": "#0b5563"},
            })
        );
        assert_eq!(serde_json::from_value::<PrintOptions>(stored).unwrap(), options);
        let least = json!({"template": "monthly", "paper": "a4", "units": "km"});
        let read = serde_json::from_value::<PrintOptions>(least).unwrap();
        assert_eq!(read, PrintOptions::new(Template::monthly()));
    }
}
