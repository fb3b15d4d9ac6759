use chrono::{DateTime, Utc};
use domain::OwnerId;

use crate::activity::Visitor;
use crate::error::AuthError;
use crate::familiar;
use crate::post::addressee;
use crate::sessions::{self, RefreshToken, SessionId};
use crate::state::AuthState;

/// Begins a session for somebody who has shown to be the owner, by whatever means. When they come from elsewhere than
/// ever before, the owner gets a mail, which is queued with the session or not at all.
pub(crate) async fn enter(
    auth: &AuthState,
    user_id: OwnerId,
    visitor: &Visitor,
    now: DateTime<Utc>,
) -> Result<(SessionId, RefreshToken), AuthError> {
    let mut transaction = auth.pool.begin().await?;
    let entered = sessions::open(&mut transaction, user_id, now).await?;
    if familiar::is_from_elsewhere(&mut transaction, user_id, visitor, now).await?
        && let Some(owner) = addressee(&mut transaction, user_id).await?
    {
        auth.post.new_sign_in(&mut transaction, &owner, visitor, now).await?;
    }
    transaction.commit().await?;
    Ok(entered)
}
