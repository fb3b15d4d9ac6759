use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

/// The longest wait, in seconds.
const LONGEST_S: f64 = 15.0 * 60.0;

/// One count of failed attempts. Its level rises by one with each, and runs low again by itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) key: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Account,
    Network,
}

impl Kind {
    /// How many attempts nobody waits for.
    fn free(self) -> f64 {
        match self {
            Self::Account => 10.0,
            // Behind one address may be a whole school.
            Self::Network => 30.0,
        }
    }

    /// In how many seconds the level falls by one: what somebody can try in the long run.
    fn leak_s(self) -> f64 {
        match self {
            Self::Account => 15.0 * 60.0,
            Self::Network => 60.0,
        }
    }
}

impl Counter {
    /// For one account.
    pub(super) fn of_account(parts: &[&[u8]]) -> Self {
        Self { key: hash(b"account", parts), kind: Kind::Account }
    }

    /// For one network.
    pub(super) fn of_network(network: &str) -> Self {
        Self { key: hash(b"network", &[network.as_bytes()]), kind: Kind::Network }
    }

    /// Counts a failed attempt. No when others have used up what was free while this one was on its way: then it is none.
    pub(super) async fn count(&self, pool: &PgPool) -> Result<bool, sqlx::Error> {
        // What has run low within one attempt does not make another one free. The first attempt is always free. A row that is locked by another attempt is read when that has been counted.
        let counted = sqlx::query!(
            "with old as (
                 delete from auth.login_throttle
                  where key in (select key from auth.login_throttle
                                 where last_failed_at < now() - interval '1 day' and key <> $1
                                 limit 10 for update skip locked)
             )
             insert into auth.login_throttle as t (key, level, last_failed_at, blocked_until)
             values ($1, 1, now(), now())
             on conflict (key) do update
                set (level, last_failed_at, blocked_until) = (
                    select l.level, now(), now() + make_interval(secs =>
                           case when ceil(l.level) < $2 then 0
                                else least($4, power(2, least(30, greatest(0, l.level - $2)))) end)
                      from (select greatest(0, t.level - extract(epoch from now() - t.last_failed_at)::float8 / $3)
                                   + 1 as level) l)
              where t.blocked_until <= now()",
            self.key,
            self.kind.free(),
            self.kind.leak_s(),
            LONGEST_S,
        )
        .execute(pool)
        .await?;
        Ok(counted.rows_affected() > 0)
    }

    /// Begins to count anew, unless attempts are being refused now; how many seconds they are still.
    pub(super) async fn clear(&self, pool: &PgPool) -> Result<Option<u64>, sqlx::Error> {
        let blocked_s = sqlx::query_scalar!(
            r#"with cleared as (delete from auth.login_throttle where key = $1 and blocked_until <= now())
               select ceil(extract(epoch from blocked_until - now()))::bigint as "blocked_s!"
                 from auth.login_throttle where key = $1 and blocked_until > now()"#,
            self.key,
        )
        .fetch_optional(pool)
        .await?;
        Ok(blocked_s.map(|seconds| seconds.max(1).unsigned_abs()))
    }

    /// Begins to count anew, in the transaction of the connection.
    pub(super) async fn forget(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query!("delete from auth.login_throttle where key = $1", self.key)
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// With the length before each part, so that no two lists of parts look alike. No address is stored as it is.
fn hash(what: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in [what].iter().chain(parts) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}
