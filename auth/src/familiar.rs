//! From where an account is signed in to: a sign-in from elsewhere is told to its owner, and strangers cannot lock the
//! owner out where they usually are.

use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use sqlx::PgConnection;

use crate::activity::Visitor;

/// How long a place stays familiar that nobody comes from.
const REMEMBERED_FOR: TimeDelta = TimeDelta::days(180);
/// How much of what a program says of itself is compared, in characters.
const MAX_PROGRAM_CHARS: usize = 200;

/// Takes note of where an owner has signed in from. Whether they never came from there before, though from elsewhere:
/// from another network, or with another program.
pub(crate) async fn is_from_elsewhere(
    connection: &mut PgConnection,
    user_id: OwnerId,
    visitor: &Visitor,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let network = visitor.network().unwrap_or_default();
    let program = program(visitor.program());
    let known = sqlx::query!(
        r#"select count(*) > 0 as "any!",
                  coalesce(bool_or(what = 'network' and value = $2), false) as "network!",
                  coalesce(bool_or(what = 'program' and value = $3), false) as "program!",
                  coalesce(bool_or((what, value) in (('network', $2), ('program', $3))
                                   and last_seen_at < $4), false) as "long_ago!"
             from auth.familiar where user_id = $1"#,
        user_id.0,
        network,
        program,
        now - TimeDelta::days(1),
    )
    .fetch_one(&mut *connection)
    .await?;
    let is_known = known.network && known.program;
    if !is_known || known.long_ago {
        remember(connection, user_id, &network, &program, now).await?;
    }
    Ok(known.any && !is_known)
}

/// Makes a network familiar to an account: whoever came from there has shown to be its owner.
pub(crate) async fn remember_network(
    connection: &mut PgConnection,
    user_id: OwnerId,
    visitor: &Visitor,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let network = visitor.network().unwrap_or_default();
    remember(connection, user_id, &network, &program(visitor.program()), now).await
}

async fn remember(
    connection: &mut PgConnection,
    user_id: OwnerId,
    network: &str,
    program: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with forgotten as (delete from auth.familiar where user_id = $1 and last_seen_at < $5)
         insert into auth.familiar (user_id, what, value, last_seen_at)
         values ($1, 'network', $2, $4), ($1, 'program', $3, $4)
         on conflict (user_id, what, value) do update set last_seen_at = excluded.last_seen_at",
        user_id.0,
        network,
        program,
        now,
        now - REMEMBERED_FOR,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a program says it is, without its versions: an update is no other program.
fn program(said: Option<&str>) -> String {
    let said = said.unwrap_or_default();
    said.chars().filter(|c| !c.is_ascii_digit() && *c != '.').take(MAX_PROGRAM_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_no_other_program() {
        let firefox =
            |version| format!("Mozilla/5.0 (X11; rv:{version}) Gecko/20100101 Firefox/{version}");
        assert_eq!(program(Some(&firefox("128.0"))), program(Some(&firefox("129.0.2"))));
        assert_ne!(program(Some(&firefox("128.0"))), program(Some("curl/8.5.0")));
        assert_eq!(program(None), "");
    }
}
