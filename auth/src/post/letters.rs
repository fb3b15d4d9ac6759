use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use mail::{Envelope, Letter, PublicUrl, SealingKey, enqueue, queued_since};
use sqlx::PgConnection;

use super::{Addressee, links};
use crate::activity::Visitor;
use crate::email::Email;
use crate::error::AuthError;
use crate::mail_tokens::{self, Purpose};

/// How many mails of one kind somebody gets in an hour, whoever asks for them.
const AN_HOUR: i64 = 3;

/// Writes mails and puts them into the queue.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) key: SealingKey,
    pub(crate) public_url: PublicUrl,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Post {
    /// Asks whoever reads mail at the address to show it.
    pub(crate) async fn verify_email(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        if self.is_enough(connection, to, "verify_email", now).await? {
            return Ok(());
        }
        let purpose = Purpose::VerifyEmail;
        let token = mail_tokens::issue(connection, to.user_id, purpose, &to.email, now).await?;
        let link = links::verify_email(&self.public_url, &token);
        let letter = Letter::VerifyEmail { link: &link, hours: purpose.lifetime().num_hours() };
        self.send(connection, to, &to.email, &letter, Some(now + purpose.lifetime())).await
    }

    /// Tells the owner that somebody wanted an account with the address.
    pub(crate) async fn address_taken(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        if self.is_enough(connection, to, "address_taken", now).await? {
            return Ok(());
        }
        let link = links::forgot_password(&self.public_url);
        let letter = Letter::AddressTaken { link: &link };
        self.send(connection, to, &to.email, &letter, None).await
    }

    /// Lets whoever reads mail at the address set another password. Whether something was sent.
    pub(crate) async fn reset_password(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        if self.is_enough(connection, to, "reset_password", now).await? {
            return Ok(false);
        }
        let purpose = Purpose::ResetPassword;
        let token = mail_tokens::issue(connection, to.user_id, purpose, &to.email, now).await?;
        let link = links::reset_password(&self.public_url, &token);
        let minutes = purpose.lifetime().num_minutes();
        let letter = Letter::ResetPassword { name: to.name.as_deref(), link: &link, minutes };
        self.send(connection, to, &to.email, &letter, Some(now + purpose.lifetime())).await?;
        Ok(true)
    }

    /// Tells the owner that the password is another one.
    pub(crate) async fn password_changed(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let link = links::forgot_password(&self.public_url);
        let letter = Letter::PasswordChanged { name: to.name.as_deref(), at: now, link: &link };
        self.send(connection, to, &to.email, &letter, None).await
    }

    /// Tells the owner that somebody has signed in from elsewhere.
    pub(crate) async fn new_sign_in(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        from: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        if self.is_enough(connection, to, "new_sign_in", now).await? {
            return Ok(());
        }
        let link = links::forgot_password(&self.public_url);
        let letter = Letter::NewSignIn {
            name: to.name.as_deref(),
            at: now,
            address: from.address(),
            program: from.program(),
            link: &link,
        };
        self.send(connection, to, &to.email, &letter, None).await
    }

    /// Asks whoever reads mail at the new address to confirm it, and tells the old one. Whether something was sent.
    pub(crate) async fn change_email(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        new: &Email,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        if self.is_enough(connection, to, "email_change_requested", now).await? {
            return Ok(false);
        }
        self.email_change_requested(connection, to, new).await?;
        let purpose = Purpose::ChangeEmail;
        let token = mail_tokens::issue(connection, to.user_id, purpose, new.as_str(), now).await?;
        let link = links::verify_email(&self.public_url, &token);
        let asked = Letter::ConfirmNewEmail { link: &link, hours: purpose.lifetime().num_hours() };
        self.send(connection, to, new.as_str(), &asked, Some(now + purpose.lifetime())).await?;
        Ok(true)
    }

    /// The same when somebody else has an account with the new address: they are told, and the old address is, and whoever
    /// asked sees no difference.
    pub(crate) async fn refuse_new_email(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        other: &Addressee,
        new: &Email,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        if self.is_enough(connection, to, "email_change_requested", now).await? {
            return Ok(false);
        }
        self.email_change_requested(connection, to, new).await?;
        self.address_taken(connection, other, now).await?;
        Ok(true)
    }

    async fn email_change_requested(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        new: &Email,
    ) -> Result<(), AuthError> {
        let letter =
            Letter::EmailChangeRequested { name: to.name.as_deref(), new_email: new.as_str() };
        self.send(connection, to, &to.email, &letter, None).await
    }

    /// Tells the old address that it is not used any more. `to` is the owner as they were.
    pub(crate) async fn email_changed(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        new_email: &str,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let letter = Letter::EmailChanged { name: to.name.as_deref(), new_email, at: now };
        self.send(connection, to, &to.email, &letter, None).await
    }

    async fn send(
        &self,
        connection: &mut PgConnection,
        about: &Addressee,
        to: &str,
        letter: &Letter<'_>,
        useless_at: Option<DateTime<Utc>>,
    ) -> Result<(), AuthError> {
        let envelope = Envelope { to, about: Some(about.user_id), useless_at };
        enqueue(connection, &self.key, envelope, letter, vec![]).await?;
        Ok(())
    }

    /// Whether somebody got as many mails of a kind as one gets in an hour: nobody floods another's mailbox. The owner's
    /// row is locked, so that of many at once each counts those before it.
    async fn is_enough(
        &self,
        connection: &mut PgConnection,
        to: &Addressee,
        kind: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let since = now - TimeDelta::hours(1);
        Ok(queued_since(connection, to.user_id, kind, since).await? >= AN_HOUR)
    }
}
