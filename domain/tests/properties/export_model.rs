use domain::plan_export::{
    ExportOptions, ExportState, PlanExport, PlanExportCommand, PlanExportError, RenderedFile,
    RequestExport,
};
use domain::{Decider, ExportId, OwnerId, PlanId};

/// A printed plan as a clerk would note it down: what was wanted, and what came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ExportModel {
    order: Option<Order>,
}

#[derive(Debug, Clone, PartialEq)]
struct Order {
    pdf_id: ExportId,
    plan_id: PlanId,
    owner_id: OwnerId,
    options: ExportOptions,
    recipient: Option<OwnerId>,
    file: Option<RenderedFile>,
    given_up: bool,
    thrown_away: bool,
    mailed: bool,
}

/// What everybody sees of an export.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pdf_id: ExportId,
    plan_id: PlanId,
    owner_id: OwnerId,
    options: ExportOptions,
    state: ExportState,
    to_be_mailed_to: Option<OwnerId>,
}

/// Why a command may be refused, without the details.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reason {
    NoExport,
    Taken,
    GivenUp,
    NoFile,
    NoRecipient,
}

pub(crate) fn reason(refusal: &PlanExportError) -> Reason {
    match refusal {
        PlanExportError::NotFound => Reason::NoExport,
        PlanExportError::AlreadyRequested => Reason::Taken,
        PlanExportError::AlreadyFailed => Reason::GivenUp,
        PlanExportError::NotThere => Reason::NoFile,
        PlanExportError::ForNobody => Reason::NoRecipient,
    }
}

impl Shown {
    /// How an export is; `None` when nobody has asked for it.
    pub(crate) fn of(export: &PlanExport) -> Option<Self> {
        Some(Self {
            pdf_id: export.id()?,
            plan_id: export.plan_id()?,
            owner_id: export.owner()?,
            options: export.options()?.clone(),
            state: export.state()?.clone(),
            to_be_mailed_to: export.to_be_mailed_to(),
        })
    }
}

impl ExportModel {
    /// Does what a command says; or nothing, when there is a reason against it.
    pub(crate) fn obey(&mut self, command: &PlanExportCommand) -> Option<Reason> {
        let Some(order) = &mut self.order else {
            let PlanExportCommand::Request(request) = command else {
                return Some(Reason::NoExport);
            };
            self.order = Some(Order::of(request));
            return None;
        };
        match command {
            PlanExportCommand::Request(_) => return Some(Reason::Taken),
            PlanExportCommand::RecordRendered(_) if order.given_up => return Some(Reason::GivenUp),
            PlanExportCommand::RecordRendered(rendered) => {
                order.file.get_or_insert_with(|| rendered.file.clone());
            }
            PlanExportCommand::RecordFailed(_) => order.given_up |= order.file.is_none(),
            PlanExportCommand::Expire(expire) => {
                let Some(file) = &order.file else { return Some(Reason::NoFile) };
                order.thrown_away |= expire.now >= file.expires_at;
            }
            PlanExportCommand::RecordMailed(_) if order.recipient.is_none() => {
                return Some(Reason::NoRecipient);
            }
            PlanExportCommand::RecordMailed(_) if order.file.is_none() => {
                return Some(Reason::NoFile);
            }
            PlanExportCommand::RecordMailed(_) => order.mailed = true,
        }
        None
    }

    pub(crate) fn shown(&self) -> Option<Shown> {
        let order = self.order.clone()?;
        let state = match order.file {
            Some(_) if order.thrown_away => ExportState::Expired,
            Some(file) => ExportState::Rendered(file),
            None if order.given_up => ExportState::Failed,
            None => ExportState::Requested,
        };
        Some(Shown {
            pdf_id: order.pdf_id,
            plan_id: order.plan_id,
            owner_id: order.owner_id,
            options: order.options,
            state,
            to_be_mailed_to: order.recipient.filter(|_| !order.mailed),
        })
    }
}

impl Order {
    fn of(request: &RequestExport) -> Self {
        Self {
            pdf_id: request.pdf_id,
            plan_id: request.plan_id,
            owner_id: request.owner_id,
            options: request.options.clone(),
            recipient: request.mail_to,
            file: None,
            given_up: false,
            thrown_away: false,
            mailed: false,
        }
    }
}
