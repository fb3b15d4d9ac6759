use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use chrono::Utc;
use clap::Args;
use domain::plan::UnknownWord;
use domain::plan_export::{
    AccentColor, Branding, BrandingTitle, Language, Logo, Orientation, Paper, PrintOptions,
    Template, Units, WeekStart,
};
use domain::{PlanId, Violation};
use event_store::head;
use pdf::plan_document;
use sqlx::PgPool;
use typesetting::{PlanDocument, Settings, Typesetter};
use uuid::Uuid;

use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Options of `pdf`.
#[derive(Debug, Args)]
pub(crate) struct PdfArgs {
    /// The plan's id.
    plan: Uuid,
    /// weekly, monthly, overview, or an own template.
    #[arg(long, default_value = "weekly", value_parser = |word: &str| checked(Template::parse(word)))]
    template: Template,
    /// The file to write.
    #[arg(long, short)]
    output: PathBuf,
    /// a4 or letter.
    #[arg(long, default_value = "a4", value_parser = word::<Paper>)]
    paper: Paper,
    /// portrait or landscape; as suits the template when not given.
    #[arg(long, value_parser = word::<Orientation>)]
    orientation: Option<Orientation>,
    /// km or mi.
    #[arg(long, default_value = "km", value_parser = word::<Units>)]
    units: Units,
    /// en, de, fr, es, nl, pt or it.
    #[arg(long, default_value = "en", value_parser = word::<Language>)]
    language: Language,
    /// monday or sunday: the first day of a row in a calendar.
    #[arg(long, default_value = "monday", value_parser = word::<WeekStart>)]
    week_start: WeekStart,
    /// A line above the plan's name.
    #[arg(long, value_parser = |text: &str| checked(BrandingTitle::parse(text)))]
    title: Option<BrandingTitle>,
    /// The colour of headings and lines, as #rrggbb.
    #[arg(long, value_parser = |text: &str| checked(AccentColor::parse(text)))]
    accent_color: Option<AccentColor>,
    /// A PNG, JPEG or SVG of up to 1 MB.
    #[arg(long)]
    logo: Option<PathBuf>,
    /// Where the plan is seen as it is; printed as a link and a QR code.
    #[arg(long)]
    live_url: Option<String>,
    /// A folder of own templates.
    #[arg(long, env = "TRAINER_PDF_TEMPLATES_DIR")]
    templates: Option<PathBuf>,
    /// A folder of own fonts.
    #[arg(long, env = "TRAINER_PDF_FONTS_DIR")]
    fonts: Option<PathBuf>,
}

/// Prints a plan into a file. No server has to run.
///
/// # Errors
/// When there is no such plan or template, an option is refused, or the file cannot be written.
#[expect(clippy::print_stdout, reason = "where the file is is the command's answer")]
pub(crate) async fn pdf(args: PdfArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let options = args.options()?;
    let set = |folder: &Option<PathBuf>| folder.clone().filter(|path| !path.as_os_str().is_empty());
    let settings = Settings {
        templates: set(&args.templates),
        fonts: set(&args.fonts),
        ..Settings::default()
    };
    let typesetter = Typesetter::new(&settings)?;
    if !typesetter.has(&options.template) {
        let names: Vec<_> = typesetter.templates().map(Template::as_str).collect();
        bail!("there is no template {}; there are {}", options.template, names.join(", "));
    }
    let document = Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        document(&infrastructure.pool, PlanId(args.plan)).await
    })
    .await?;
    let document = document.with_context(|| format!("there is no plan {}", args.plan))?;
    let document = PlanDocument { live_url: args.live_url.clone(), ..document };
    let rendered =
        tokio::task::spawn_blocking(move || typesetter.render(&document, &options)).await??;
    write(&args.output, &rendered.pdf)?;
    let pages = if rendered.pages == 1 { "page" } else { "pages" };
    println!("{}: {} {pages}", args.output.display(), rendered.pages);
    Ok(())
}

/// Prints a plan on one page, without anything of one's own.
///
/// # Errors
/// When there is no such plan, or the file cannot be written.
pub(crate) async fn overview(pool: &PgPool, plan: PlanId, output: &Path) -> anyhow::Result<()> {
    let document = document(pool, plan).await?.context("the plan is gone")?;
    let rendered = tokio::task::spawn_blocking(move || {
        let typesetter = Typesetter::new(&Settings::default())?;
        let options = PrintOptions::new(Template::overview());
        anyhow::Ok(typesetter.render(&document, &options)?)
    });
    write(output, &rendered.await??.pdf)
}

impl PdfArgs {
    fn options(&self) -> anyhow::Result<PrintOptions> {
        let logo = self.logo.as_deref().map(read_logo).transpose()?;
        Ok(PrintOptions {
            template: self.template.clone(),
            paper: self.paper,
            orientation: self.orientation,
            units: self.units,
            language: self.language,
            week_start: self.week_start,
            branding: Branding {
                title: self.title.clone(),
                accent_color: self.accent_color.clone(),
                logo,
            },
        })
    }
}

fn read_logo(file: &Path) -> anyhow::Result<Logo> {
    let bytes =
        std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Logo::parse(bytes).map_err(|violation| anyhow!("{}: it {}", file.display(), violation.message))
}

/// Whole or not at all: what was there before stays until the new file is there.
fn write(output: &Path, pdf: &[u8]) -> anyhow::Result<()> {
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .and_then(|file| std::fs::write(file.path(), pdf).map(|()| file))
        .and_then(|file| file.persist(output).map_err(|error| error.error));
    written.map(drop).with_context(|| format!("{} cannot be written", output.display()))
}

/// A plan as it is now; `None` when it is not there.
async fn document(pool: &PgPool, plan: PlanId) -> anyhow::Result<Option<PlanDocument>> {
    let found = plan_document(pool, plan, head(pool).await?, Utc::now()).await?;
    Ok(found.map(|(_, document)| document))
}

fn checked<T>(value: Result<T, Violation>) -> Result<T, String> {
    value.map_err(|violation| violation.message)
}

fn word<T: std::str::FromStr<Err = UnknownWord>>(word: &str) -> Result<T, UnknownWord> {
    word.parse()
}
