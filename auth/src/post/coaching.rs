use chrono::{DateTime, Utc};
use domain::OwnerId;
use mail::{Envelope, Letter, enqueue};
use service::CoachScope;
use sqlx::PgConnection;

use super::{Post, links};
use crate::email::Email;
use crate::error::AuthError;

/// What somebody asks about coaching, as the mail about it says.
#[derive(Clone, Copy)]
pub(crate) struct CoachingQuestion<'a> {
    /// The address of whoever asks.
    pub(crate) from: &'a str,
    /// Whether a coach asks an athlete, and not an athlete a coach.
    pub(crate) is_coachs: bool,
    pub(crate) scope: CoachScope,
    /// When it is void.
    pub(crate) until: DateTime<Utc>,
}

impl Post {
    /// Tells whoever reads mail at an address what they are asked. There may be no account with it; the mail goes with
    /// that of the asker.
    pub(crate) async fn coaching_asked(
        &self,
        connection: &mut PgConnection,
        asker: OwnerId,
        to: &Email,
        question: CoachingQuestion<'_>,
    ) -> Result<(), AuthError> {
        let CoachingQuestion { from, is_coachs, scope, until } = question;
        let (scope, link) = (scope.as_str(), links::coaching(&self.public_url));
        let letter = if is_coachs {
            Letter::CoachingRequest { coach: from, scope, until, link: &link }
        } else {
            Letter::CoachingInvitation { athlete: from, scope, until, link: &link }
        };
        let envelope = Envelope { to: to.as_str(), about: Some(asker), useless_at: Some(until) };
        enqueue(connection, &self.key, envelope, &letter, vec![]).await?;
        Ok(())
    }
}
