use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Brings the database's shape up to date.
///
/// # Errors
/// When the servers do not start or a migration fails.
pub(crate) async fn migrate(config: &ServerConfig) -> anyhow::Result<()> {
    Infrastructure::with(config, async |infrastructure| infrastructure.migrate().await).await?;
    tracing::info!("database is up to date");
    Ok(())
}
