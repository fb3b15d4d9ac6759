//! A file into the mail.

use bytes::Bytes;
use domain::{ExportId, OwnerId};
use mail::{Attachment, EnqueueError, Envelope, Letter, MailId, PlannedDay, enqueue_once};
use sqlx::PgPool;
use typesetting::WeekInWords;
use uuid::Uuid;

use super::MailWith;
use crate::recipient::address_of;

/// What a mail with a file says.
pub(super) struct Covering<'a> {
    pub(super) plan: &'a str,
    pub(super) week: WeekInWords,
    pub(super) file_name: String,
}

/// Puts a file into the mail to a user, if it may still go there. However often it is done, one mail is sent: its id
/// follows from the export's.
pub(super) async fn post(
    pool: &PgPool,
    mail: &MailWith,
    (pdf_id, owner, to): (ExportId, OwnerId, OwnerId),
    covering: Covering<'_>,
    file: Bytes,
) -> Result<Posted, EnqueueError> {
    let mut transaction = pool.begin().await?;
    let Some(recipient) = address_of(&mut transaction, to, owner).await? else {
        return Ok(Posted::NoLonger);
    };
    let Covering { plan, week: WeekInWords { heading, workouts }, file_name } = covering;
    let days: Vec<_> =
        workouts.into_iter().map(|(day, workout)| PlannedDay { day, workout }).collect();
    let name = recipient.name.as_deref();
    let letter = Letter::PrintedPlan { name, plan, week: &heading, days: &days };
    let envelope = Envelope { to: &recipient.address, about: Some(owner), useless_at: None };
    let attachment =
        Attachment { file_name, media_type: "application/pdf".to_owned(), bytes: file.into() };
    let mail_id = MailId(Uuid::new_v5(&pdf_id.0, b"mail"));
    enqueue_once(&mut transaction, &mail.key, mail_id, envelope, &letter, vec![attachment]).await?;
    transaction.commit().await?;
    Ok(Posted::Queued)
}

/// What became of a file for the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posted {
    /// It is in the queue.
    Queued,
    /// It may not go there any more.
    NoLonger,
}
