//! What is in the tables.

use domain::OwnerId;
use projector::Projection;
use serde_json::Value;

use crate::scene::Scene;

impl Scene {
    /// The rows of a table, each as an object, in a stable order.
    pub(crate) async fn rows(&self, table: &str) -> Vec<Value> {
        let rows = format!("select to_jsonb(t) from {table} t order by to_jsonb(t)::text");
        sqlx::query_scalar(&rows).fetch_all(&self.pool).await.unwrap()
    }

    /// Some columns of a table as text, in the order of the first.
    pub(crate) async fn columns(&self, table: &str, columns: &str) -> Vec<String> {
        let rows = format!("select concat_ws(' ', {columns}) from {table} t order by {columns}");
        sqlx::query_scalar(&rows).fetch_all(&self.pool).await.unwrap()
    }

    /// Rebuilds a projection and fails unless the rows it had equal those it has now, row for row.
    pub(crate) async fn assert_equals_its_rebuild(&self, projection: Projection) {
        self.rebuild(projection).await;
        for table in projection.tables() {
            let before = self.rows(&format!("previous_{}.{table}", projection.name())).await;
            let after = self.rows(&format!("public.{table}")).await;
            assert_eq!(before.len(), after.len(), "rows of {table}");
            for (before, after) in before.iter().zip(&after) {
                assert_eq!(before, after, "a row of {table} and its rebuild");
            }
        }
    }

    /// Fails unless the totals are those of the runs that are there.
    pub(crate) async fn assert_totals_add_up(&self) {
        for (table, period) in [("weekly_totals", "week"), ("monthly_totals", "month")] {
            let sums = format!(
                "(select owner_id, date_trunc('{period}', actual_date)::date as start_date, count(*) as runs,
                         sum(distance_m)::bigint as distance_m, sum(duration_s)::bigint as duration_s,
                         sum(coalesce(elevation_gain_m, 0))::bigint as elevation_gain_m
                    from runs group by 1, 2)"
            );
            assert_eq!(self.rows(table).await, self.rows(&sums).await, "{table}");
        }
    }

    /// What a runner did in each week or month: runs, metres, seconds, metres climbed.
    pub(crate) async fn totals(&self, table: &str, owner: OwnerId) -> Vec<String> {
        let of_owner = format!("(select * from {table} where owner_id = '{owner}')");
        self.columns(&of_owner, "start_date, runs, distance_m, duration_s, elevation_gain_m").await
    }
}
