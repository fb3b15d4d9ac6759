use std::time::Duration;

use simulation::Chance;

/// How bad it gets in one run, in per cent. Many runs have only one kind of trouble, or none.
pub(super) struct Weather {
    pub(super) requests_lost: u64,
    pub(super) answers_lost: u64,
    /// The way is cut, and the request is carried out all the same, later.
    pub(super) requests_late: u64,
    pub(super) refused_for_good: u64,
    pub(super) kills: u64,
    pub(super) suspensions: u64,
    pub(super) crashes_of_postgres: u64,
    pub(super) erasures: u64,
}

impl Weather {
    pub(super) fn of(chance: &mut Chance) -> Self {
        let mut often = |most| if chance.percent(40) { 0 } else { chance.between(1, most) };
        Self {
            requests_lost: often(30),
            answers_lost: often(40),
            requests_late: often(30),
            refused_for_good: often(5),
            kills: often(8),
            suspensions: often(10),
            crashes_of_postgres: often(8),
            erasures: often(30),
        }
    }
}

/// What becomes of one request on its way.
pub(super) enum Fate {
    Arrives {
        after: Duration,
        answered_after: Duration,
    },
    Lost {
        noticed_after: Duration,
    },
    AnswerLost {
        after: Duration,
        noticed_after: Duration,
    },
    /// Its sender gives up on it before it arrives.
    Late {
        noticed_after: Duration,
        after: Duration,
    },
    RefusedForGood,
}

impl Weather {
    pub(super) fn fate(&self, chance: &mut Chance) -> Fate {
        let travel = Duration::from_micros(chance.between(100, 4_000));
        let back = Duration::from_micros(chance.between(100, 4_000));
        let notice = Duration::from_millis(*chance.pick(&[1, 10, 500]));
        let mut drawn = chance.below(100) as i64;
        let mut is = |often: u64| {
            drawn -= often as i64;
            drawn < 0
        };
        if is(self.requests_lost / 4) {
            Fate::Lost { noticed_after: notice }
        } else if is(self.answers_lost) {
            Fate::AnswerLost { after: travel, noticed_after: notice }
        } else if is(self.requests_late / 3) {
            let late = Duration::from_millis(*chance.pick(&[2, 90, 110, 250, 2_000]));
            Fate::Late { noticed_after: notice, after: late }
        } else if is(self.refused_for_good) {
            Fate::RefusedForGood
        } else {
            Fate::Arrives { after: travel, answered_after: back }
        }
    }
}
