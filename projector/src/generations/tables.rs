use sqlx::{Executor, PgConnection, PgPool};

use crate::Projection;
use crate::checkpoint::Generation;

/// Creates the tables of a generation in the place of whatever is there: like the live ones, and under the same names what
/// belongs to them, for migrations to find it after an exchange.
pub(super) async fn create_like_live(
    transaction: &mut PgConnection,
    projection: Projection,
    generation: Generation,
) -> sqlx::Result<()> {
    let schema = generation.schema(projection);
    // Names of our own, none from outside.
    let anew = format!("drop schema if exists {schema} cascade; create schema {schema}");
    transaction.execute(anew.as_str()).await?;
    for table in projection.tables() {
        let create = format!(
            "create table {schema}.{table} (like public.{table} including all excluding indexes)"
        );
        transaction.execute(create.as_str()).await?;
        let indexes: Vec<String> = sqlx::query_scalar(
            "select case when c.oid is null
                         then regexp_replace(pg_get_indexdef(i.indexrelid), ' ON \\S+ USING ',
                                             format(' ON %I.%I USING ', $2, $1))
                         else format('alter table %I.%I add constraint %I %s', $2, $1, c.conname,
                                     pg_get_constraintdef(c.oid)) end
               from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid
              where i.indrelid = format('public.%I', $1)::regclass order by i.indexrelid",
        )
        .bind(table)
        .bind(&schema)
        .fetch_all(&mut *transaction)
        .await?;
        for index in indexes {
            transaction.execute(index.as_str()).await?;
        }
    }
    Ok(())
}

/// Whether the tables of a generation have the columns, indexes and constraints that the live ones have now: those of before
/// a migration have not.
pub(super) async fn are_like_live(
    pool: &PgPool,
    projection: Projection,
    generation: Generation,
) -> sqlx::Result<bool> {
    for (live, other) in
        Generation::Live.tables(projection).iter().zip(generation.tables(projection))
    {
        let alike: bool = sqlx::query_scalar(
            "with shape as (
                 select t.name, format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                                       pg_get_expr(d.adbin, d.adrelid)) as line
                   from unnest(array[$1, $2]) t(name)
                   join pg_attribute a on a.attrelid = to_regclass(t.name) and a.attnum > 0 and not a.attisdropped
                   left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                  union all
                 select t.name, regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \\S+ ON \\S+ ', ' ')
                   from unnest(array[$1, $2]) t(name) join pg_index i on i.indrelid = to_regclass(t.name)
                  union all
                 select t.name, pg_get_constraintdef(c.oid)
                   from unnest(array[$1, $2]) t(name) join pg_constraint c on c.conrelid = to_regclass(t.name)
             )
             select (select array_agg(line order by line) from shape where name = $1)
                    is not distinct from (select array_agg(line order by line) from shape where name = $2)",
        )
        .bind(live)
        .bind(other)
        .fetch_one(pool)
        .await?;
        if !alike {
            return Ok(false);
        }
    }
    Ok(true)
}
