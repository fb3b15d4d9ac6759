//! What the environment says about printing plans.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use chrono::TimeDelta;
use clap::Args;
use pdf_storage::{BucketSettings, Files};
use typesetting::{Settings, Typesetter};

/// The longest time a file is kept.
const MAX_KEPT_DAYS: f64 = 3_650.0;

/// Printing plans. Without `TRAINER_PDF_S3_BUCKET` files are kept in a folder.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Printing plans")]
pub(crate) struct PrintConfig {
    /// The folder that PDFs are kept in; pdf in the data folder when not given. The roles pdf and worker need the same.
    #[arg(long, env = "TRAINER_PDF_DIR", global = true)]
    pub(crate) pdf_dir: Option<PathBuf>,
    /// How many days a PDF is kept.
    #[arg(long, env = "TRAINER_PDF_KEPT_DAYS", default_value_t = 30.0, global = true)]
    pub(crate) pdf_kept_days: f64,
    /// A folder of your own templates, each a file name.typ.
    #[arg(long, env = "TRAINER_PDF_TEMPLATES_DIR", global = true)]
    pub(crate) pdf_templates_dir: Option<PathBuf>,
    /// A folder of your own fonts, looked in before those that come with the trainer.
    #[arg(long, env = "TRAINER_PDF_FONTS_DIR", global = true)]
    pub(crate) pdf_fonts_dir: Option<PathBuf>,
    /// A bucket of S3, or of a server that speaks like it, to keep PDFs in instead of a folder.
    #[arg(long, env = "TRAINER_PDF_S3_BUCKET", global = true)]
    pub(crate) pdf_s3_bucket: Option<String>,
    /// That server, such as https://minio.example.org:9000; Amazon's when not given.
    #[arg(long, env = "TRAINER_PDF_S3_ENDPOINT", global = true)]
    pub(crate) pdf_s3_endpoint: Option<String>,
    /// The bucket's region.
    #[arg(long, env = "TRAINER_PDF_S3_REGION", default_value = "us-east-1", global = true)]
    pub(crate) pdf_s3_region: String,
    /// The access key.
    #[arg(long, env = "TRAINER_PDF_S3_ACCESS_KEY_ID", global = true)]
    pub(crate) pdf_s3_access_key_id: Option<String>,
    /// The secret with it.
    #[arg(long, env = "TRAINER_PDF_S3_SECRET_ACCESS_KEY", hide_env_values = true, global = true)]
    pub(crate) pdf_s3_secret_access_key: Option<String>,
}

impl PrintConfig {
    /// Where files are kept.
    ///
    /// # Errors
    /// When the folder cannot be made, or something of the bucket is missing.
    pub(crate) fn files(&self, data_dir: &Path) -> anyhow::Result<Files> {
        let Some(bucket) = set(&self.pdf_s3_bucket) else {
            let folder = self.pdf_dir.clone().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or_else(|| data_dir.join("pdf"));
            return Files::in_folder(&folder)
                .with_context(|| format!("PDFs cannot be kept in {}", folder.display()));
        };
        let (Some(id), Some(secret)) =
            (set(&self.pdf_s3_access_key_id), set(&self.pdf_s3_secret_access_key))
        else {
            bail!(
                "with TRAINER_PDF_S3_BUCKET, set TRAINER_PDF_S3_ACCESS_KEY_ID and TRAINER_PDF_S3_SECRET_ACCESS_KEY, too"
            );
        };
        Files::in_bucket(&BucketSettings {
            bucket: bucket.to_owned(),
            endpoint: set(&self.pdf_s3_endpoint).map(str::to_owned),
            region: self.pdf_s3_region.clone(),
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
        })
        .context("TRAINER_PDF_S3_ENDPOINT")
    }

    /// For how long files are kept.
    ///
    /// # Errors
    /// When it is no time, or a very long one.
    pub(crate) fn kept_for(&self) -> anyhow::Result<TimeDelta> {
        let days = self.pdf_kept_days;
        ensure!(
            days > 0.0 && days <= MAX_KEPT_DAYS,
            "TRAINER_PDF_KEPT_DAYS must be more than 0, and at most {MAX_KEPT_DAYS}"
        );
        Ok(TimeDelta::milliseconds((days * 86_400_000.0) as i64))
    }

    /// What makes pages of plans. Reads templates and fonts.
    ///
    /// # Errors
    /// When a template cannot be used; the error says where it fails.
    pub(crate) async fn typesetter(&self) -> anyhow::Result<Arc<Typesetter>> {
        let folder = |folder: &Option<PathBuf>| {
            folder.clone().filter(|folder| !folder.as_os_str().is_empty())
        };
        let settings = Settings {
            templates: folder(&self.pdf_templates_dir),
            fonts: folder(&self.pdf_fonts_dir),
            ..Settings::default()
        };
        let made = tokio::task::spawn_blocking(move || Typesetter::new(&settings)).await?;
        Ok(Arc::new(made.context("TRAINER_PDF_TEMPLATES_DIR, TRAINER_PDF_FONTS_DIR")?))
    }
}

/// What is set. A variable that is there and empty is not, as compose files leave them.
fn set(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.trim().is_empty())
}
