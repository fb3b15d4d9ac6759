//! The database's shape.

use sqlx::migrate::Migrator;

/// Every migration, in order.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");
