use std::cmp::Reverse;

use event_store::holders;
use sqlx::PgConnection;

use super::{Parts, Share, job, standing_by};
use crate::Projection;

/// How a projection's work is divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Situation {
    pub(crate) shares: Vec<Share>,
    /// How many projectors have no share.
    pub(crate) standing_by: usize,
}

/// What the projector of a share should do about the division.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// Nothing.
    Stay,
    /// Give half of its parts to one that has none.
    GiveHalf,
    /// Take on a share that nobody has.
    TakeOn(i16),
}

impl Situation {
    /// Whether there is such a share.
    pub(crate) fn has(&self, share: i16) -> bool {
        self.shares.iter().any(|seen| seen.number == share)
    }

    /// What is up to the projector of `mine`. Two that look at the same situation never both act.
    pub(crate) fn move_of(&self, mine: i16) -> Move {
        let held = self.shares.iter().filter(|seen| seen.is_held || seen.number == mine);
        let free = || self.shares.iter().filter(|seen| !seen.is_held && seen.number != mine);
        if self.standing_by > 0 {
            let largest = held
                .max_by_key(|seen| (seen.parts.count(), Reverse(seen.number)))
                .filter(|seen| seen.parts.count() > 1);
            // One that is free is for those who stand by.
            return match largest {
                Some(largest) if largest.number == mine && free().count() < self.standing_by => {
                    Move::GiveHalf
                }
                _ => Move::Stay,
            };
        }
        let smallest = held.min_by_key(|seen| (seen.parts.count(), seen.number));
        match (smallest, free().min_by_key(|seen| seen.number)) {
            (Some(smallest), Some(free)) if smallest.number == mine => Move::TakeOn(free.number),
            _ => Move::Stay,
        }
    }
}

/// Looks how the work of a projection is divided now.
pub(crate) async fn situation(
    connection: &mut PgConnection,
    projection: Projection,
) -> sqlx::Result<Situation> {
    let rows = sqlx::query!(
        "select share, parts, position from projector.checkpoints where projection = $1 and generation = 'live' order by share",
        projection.name(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut jobs: Vec<String> = rows.iter().map(|row| job(projection, row.share)).collect();
    jobs.push(standing_by(projection));
    let mut alive = holders(connection, &jobs).await?;
    let standing_by = usize::try_from(alive.pop().unwrap_or_default()).unwrap_or_default();
    let shares = rows.into_iter().zip(alive).map(|(row, holders)| Share {
        number: row.share,
        parts: Parts::from_bits(row.parts),
        position: row.position,
        is_held: holders > 0,
    });
    Ok(Situation { shares: shares.collect(), standing_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A division: the number, size and holder of each share, and how many stand by.
    fn division(shares: &[(i16, u32, bool)], standing_by: usize) -> Situation {
        let share = |(number, size, is_held): &(i16, u32, bool)| Share {
            number: *number,
            parts: Parts::from_bits(((1_u128 << size) - 1) as i64),
            position: 0,
            is_held: *is_held,
        };
        Situation { shares: shares.iter().map(share).collect(), standing_by }
    }

    #[test]
    fn alone_there_is_nothing_to_do() {
        assert_eq!(division(&[(0, 64, true)], 0).move_of(0), Move::Stay);
    }

    #[test]
    fn who_has_most_gives_half_to_who_stands_by() {
        let three = division(&[(0, 16, true), (1, 32, true), (2, 16, true)], 1);
        assert_eq!(
            [0, 1, 2].map(|mine| three.move_of(mine)),
            [Move::Stay, Move::GiveHalf, Move::Stay]
        );
        let equal = division(&[(0, 32, true), (1, 32, true)], 1);
        assert_eq!([0, 1].map(|mine| equal.move_of(mine)), [Move::GiveHalf, Move::Stay]);
    }

    #[test]
    fn what_is_free_is_for_who_stands_by() {
        let free = division(&[(0, 32, true), (1, 32, false)], 1);
        assert_eq!(free.move_of(0), Move::Stay);
        let not_enough = division(&[(0, 32, true), (1, 32, false)], 2);
        assert_eq!(not_enough.move_of(0), Move::GiveHalf);
    }

    #[test]
    fn a_single_part_is_not_divided() {
        assert_eq!(division(&[(0, 1, true)], 1).move_of(0), Move::Stay);
    }

    #[test]
    fn who_has_least_takes_on_what_is_left_behind() {
        let left = division(&[(0, 32, true), (1, 16, true), (2, 16, false)], 0);
        assert_eq!([0, 1].map(|mine| left.move_of(mine)), [Move::Stay, Move::TakeOn(2)]);
        let equal = division(&[(0, 16, false), (1, 16, true), (2, 16, true), (3, 16, false)], 0);
        assert_eq!([1, 2].map(|mine| equal.move_of(mine)), [Move::TakeOn(0), Move::Stay]);
    }

    #[test]
    fn a_lease_that_seems_to_be_gone_is_still_mine() {
        let lost = division(&[(0, 32, false), (1, 32, true)], 0);
        assert_eq!([0, 1].map(|mine| lost.move_of(mine)), [Move::Stay, Move::TakeOn(0)]);
    }
}
