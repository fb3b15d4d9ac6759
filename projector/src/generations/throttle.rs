//! A rebuild beside readers and writers takes less of the machine when they have to wait for it.

use std::time::{Duration, Instant};

use sqlx::PgConnection;
use tokio::time::sleep;

/// With live rows that are further behind than this, a rebuild takes longer rests.
const BUSY: Duration = Duration::from_millis(30);

/// With live rows that are no further behind than this, it takes shorter ones.
const CALM: Duration = Duration::from_millis(10);

/// The first rest, as a share of the work before it, and the longest: a rebuild always gets a fifth of the time.
const RESTS: (f64, f64) = (0.5, 4.0);

/// Lets a rebuild rest between its batches while the live rows are behind the events.
#[derive(Debug)]
pub(super) struct Throttle {
    worked_from: Instant,
    /// How far the foremost live rows were.
    live: i64,
    /// How long a rest is, as a multiple of the work before it.
    rest: f64,
    rested: Duration,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Self { worked_from: Instant::now(), live: 0, rest: 0.0, rested: Duration::ZERO }
    }

    /// How long the rests were, all together.
    pub(super) fn rested(&self) -> Duration {
        self.rested
    }

    /// Work begins now: what was waited for until now was none.
    pub(super) fn begin(&mut self) {
        self.worked_from = Instant::now();
    }

    /// How long to rest after the work that was done.
    fn due(&self) -> Duration {
        self.worked_from.elapsed().mul_f64(self.rest)
    }

    /// Comes back when the next batch is due.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn rest(&mut self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let (live, behind) = live_rows(connection).await?;
        self.learn(live, behind);
        let rest = self.due();
        if !rest.is_zero() {
            sleep(rest).await;
            self.rested += rest;
        }
        self.begin();
        Ok(())
    }

    fn learn(&mut self, live: i64, behind: Duration) {
        let (first, longest) = RESTS;
        // Where nobody projects there is nobody to make room for.
        let moves = live != std::mem::replace(&mut self.live, live);
        if moves && behind > BUSY {
            self.rest = (self.rest * 2.0).clamp(first, longest);
        } else if !moves || behind <= CALM {
            self.rest = if self.rest > first { self.rest / 2.0 } else { 0.0 };
        }
    }
}

/// How far the foremost of the live rows are, and for how long the first event has waited that is not in them. Of the
/// foremost: the others write their checkpoints later when events do not concern them.
async fn live_rows(connection: &mut PgConnection) -> sqlx::Result<(i64, Duration)> {
    let rows = sqlx::query!(
        r#"with live as (
               select coalesce(max(position), 0) as position from projector.checkpoints
                where generation = 'live' and paused_at is null)
           select live.position as "position!",
                  (extract(epoch from clock_timestamp() - waiting.recorded_at) * 1e6)::bigint as micros
             from live
             left join lateral (
                   select recorded_at from es.events where events.position > live.position order by events.position limit 1
                  ) waiting on true"#
    )
    .fetch_one(connection)
    .await?;
    let micros = rows.micros.unwrap_or_default().try_into().unwrap_or_default();
    Ok((rows.position, Duration::from_micros(micros)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_millis(31);
    const PROMPT: Duration = Duration::from_millis(1);

    /// The rests that follow from what was seen.
    fn rests(seen: &[(i64, Duration)]) -> Vec<f64> {
        let mut throttle = Throttle::new();
        let learn = |(live, behind): &(i64, Duration)| {
            throttle.learn(*live, *behind);
            throttle.rest
        };
        seen.iter().map(learn).collect()
    }

    #[test]
    fn rests_get_longer_while_the_live_rows_are_behind_and_have_an_end() {
        let seen = [(1, LATE), (2, LATE), (3, LATE), (4, LATE), (5, LATE), (6, LATE)];
        assert_eq!(rests(&seen), [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]);
    }

    #[test]
    fn rests_get_shorter_and_end_when_the_live_rows_have_caught_up() {
        let seen = [(1, LATE), (2, LATE), (3, PROMPT), (4, PROMPT), (5, PROMPT)];
        assert_eq!(rests(&seen), [0.5, 1.0, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn rests_stay_as_they_are_in_between() {
        let between = Duration::from_millis(20);
        assert_eq!(rests(&[(1, LATE), (2, between), (3, between)]), [0.5, 0.5, 0.5]);
    }

    #[test]
    fn waiting_is_no_work_that_is_rested_from() {
        let mut throttle = Throttle { rest: 4.0, ..Throttle::new() };
        throttle.worked_from = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
        assert!(throttle.due() >= Duration::from_secs(240));
        throttle.begin();
        assert!(throttle.due() < Duration::from_secs(60));
    }

    #[test]
    fn live_rows_that_stand_still_keep_no_rebuild_waiting() {
        let hours = Duration::from_secs(7_200);
        assert_eq!(rests(&[(1, hours), (1, hours), (1, hours)]), [0.5, 0.0, 0.0]);
    }
}
