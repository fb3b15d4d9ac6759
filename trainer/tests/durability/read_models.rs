//! The tables that queries read, against those of a rebuild.

use std::time::Duration;

use event_store::head;
use projector::{Projection, checkpoints};
use sqlx::PgPool;

use crate::eventually;
use crate::program::TestFolder;

/// How long the projector may need to show everything after a start.
const SHOWN_WITHIN: Duration = Duration::from_secs(120);

/// Waits until every projection has come to the last event, and gives its position.
pub(crate) async fn all_shown(pool: &PgPool) -> i64 {
    eventually("the read models' arrival at the last event", SHOWN_WITHIN, async || {
        let head = head(pool).await.unwrap();
        let checkpoints = checkpoints(pool).await.unwrap();
        let mut live = checkpoints.iter().filter(|checkpoint| checkpoint.generation == "live");
        live.all(|checkpoint| checkpoint.position == head).then_some(head)
    })
    .await
}

/// Rebuilds every projection as an operator does, and fails unless the rows that it replaced equal the new ones.
pub(crate) async fn assert_equal_their_rebuild(pool: &PgPool, folder: &TestFolder) {
    all_shown(pool).await;
    for projection in Projection::ALL {
        folder.prints(&["projections", "rebuild", projection.name()]);
        for table in projection.tables() {
            let (live, rebuilt) =
                (format!("previous_{}.{table}", projection.name()), format!("public.{table}"));
            assert_eq!(
                differences(pool, &live, &rebuilt).await,
                Vec::<String>::new(),
                "{table} and its rebuild"
            );
        }
    }
}

/// The rows that are in one of two tables only, and in which.
pub(crate) async fn differences(pool: &PgPool, live: &str, rebuilt: &str) -> Vec<String> {
    let only = |one: &str, other: &str| {
        format!(
            "select 'only in {one}: ' || to_jsonb(r)::text from (select * from {one} except all select * from {other}) r"
        )
    };
    let statement = format!("{} union all {} limit 20", only(live, rebuilt), only(rebuilt, live));
    sqlx::query_scalar(&statement).fetch_all(pool).await.unwrap()
}
