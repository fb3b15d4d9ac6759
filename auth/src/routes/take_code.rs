use chrono::Utc;
use domain::OwnerId;
use service::Problem;

use crate::activity::{self, By, Kind, Visitor};
use crate::state::AuthState;
use crate::two_factor::{self, Code, Means, Verdict};

/// A code that was wrong, or taken before.
pub(super) struct WrongCode;

/// Takes a code that is right; tells of one that is wrong, and refuses to look at it when there were too many.
pub(super) async fn take(
    auth: &AuthState,
    visitor: &Visitor,
    user_id: OwnerId,
    code: &Code,
) -> Result<Result<(), WrongCode>, Problem> {
    let verdict =
        two_factor::check_in_use(&auth.pool, &auth.master_key, user_id, code, Utc::now()).await?;
    let tell = async |kind| {
        let by = By::Visitor(visitor.clone());
        activity::keep(&auth.pool, user_id, kind, by, None).await;
    };
    match verdict {
        // Nothing guards the account any more: nothing is left to show.
        Verdict::Right(Means::App) | Verdict::NoFactor => Ok(Ok(())),
        Verdict::Right(Means::RecoveryCode) => {
            tracing::info!(user.id = %user_id, "recovery code used");
            tell(Kind::RecoveryCodeUsed).await;
            Ok(Ok(()))
        }
        Verdict::Wrong => {
            tracing::info!(user.id = %user_id, "wrong code");
            tell(Kind::CodeFailed).await;
            Ok(Err(WrongCode))
        }
        Verdict::Blocked { retry_after_s } => {
            tracing::info!(user.id = %user_id, "code not looked at, after too many wrong ones");
            Err(Problem::too_many_requests(retry_after_s))
        }
    }
}
