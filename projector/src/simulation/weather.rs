use std::time::Duration;

use simulation::Chance;

use super::rows::Poison;

/// How bad it gets in one run, in per cent. Many runs have only one kind of trouble, or none.
#[derive(Default)]
pub(super) struct Weather {
    /// Of what is asked, and of answers.
    lost: u64,
    pub(super) slow: u64,
    /// What is asked is done when nobody waits for it any more.
    late: u64,
    /// A step of a checkpoint is carried out twice.
    twice: u64,
    /// Of messages, which come out of order then.
    pub(super) messages_lost: u64,
    messages_late: u64,
    messages_twice: u64,
    pub(super) consumers_lost: u64,
    pub(super) kills: u64,
    pub(super) suspensions: u64,
    /// Sessions are ended, and leases lost, without anybody noticing.
    pub(super) ended_sessions: u64,
    pub(super) exchanges: u64,
    pub(super) pauses: u64,
    /// Of events: they cannot be applied.
    poisons: u64,
    /// A newer program can apply some of them.
    pub(super) mends: u64,
    /// An operator decides about a parked stream.
    pub(super) decisions: u64,
}

/// What becomes of what is asked.
pub(super) enum Fate {
    Arrives,
    Lost,
    AnswerLost,
    /// Its sender gives up on it before it arrives.
    Late {
        noticed_after: Duration,
        after: Duration,
    },
    /// It is carried out once more, as much later.
    Twice(Duration),
}

impl Weather {
    pub(super) fn of(chance: &mut Chance) -> Self {
        let mut often = |most| if chance.percent(50) { 0 } else { chance.between(1, most) };
        Self {
            lost: often(5),
            slow: often(12),
            late: often(5),
            twice: often(10),
            messages_lost: often(15),
            messages_late: often(25),
            messages_twice: often(25),
            consumers_lost: often(15),
            kills: often(15),
            suspensions: often(15),
            ended_sessions: often(15),
            exchanges: often(8),
            pauses: often(8),
            poisons: often(12),
            mends: often(20),
            decisions: often(40),
        }
    }

    pub(super) fn fate(&self, chance: &mut Chance, may_come_twice: bool) -> Fate {
        let mut drawn = chance.below(100) as i64;
        let mut is = |often: u64| {
            drawn -= often as i64;
            drawn < 0
        };
        if is(self.lost / 2) {
            Fate::Lost
        } else if is(self.lost - self.lost / 2) {
            Fate::AnswerLost
        } else if is(self.late) {
            let noticed_after = Duration::from_millis(*chance.pick(&[1, 10, 500]));
            let after = Duration::from_millis(*chance.pick(&[2, 90, 510, 520, 1_100, 6_000]));
            Fate::Late { noticed_after, after }
        } else if may_come_twice && is(self.twice) {
            Fate::Twice(Duration::from_millis(*chance.pick(&[1, 5, 30, 700, 6_000])))
        } else {
            Fate::Arrives
        }
    }

    /// How long each copy of a message is on its way.
    pub(super) fn deliveries(&self, chance: &mut Chance) -> Vec<Duration> {
        let late = |chance: &mut Chance| *chance.pick(&[6, 20, 90, 600, 3_500]);
        let mut ways = vec![chance.between(1, 5)];
        if chance.percent(self.messages_lost) {
            ways.clear();
        } else if chance.percent(self.messages_late) {
            ways[0] = late(chance);
        }
        if chance.percent(self.messages_twice) {
            ways.push(late(chance));
        }
        ways.into_iter().map(Duration::from_millis).collect()
    }

    pub(super) fn poison(&self, chance: &mut Chance) -> Option<Poison> {
        let is_poison = chance.percent(self.poisons);
        is_poison.then(|| *chance.pick(&[Poison::Unreadable, Poison::DoesNotFit]))
    }
}
