use axum::Router;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::process::Process;

/// Prints the OpenAPI document that `/openapi.json` serves. No server is needed for it.
///
/// # Errors
/// When it cannot be written as JSON.
#[expect(clippy::print_stdout, reason = "the document is the command's answer")]
pub(crate) async fn openapi() -> anyhow::Result<()> {
    // The routes are described where they are built, and building them takes a pool. Nobody listens on port 1.
    let nowhere = PgConnectOptions::new().host("127.0.0.1").port(1);
    let pool = PgPoolOptions::new().connect_lazy_with(nowhere);
    let client = nats::connect("nats://127.0.0.1:1", "trainer openapi").await?;
    let process = Process::new(pool, client);
    let apis = process.documents().map(|openapi| (Router::new(), openapi).into());
    let (_router, document) = gateway::document(apis.into());
    println!("{}", document.to_pretty_json()?);
    Ok(())
}
