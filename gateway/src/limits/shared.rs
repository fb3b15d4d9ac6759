use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use tracing::{info, warn};
use uuid::Uuid;

use super::budget::{Budget, Spent, Untold};
use super::client::Client;
use super::gcra::Taken;

/// How often the others are told.
pub(super) const TELL_EVERY: Duration = Duration::from_millis(100);
/// How many clients they are told of at once.
const AT_ONCE: usize = 2_000;
/// How long Postgres is waited for before each gateway counts for itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// What clients have spent at all gateways, in Postgres.
///
/// Reads and writes are counted in memory, where that costs nothing. Every tenth of a second each gateway adds what it has
/// let pass since the last time, in one statement for all clients, and learns what all have let pass of those clients.
///
/// **How far that is off:** a gateway learns what others have let pass within a tenth of a second (and the time of a
/// statement) after a client's request. What the client sends within that time passes by what the gateway knew before. So
/// with n gateways a client that asks all of them at once gets n times its budget at most, once: what it got too much counts,
/// and nothing passes anywhere until that time is over. On average the rate is kept, however requests are spread. Attempts
/// to guess a secret are not counted so: each asks Postgres first, and none is too much.
///
/// While Postgres does not answer, each gateway counts for itself.
///
/// **Why Postgres and not a bucket of NATS:** Postgres adds; a bucket can only compare and swap, one message for each client,
/// and again for each race that was lost. For 1,000 clients the statement takes 4 to 8 ms on two busy cores; reading and
/// swapping as many keys of a bucket in memory took 80 ms without a single race. NATS 2.9 has no age for single keys either,
/// so idle clients would have to be looked for. And while NATS may be away here without anybody noticing, without Postgres
/// there is nothing to limit. Asking for each guess takes 0.1 to 0.3 ms.
pub(super) struct Shared {
    pool: PgPool,
    reached: AtomicBool,
}

impl Shared {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, reached: AtomicBool::new(true) }
    }

    /// Takes a request from what all gateways know.
    pub(super) async fn spend(&self, budget: &Budget, client: Client) -> Spent {
        match self.in_time(self.take(budget, client)).await {
            Some(taken) => budget.spent(taken),
            None => budget.spend(client),
        }
    }

    async fn take(&self, budget: &Budget, client: Client) -> Result<Taken, sqlx::Error> {
        let rate = budget.rate;
        let row = sqlx::query!(
            r#"with taken as (
                   insert into gateway.spent as spent (account, whole_at)
                   values ($1, clock_timestamp() + $2 * interval '1 microsecond')
                   on conflict (account) do update
                      set whole_at = greatest(spent.whole_at, clock_timestamp()) + $2 * interval '1 microsecond'
                    where spent.whole_at <= clock_timestamp() + ($3 - $2) * interval '1 microsecond'
                   returning whole_at)
               select true as "taken!", (extract(epoch from whole_at - clock_timestamp()) * 1e6)::bigint as "ahead_us!"
                 from taken
               union all
               select false, (extract(epoch from whole_at - clock_timestamp()) * 1e6)::bigint
                 from gateway.spent
                where account = $1 and not exists (select from taken)"#,
            client.account(budget.name),
            rate.cost_us() as f64,
            rate.burst_us() as f64,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row {
            Some(row) if row.taken => Taken::One { ahead_us: row.ahead_us.max(0).unsigned_abs() },
            Some(row) => match rate.take(row.ahead_us.max(0).unsigned_abs()) {
                // It became free in between: the next attempt gets it.
                Taken::One { .. } => {
                    Taken::None { ahead_us: rate.burst_us(), wait: Duration::from_secs(1) }
                }
                refused @ Taken::None { .. } => refused,
            },
            // Somebody else was first by so little that only they see the row.
            None => Taken::None { ahead_us: rate.burst_us(), wait: Duration::from_secs(1) },
        })
    }

    /// Tells the others what was spent here, and learns what was spent everywhere.
    pub(super) async fn tell(&self, budgets: &[&Budget]) {
        let mut untold: Vec<(Uuid, &Budget, Untold)> = vec![];
        for budget in budgets {
            let told = budget.tell().into_iter();
            untold.extend(told.map(|one| (one.client.account(budget.name), *budget, one)));
        }
        // In the same order everywhere, or two gateways would wait for each other.
        untold.sort_unstable_by_key(|(account, ..)| *account);
        for some in untold.chunks(AT_ONCE) {
            match self.in_time(self.add(some)).await {
                Some(ahead_us) => {
                    for (account, budget, Untold { client, .. }) in some {
                        if let Some(ahead_us) = ahead_us.get(account) {
                            budget.learn(*client, *ahead_us);
                        }
                    }
                }
                None => some.iter().for_each(|(_, budget, untold)| budget.not_told(*untold)),
            }
        }
    }

    /// Adds what was spent here, and answers how far ahead each account is with what was spent everywhere.
    async fn add(
        &self,
        untold: &[(Uuid, &Budget, Untold)],
    ) -> Result<HashMap<Uuid, u64>, sqlx::Error> {
        let (accounts, costs_us): (Vec<Uuid>, Vec<i64>) = untold
            .iter()
            .map(|(account, budget, untold)| {
                (*account, (u64::from(untold.requests) * budget.rate.cost_us()).cast_signed())
            })
            .unzip();
        let rows = sqlx::query!(
            r#"insert into gateway.spent as spent (account, whole_at)
               select account, now() + cost_us * interval '1 microsecond'
                 from unnest($1::uuid[], $2::bigint[]) as told(account, cost_us)
               on conflict (account) do update
                  set whole_at = greatest(spent.whole_at, now()) + (excluded.whole_at - now())
               returning account, (extract(epoch from whole_at - now()) * 1e6)::bigint as "ahead_us!""#,
            &accounts,
            &costs_us,
        )
        .fetch_all(&self.pool)
        .await?;
        let ahead = rows.into_iter().map(|row| (row.account, row.ahead_us.max(0).unsigned_abs()));
        Ok(ahead.collect())
    }

    /// Forgets those whose budget is whole again.
    pub(super) async fn forget_idle(&self) {
        let forgotten =
            sqlx::query!("delete from gateway.spent where whole_at < now()").execute(&self.pool);
        // Whoever is not forgotten now is so a minute later.
        self.in_time(forgotten).await;
    }

    /// What Postgres says, if it says something in time.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Option<T> {
        let said = match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(said)) => Ok(said),
            Ok(Err(error)) => Err(error.to_string()),
            Err(elapsed) => Err(elapsed.to_string()),
        };
        let reached = said.is_ok();
        if self.reached.swap(reached, Ordering::Relaxed) != reached {
            match &said {
                Ok(_) => info!("limits are shared again"),
                Err(cause) => {
                    warn!(%cause, "limits are not shared: each gateway counts for itself")
                }
            }
        }
        said.ok()
    }
}
