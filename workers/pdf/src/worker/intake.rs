//! From the log into `pdf.jobs`.

use async_nats::Client;
use cqrs_es::Aggregate;
use domain::plan_export::{PlanExport, PlanExportEvent};
use domain::user::{UserErased, UserEvent};
use event_store::RecordedEvent;
use nats::Subscription;
use sqlx::{PgConnection, PgPool};
use tokio::sync::{Notify, watch};

use super::{WorkError, jobs};

/// How far the place in the log may lie behind when nothing there was for us.
const STRIDE: i64 = 1_000;

/// Takes in what is asked for, for ever.
pub(super) async fn follow(
    pool: &PgPool,
    client: &Client,
    appended: &Option<watch::Receiver<i64>>,
    taken_in: &Notify,
) -> Result<(), WorkError> {
    let mut kept =
        sqlx::query_scalar!("select position from pdf.intake where id = 0").fetch_one(pool).await?;
    let mut log = Subscription::new(pool.clone(), client.clone(), kept, appended.clone());
    loop {
        let events = log.next_batch().await?;
        let ours: Vec<_> = events.iter().filter(|event| concerns_us(event)).collect();
        if ours.is_empty() && log.position() < kept + STRIDE {
            continue;
        }
        let mut transaction = pool.begin().await?;
        for event in &ours {
            take_in(&mut transaction, event).await?;
        }
        let moved = sqlx::query!(
            "update pdf.intake set position = $2 where id = 0 and position = $1",
            kept,
            log.position(),
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if moved == 0 {
            return Err(WorkError::Overtaken);
        }
        transaction.commit().await?;
        kept = log.position();
        if !ours.is_empty() {
            taken_in.notify_one();
        }
    }
}

fn concerns_us(event: &RecordedEvent) -> bool {
    matches!(event.event_type(), "plan_export.requested")
        || event.aggregate_type() == UserEvent::AGGREGATE
}

async fn take_in(connection: &mut PgConnection, event: &RecordedEvent) -> sqlx::Result<()> {
    if event.aggregate_type() == PlanExport::TYPE {
        return match event.decode::<PlanExportEvent>() {
            Ok(PlanExportEvent::Requested(requested)) => {
                jobs::add(connection, requested.pdf_id, requested.owner_id, event.position).await
            }
            Ok(
                PlanExportEvent::Rendered(_)
                | PlanExportEvent::Failed(_)
                | PlanExportEvent::Expired(_)
                | PlanExportEvent::Mailed(_),
            ) => Ok(()),
            // The projection parks its stream, where operators see it.
            Err(error) => {
                tracing::error!(position = event.position, %error, "a request cannot be read");
                Ok(())
            }
        };
    }
    match event.decode::<UserEvent>() {
        Ok(UserEvent::Erased(UserErased { user_id })) => jobs::forget(connection, user_id).await,
        Err(error) => {
            tracing::error!(position = event.position, %error, "an erasure cannot be read");
            Ok(())
        }
    }
}
