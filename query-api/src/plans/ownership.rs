use domain::{OwnerId, PlanId};
use service::Problem;
use sqlx::PgPool;

/// Passes when the plan exists and is the user's; another's answers 404 like one that never was.
pub(crate) async fn require_own_plan(
    pool: &PgPool,
    owner: OwnerId,
    plan: PlanId,
) -> Result<(), Problem> {
    let exists = sqlx::query_scalar!(
        r#"select exists(select from plans where plan_id = $1 and owner_id = $2) as "exists!""#,
        plan.0,
        owner.0,
    )
    .fetch_one(pool)
    .await?;
    if exists { Ok(()) } else { Err(Problem::not_found("plan")) }
}
