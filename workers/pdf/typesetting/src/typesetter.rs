use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use domain::plan_export::{PrintOptions, Template};
use typst::comemo;
use typst::foundations::{Bytes, Datetime, Smart};
use typst::syntax::FileId;
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_kit::fonts::FontStore;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::data::{PageData, is_link};
use crate::diagnostics::told;
use crate::files::{Files, file_id};
use crate::sheet::Sheet;
use crate::{PlanDocument, RenderError, Settings, TemplateError, fonts, qr_code, sample};

/// Sets plans as PDF.
pub struct Typesetter {
    library: LazyHash<Library>,
    fonts: FontStore,
    files: Files,
    data: FileId,
    qr_code: FileId,
}

/// A printed plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub pdf: Vec<u8>,
    /// How many pages it has.
    pub pages: u32,
    /// Whether it conforms to PDF/UA-1; it does unless a character is in no font.
    pub accessible: bool,
}

/// For how many plans the results of parts of the work are kept that no later plan has needed.
const KEPT_FOR: usize = 4;

impl Typesetter {
    /// Reads templates and fonts, and tries all templates when there are own ones among them.
    ///
    /// # Errors
    /// When a folder cannot be read, or a template does not compile.
    pub fn new(settings: &Settings) -> Result<Self, TemplateError> {
        let typesetter = Self {
            library: LazyHash::new(<Library as LibraryExt>::default()),
            fonts: fonts::read(settings.fonts.as_deref(), settings.system_fonts)?,
            files: Files::read(settings.templates.as_deref())?,
            data: file_id("data.json"),
            qr_code: file_id("qr_code.svg"),
        };
        if settings.templates.is_some() {
            typesetter.try_templates()?;
        }
        Ok(typesetter)
    }

    fn try_templates(&self) -> Result<(), TemplateError> {
        let document = sample::plan();
        for template in self.files.templates().keys() {
            self.render(&document, &PrintOptions::new(template.clone())).map_err(|error| {
                TemplateError::Broken {
                    template: template.clone(),
                    message: match error {
                        RenderError::Template { message, .. } => message,
                        other @ RenderError::UnknownTemplate(_) => other.to_string(),
                    },
                }
            })?;
        }
        Ok(())
    }

    /// The templates there are.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.files.templates().keys()
    }

    /// Whether there is such a template.
    #[must_use]
    pub fn has(&self, template: &Template) -> bool {
        self.files.templates().contains_key(template)
    }

    /// Sets a plan. Takes tens of milliseconds of the processor.
    ///
    /// # Errors
    /// When there is no such template, or it fails with this plan.
    pub fn render(
        &self,
        document: &PlanDocument,
        options: &PrintOptions,
    ) -> Result<Rendered, RenderError> {
        let template = &options.template;
        let main = *self
            .files
            .templates()
            .get(template)
            .ok_or_else(|| RenderError::UnknownTemplate(template.clone()))?;
        let sheet = Sheet {
            library: &self.library,
            fonts: &self.fonts,
            files: &self.files,
            main,
            given: self.given(document, options),
        };
        let failed = |errors: &[typst::diag::SourceDiagnostic]| RenderError::Template {
            template: template.clone(),
            message: told(&sheet, errors),
        };
        let pages =
            typst::compile::<PagedDocument>(&sheet).output.map_err(|errors| failed(&errors));
        let rendered = pages.and_then(|pages| {
            let (pdf, accessible) = export(&pages, document).map_err(|errors| failed(&errors))?;
            let pages = u32::try_from(pages.pages().len()).unwrap_or(u32::MAX);
            Ok(Rendered { pdf, pages, accessible })
        });
        comemo::evict(KEPT_FOR);
        rendered
    }

    /// What templates read of the plan. User text is in it as values only, never as a part of a template.
    fn given(&self, document: &PlanDocument, options: &PrintOptions) -> HashMap<FileId, Bytes> {
        let mut given = HashMap::new();
        let logo = options.branding.logo.as_ref().map(|logo| {
            let name = format!("logo.{}", logo.format().extension());
            given.insert(file_id(&name), Bytes::new(logo.bytes().to_vec()));
            format!("/{name}")
        });
        let live_url = document.live_url.as_deref().filter(|url| is_link(url));
        let qr_code = live_url.and_then(qr_code::svg);
        let data = PageData::of(document, options, logo, qr_code.is_some());
        given.insert(self.data, Bytes::new(data.to_json()));
        if let Some(svg) = qr_code {
            given.insert(self.qr_code, Bytes::from_string(svg));
        }
        given
    }
}

impl fmt::Debug for Typesetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typesetter")
            .field("templates", self.files.templates())
            .finish_non_exhaustive()
    }
}

/// As PDF/UA-1 where every character has a sign in some font, else tagged all the same.
fn export(
    pages: &PagedDocument,
    document: &PlanDocument,
) -> Result<(Vec<u8>, bool), typst::ecow::EcoVec<typst::diag::SourceDiagnostic>> {
    let options = |standards: &[PdfStandard]| PdfOptions {
        // Names the document, not this printing of it: versions of a plan are versions of one document.
        ident: Smart::Custom(document.plan.plan_id.0.to_string()),
        creator: Smart::Custom(Some("Running Trainer".to_owned())),
        timestamp: timestamp(document.as_of),
        page_ranges: None,
        standards: PdfStandards::new(standards).unwrap_or_default(),
        tagged: true,
        pretty: false,
    };
    match typst_pdf::pdf(pages, &options(&[PdfStandard::Ua_1])) {
        Ok(pdf) => Ok((pdf, true)),
        Err(_) => typst_pdf::pdf(pages, &options(&[])).map(|pdf| (pdf, false)),
    }
}

/// The plan's moment, not the clock's: equal plans make equal files.
fn timestamp(at: DateTime<Utc>) -> Option<Timestamp> {
    let date: NaiveDate = at.date_naive();
    let part = |number: u32| u8::try_from(number).ok();
    let datetime = Datetime::from_ymd_hms(
        date.year(),
        part(date.month())?,
        part(date.day())?,
        part(at.hour())?,
        part(at.minute())?,
        part(at.second())?,
    )?;
    Some(Timestamp::new_utc(datetime))
}
