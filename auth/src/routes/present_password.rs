use domain::{OwnerId, Violation};
use service::Problem;

use crate::accounts::{self, PresentPassword};
use crate::activity::{self, By, Kind, Visitor};
use crate::error::AuthError;
use crate::password::Password;
use crate::settings::LoginThrottle;
use crate::state::AuthState;
use crate::throttle::Attempt;

/// What is known of the present password when somebody who is signed in knows it, too; nothing when not. Whoever has only
/// found a token guesses no faster here than at sign-in.
pub(super) async fn confirm(
    auth: &AuthState,
    user_id: OwnerId,
    password: Password,
    visitor: &Visitor,
    failed: Kind,
) -> Result<Option<PresentPassword>, Problem> {
    let revoked = || Problem::invalid_token("the access token has been revoked");
    let present = accounts::present_password(&auth.pool, user_id).await?.ok_or_else(revoked)?;
    let admitted = match auth.settings.login_throttle {
        LoginThrottle::On => Some(Attempt::to_confirm(user_id).admit(&auth.pool).await??),
        LoginThrottle::Off => None,
    };
    let is_right =
        auth.hasher.verify(password, Some(&present.hash)).await.map_err(AuthError::from)?;
    match (admitted, is_right) {
        (Some(admitted), true) => admitted.succeeded(&auth.pool).await??,
        (Some(admitted), false) => admitted.failed(&auth.pool).await??,
        (None, _) => {}
    }
    if is_right {
        return Ok(Some(present));
    }
    tracing::info!("wrong password of somebody signed in");
    let by = By::Visitor(visitor.clone());
    activity::keep(&auth.pool, user_id, failed, by, None).await;
    Ok(None)
}

/// 422: the present password is another one.
pub(super) fn wrong_password() -> Problem {
    let violation = Violation::new("wrong", "is not the present password");
    Problem::unprocessable(vec![violation.of("current_password")])
}
