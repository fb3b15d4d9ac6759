//! What the handlers of each API work with.

use std::sync::Arc;
use std::time::Duration;

use auth::MasterKey;
use chrono::Utc;
use command_api::CommandState;
use operations::OperationsState;
use pdf::{MailWith, Pace, PdfState, Printer};
use query_api::{Calendar, QueryState};
use typesetting::Typesetter;
use utoipa::openapi::OpenApi;

use super::Process;
use crate::config::ServerConfig;

impl Process {
    /// What each API says of itself, for which nothing has to run: commands, queries, PDFs, accounts,
    /// operations.
    pub(crate) fn documents(&self) -> [OpenApi; 5] {
        [
            command_api::router(self.command_state()).into_openapi(),
            query_api::router(self.query_state()).into_openapi(),
            pdf::openapi_document(),
            auth::document(),
            operations::router(self.operations_state()).into_openapi(),
        ]
    }

    /// What the command-api works with.
    pub(crate) fn command_state(&self) -> CommandState {
        CommandState {
            store: self.store.clone(),
            read_models: self.read_models.clone(),
            clock: Arc::new(Utc::now),
        }
    }

    /// What the query-api works with.
    pub(crate) fn query_state(&self) -> QueryState {
        QueryState {
            pool: self.pool.clone(),
            read_models: self.read_models.clone(),
            calendar: Calendar::Utc,
        }
    }

    /// What operators' requests work with.
    pub(crate) fn operations_state(&self) -> OperationsState {
        OperationsState {
            pool: self.pool.clone(),
            shutdown: self.shutdown.clone(),
            answers_within: Duration::from_secs(10),
        }
    }

    pub(super) fn printer(
        &self,
        config: &ServerConfig,
        master_key: &MasterKey,
        typesetter: &Arc<Typesetter>,
    ) -> anyhow::Result<Printer> {
        Ok(Printer {
            store: self.store.clone(),
            files: config.printing.files(&config.data_dir)?,
            render: pdf::render_with(Arc::clone(typesetter)),
            mail: MailWith { key: master_key.mail_key() },
            public_url: config.accounts.public_address()?,
            kept_for: config.printing.kept_for()?,
            pace: Pace::default(),
        })
    }

    pub(super) fn pdf_state(&self, printer: &Printer, typesetter: Arc<Typesetter>) -> PdfState {
        PdfState {
            commands: self.command_state(),
            pool: self.pool.clone(),
            files: printer.files.clone(),
            typesetter,
        }
    }
}
