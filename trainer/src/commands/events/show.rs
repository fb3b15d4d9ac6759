use anyhow::bail;
use event_store::{read_after, read_stream};
use sqlx::PgPool;
use uuid::Uuid;

use super::json_line::print;

/// Prints the event at a position, or the history of what has an id.
///
/// # Errors
/// When there is no such thing, or the database fails.
pub(super) async fn show(pool: &PgPool, what: &str) -> anyhow::Result<()> {
    if let Ok(position) = what.parse::<i64>() {
        let event = read_after(pool, position - 1, 1).await?;
        if event.first().is_none_or(|event| event.position != position) {
            bail!("there is no event at position {position}");
        }
        let _nobody_reads = print(&event)?;
        return Ok(());
    }
    let Ok(id) = Uuid::parse_str(what) else { bail!("{what} is neither a position nor an id") };
    let mut events = read_stream(pool, "plan", id).await?;
    events.extend(read_stream(pool, "run", id).await?);
    events.extend(read_stream(pool, "plan_export", id).await?);
    events.extend(read_stream(pool, "user", id).await?);
    if events.is_empty() {
        bail!("there is no plan, run or PDF with the id {id}");
    }
    let _nobody_reads = print(&events)?;
    Ok(())
}
