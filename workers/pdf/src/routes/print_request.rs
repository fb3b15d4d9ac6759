use domain::plan_export::{
    AccentColor, Branding, BrandingTitle, ExportOptions, Language, Logo, Orientation, Paper,
    PrintOptions, Template, Units, WeekStart,
};
use domain::{OwnerId, Violation};
use serde::Deserialize;
use serde_json::Value;
use service::readers::text;
use service::{Acting, Fields, JsonBody, Problem};
use sqlx::PgPool;
use typesetting::Typesetter;
use utoipa::ToSchema;

use crate::recipient::recipient;

/// How a plan is to be printed.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(super) struct PrintFields {
    /// What the pages show: `weekly`, one table row a day; `monthly`, a calendar; `overview`, the whole plan on one page;
    /// or a template of the server's own.
    #[schema(example = "weekly", min_length = 1, max_length = 40)]
    template: String,
    /// `a4` when left out.
    #[schema(value_type = Option<PaperWord>, nullable = false)]
    paper: Option<String>,
    /// As suits the template when left out.
    #[schema(value_type = Option<OrientationWord>)]
    orientation: Option<String>,
    /// `km` when left out.
    #[schema(value_type = Option<UnitsWord>, nullable = false)]
    units: Option<String>,
    /// Of headings and dates; `en` when left out.
    #[schema(value_type = Option<LanguageWord>, nullable = false)]
    language: Option<String>,
    /// The first day of a row in a calendar; `monday` when left out.
    #[schema(value_type = Option<WeekStartWord>, nullable = false)]
    week_start: Option<String>,
    /// What makes it a club's or a coach's own.
    branding: Option<BrandingFields>,
    /// Where it is mailed when it is ready: the verified address of your account or, if you are a coach, of an athlete of
    /// yours; a plan of an athlete's only to that athlete or to you.
    #[schema(nullable = true, example = json!(null))]
    email_to: Option<String>,
}

/// What makes a printed plan a club's or a coach's own.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "tells OpenAPI what is read field by field")]
pub(super) struct BrandingFields {
    /// A line above the plan's name.
    #[schema(min_length = 1, max_length = 100, example = "Running club")]
    title: Option<String>,
    /// The colour of headings and lines, as `#rrggbb`, dark enough to be read on white.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#0b5563")]
    accent_color: Option<String>,
    /// A picture in the corner: a PNG, JPEG or SVG of at most 1 MB, in Base64.
    #[schema(example = json!(null))]
    logo_base64: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells OpenAPI which words there are")]
enum PaperWord {
    A4,
    Letter,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells OpenAPI which words there are")]
enum OrientationWord {
    Portrait,
    Landscape,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells OpenAPI which words there are")]
enum UnitsWord {
    Km,
    Mi,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells OpenAPI which words there are")]
enum LanguageWord {
    En,
    De,
    Fr,
    Es,
    Nl,
    Pt,
    It,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "tells OpenAPI which words there are")]
enum WeekStartWord {
    Monday,
    Sunday,
}

/// What is asked for.
pub(super) struct PrintRequest {
    /// How it is printed, the logo left out.
    pub(super) options: ExportOptions,
    /// The logo's file.
    pub(super) logo: Option<Logo>,
    /// Who gets it by mail.
    pub(super) mail_to: Option<OwnerId>,
}

impl PrintRequest {
    /// Reads what is asked for.
    ///
    /// # Errors
    /// 422 with every field that is missing or wrong; 503 when it cannot be looked up whose address it is.
    pub(super) async fn read(
        pool: &PgPool,
        typesetter: &Typesetter,
        acting: &Acting,
        body: &JsonBody,
    ) -> Result<Self, Problem> {
        let mut fields = body.fields();
        let template = fields.required("template", text(Template::parse));
        if let Some(template) = template.as_ref().filter(|template| !typesetter.has(template)) {
            let message = format!("there is no template {template}");
            fields.refuse("template", Violation::new("invalid_choice", message));
        }
        let paper = fields.optional("paper", choice(Paper::ALL, Paper::as_str));
        let orientation =
            fields.optional("orientation", choice(Orientation::ALL, Orientation::as_str));
        let units = fields.optional("units", choice(Units::ALL, Units::as_str));
        let language = fields.optional("language", choice(Language::ALL, Language::as_str));
        let week_start = fields.optional("week_start", choice(WeekStart::ALL, WeekStart::as_str));
        let branding =
            fields.object("branding", |fields| Some(branding(fields))).unwrap_or_default();
        let address = fields.optional("email_to", text(|address: &str| Ok(address.to_owned())));
        let mail_to = match address {
            Some(address) => {
                let found = recipient(pool, acting, &address).await?;
                if found.is_none() {
                    fields.refuse("email_to", nobodys_address());
                }
                found
            }
            None => None,
        };
        fields.finish(|| {
            let mut branding = branding;
            let logo = branding.logo.take();
            let options = PrintOptions {
                template: template?,
                paper: paper.unwrap_or_default(),
                orientation,
                units: units.unwrap_or_default(),
                language: language.unwrap_or_default(),
                week_start: week_start.unwrap_or_default(),
                branding,
            };
            Some(Self { options: ExportOptions::of(options, None), logo, mail_to })
        })
    }
}

fn branding(fields: &mut Fields<'_>) -> Branding {
    Branding {
        title: fields.optional("title", text(BrandingTitle::parse)),
        accent_color: fields.optional("accent_color", text(AccentColor::parse)),
        logo: fields.optional("logo_base64", text(Logo::from_base64)),
    }
}

/// One of a few words; the violation lists them.
fn choice<T: Copy>(
    allowed: &'static [T],
    as_str: fn(T) -> &'static str,
) -> impl FnOnce(&Value) -> Result<T, Violation> {
    move |value| {
        let found = value
            .as_str()
            .and_then(|word| allowed.iter().copied().find(|choice| as_str(*choice) == word));
        found.ok_or_else(|| {
            let words: Vec<_> = allowed.iter().map(|choice| as_str(*choice)).collect();
            Violation::new("invalid_choice", format!("must be one of {}", words.join(", ")))
        })
    }
}

/// The same, whether or not anybody has it.
fn nobodys_address() -> Violation {
    Violation::new(
        "not_allowed",
        "must be the verified address of your own account or of the athlete whom you coach",
    )
}
