use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use lettre::Address;
use lettre::message::header::ContentType;
use sqlx::PgConnection;
use uuid::Uuid;

use super::MailId;
use crate::content::{Attachment, Content, MAX_ATTACHED_BYTES};
use crate::letter::Letter;
use crate::render::{self, RenderError, Written};
use crate::sealing_key::{NoRandomness, SealingKey};

/// For how long a mail is tried that does not say when it becomes useless.
const TRIED_FOR: TimeDelta = TimeDelta::days(3);

/// Where a mail goes, and until when.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    /// The e-mail address.
    pub to: &'a str,
    /// Whom it is about: when their account is erased, it is not sent any more.
    pub about: Option<OwnerId>,
    /// When it is of no use any more, such as when a link in it expires.
    pub useless_at: Option<DateTime<Utc>>,
}

/// Why a mail was not put into the queue.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A template does not fit its letter.
    #[error(transparent)]
    Template(#[from] RenderError),
    /// The recipient is no address.
    #[error("a mail's recipient is no e-mail address")]
    Recipient,
    /// An attachment has a media type that is none.
    #[error("a mail's attachment has a media type that is none")]
    MediaType,
    /// The attachments are larger than servers take.
    #[error("a mail's attachments are larger than {MAX_ATTACHED_BYTES} bytes")]
    TooLarge,
    /// It could not be sealed.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Puts a mail into the queue, in the transaction of the connection. It is sent once that is committed.
///
/// # Errors
/// When it is no mail, or the database fails.
pub async fn enqueue(
    connection: &mut PgConnection,
    key: &SealingKey,
    envelope: Envelope<'_>,
    letter: &Letter<'_>,
    attachments: Vec<Attachment>,
) -> Result<MailId, EnqueueError> {
    let mail_id = MailId(Uuid::now_v7());
    enqueue_once(connection, key, mail_id, envelope, letter, attachments).await?;
    Ok(mail_id)
}

/// The same for a mail whose id follows from what it is about: however often it is put into the queue, it is one mail, as
/// long as the queue remembers it, which is for 30 days.
///
/// # Errors
/// When it is no mail, or the database fails.
pub async fn enqueue_once(
    connection: &mut PgConnection,
    key: &SealingKey,
    mail_id: MailId,
    envelope: Envelope<'_>,
    letter: &Letter<'_>,
    attachments: Vec<Attachment>,
) -> Result<(), EnqueueError> {
    let Envelope { to, about, useless_at } = envelope;
    to.parse::<Address>().map_err(|_| EnqueueError::Recipient)?;
    check(&attachments)?;
    let Written { subject, text, html } = render::write(letter)?;
    let content = Content { subject, text, html, attachments };
    let content = serde_json::to_vec(&content).expect("strings always serialize");
    let sealed = key.seal(&content, mail_id.0.as_bytes())?;
    sqlx::query!(
        "insert into mail.queue (mail_id, user_id, kind, recipient, content, useless_at)
         values ($1, $2, $3, $4, $5, coalesce($6, now() + make_interval(secs => $7)))
         on conflict (mail_id) do nothing",
        mail_id.0,
        about.map(|user_id| user_id.0),
        letter.kind(),
        to,
        sealed,
        useless_at,
        TRIED_FOR.as_seconds_f64(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn check(attachments: &[Attachment]) -> Result<(), EnqueueError> {
    if attachments.iter().map(|attachment| attachment.bytes.len()).sum::<usize>()
        > MAX_ATTACHED_BYTES
    {
        return Err(EnqueueError::TooLarge);
    }
    let is_type = |attachment: &Attachment| ContentType::parse(&attachment.media_type).is_ok();
    if attachments.iter().all(is_type) { Ok(()) } else { Err(EnqueueError::MediaType) }
}

/// How many mails of a kind about somebody were queued since then: for whoever must not send too many.
///
/// # Errors
/// When the database fails.
pub async fn queued_since(
    connection: &mut PgConnection,
    about: OwnerId,
    kind: &str,
    since: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from mail.queue where user_id = $1 and kind = $2 and queued_at > $3"#,
        about.0,
        kind,
        since,
    )
    .fetch_one(connection)
    .await
}
