use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{
    ExpireExport, ExportOptions, PlanExportError, PlanExportEvent, RecordFailed, RecordMailed,
    RecordRendered, RequestExport,
};
use crate::{Decider, ExportId, OwnerId, PlanId};

/// A plan that is printed once: asked for, rendered or not, kept for a while, perhaps mailed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanExport {
    pub(super) body: Option<Body>,
}

/// What an export has from its request on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) pdf_id: ExportId,
    pub(super) plan_id: PlanId,
    owner_id: OwnerId,
    options: ExportOptions,
    pub(super) mail_to: Option<OwnerId>,
    pub(super) state: ExportState,
    pub(super) mailed: bool,
    requested_at: DateTime<Utc>,
}

/// Where an export stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Asked for.
    Requested,
    /// Rendered and kept.
    Rendered(RenderedFile),
    /// Given up.
    Failed,
    /// Rendered once, and kept no longer.
    Expired,
}

/// The file that an export has become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedFile {
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
    /// How large it is.
    pub size_bytes: u64,
    /// How many pages it has.
    pub pages: u32,
    /// Until when it is kept.
    pub expires_at: DateTime<Utc>,
}

impl PlanExport {
    pub(super) fn body(&self) -> Result<&Body, PlanExportError> {
        self.body.as_ref().ok_or(PlanExportError::NotFound)
    }

    /// Its id, once it was requested.
    #[must_use]
    pub fn id(&self) -> Option<ExportId> {
        self.body.as_ref().map(|body| body.pdf_id)
    }

    /// The plan that is printed.
    #[must_use]
    pub fn plan_id(&self) -> Option<PlanId> {
        self.body.as_ref().map(|body| body.plan_id)
    }

    /// How it is printed.
    #[must_use]
    pub fn options(&self) -> Option<&ExportOptions> {
        self.body.as_ref().map(|body| &body.options)
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> Option<&ExportState> {
        self.body.as_ref().map(|body| &body.state)
    }

    /// When it was requested.
    #[must_use]
    pub fn requested_at(&self) -> Option<DateTime<Utc>> {
        self.body.as_ref().map(|body| body.requested_at)
    }

    /// Who is still to get it by mail.
    #[must_use]
    pub fn to_be_mailed_to(&self) -> Option<OwnerId> {
        self.body.as_ref().filter(|body| !body.mailed).and_then(|body| body.mail_to)
    }
}

impl Decider for PlanExport {
    fn decide(&self, command: PlanExportCommand) -> Result<Vec<PlanExportEvent>, PlanExportError> {
        match command {
            PlanExportCommand::Request(command) => command.decide(self),
            PlanExportCommand::RecordRendered(command) => command.decide(self),
            PlanExportCommand::RecordFailed(command) => command.decide(self),
            PlanExportCommand::Expire(command) => command.decide(self),
            PlanExportCommand::RecordMailed(command) => command.decide(self),
        }
    }

    fn apply_at(&mut self, event: PlanExportEvent, at: DateTime<Utc>) {
        match event {
            PlanExportEvent::Requested(event) => {
                self.body = Some(Body {
                    pdf_id: event.pdf_id,
                    plan_id: event.plan_id,
                    owner_id: event.owner_id,
                    options: event.options,
                    mail_to: event.mail_to,
                    state: ExportState::Requested,
                    mailed: false,
                    requested_at: at,
                });
            }
            PlanExportEvent::Rendered(event) => self.come_to(ExportState::Rendered(RenderedFile {
                sha256: event.sha256,
                size_bytes: event.size_bytes,
                pages: event.pages,
                expires_at: event.expires_at,
            })),
            PlanExportEvent::Failed(_) => self.come_to(ExportState::Failed),
            PlanExportEvent::Expired(_) => self.come_to(ExportState::Expired),
            PlanExportEvent::Mailed(_) => {
                if let Some(body) = &mut self.body {
                    body.mailed = true;
                }
            }
        }
    }

    fn owner(&self) -> Option<OwnerId> {
        self.body.as_ref().map(|body| body.owner_id)
    }
}

impl PlanExport {
    fn come_to(&mut self, state: ExportState) {
        if let Some(body) = &mut self.body {
            body.state = state;
        }
    }
}

/// Everything one can ask of an export.
#[derive(Debug, Clone)]
pub enum PlanExportCommand {
    /// Ask for it.
    Request(RequestExport),
    /// Say what it has become.
    RecordRendered(RecordRendered),
    /// Say why it was given up.
    RecordFailed(RecordFailed),
    /// Keep it no longer.
    Expire(ExpireExport),
    /// Say that it is in the mail.
    RecordMailed(RecordMailed),
}

impl Aggregate for PlanExport {
    const TYPE: &'static str = "plan_export";
    type Command = PlanExportCommand;
    type Event = PlanExportEvent;
    type Error = PlanExportError;
    type Services = ();

    async fn handle(
        &mut self,
        command: PlanExportCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), PlanExportError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PlanExportEvent) {
        self.apply_at(event, DateTime::UNIX_EPOCH);
    }
}
