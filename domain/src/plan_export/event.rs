use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ExportOptions;
use crate::stored::events;
use crate::{ExportId, OwnerId, PlanId};

events! {
    /// What has happened to a plan that is printed.
    ///
    /// Stored for ever: add variants and optional fields; never rename or reuse one. What must change otherwise
    /// gets a new version, and the old one a step to it (`stored/upcast.rs`).
    PlanExportEvent {
        /// A PDF of a plan was asked for: of the plan as it is at this event's position.
        Requested(PlanExportRequested) = "plan_export.requested" "1",
        /// It is there to be fetched.
        Rendered(PlanExportRendered) = "plan_export.rendered" "1",
        /// It could not be made.
        Failed(PlanExportFailed) = "plan_export.failed" "1",
        /// It is kept no longer.
        Expired(PlanExportExpired) = "plan_export.expired" "1",
        /// It is in the mail.
        Mailed(PlanExportMailed) = "plan_export.mailed" "1",
    }
}

/// Payload of `plan_export.requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanExportRequested {
    /// The new export.
    pub pdf_id: ExportId,
    /// The plan that is printed.
    pub plan_id: PlanId,
    /// Whose they are.
    pub owner_id: OwnerId,
    /// How it is printed.
    pub options: ExportOptions,
    /// The user who gets it by mail, if any. The address is the account's, and is in no event.
    pub mail_to: Option<OwnerId>,
}

/// Payload of `plan_export.rendered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanExportRendered {
    /// The export.
    pub pdf_id: ExportId,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// How large the file is.
    pub size_bytes: u64,
    /// How many pages it has.
    pub pages: u32,
    /// Until when it is kept.
    pub expires_at: DateTime<Utc>,
}

/// Payload of `plan_export.failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanExportFailed {
    /// The export.
    pub pdf_id: ExportId,
    /// Why, for its owner to read.
    pub error: String,
}

/// Payload of `plan_export.expired`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanExportExpired {
    /// The export.
    pub pdf_id: ExportId,
}

/// Payload of `plan_export.mailed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanExportMailed {
    /// The export.
    pub pdf_id: ExportId,
    /// The user who gets it.
    pub recipient_id: OwnerId,
}
