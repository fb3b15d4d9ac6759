use std::time::Duration;

use simulation::Chance;

/// How bad it gets in one run, in per cent. Many runs have only one kind of trouble, or none.
pub(super) struct Weather {
    /// Of what is asked, and of answers.
    pub(super) lost: u64,
    pub(super) late: u64,
    pub(super) twice: u64,
    pub(super) kills: u64,
    pub(super) suspensions: u64,
    /// A relay loses the lead without noticing.
    pub(super) depositions: u64,
    pub(super) strangers: u64,
    pub(super) purges: u64,
    /// The server loses its store, and with it the stream.
    pub(super) wipes: u64,
    /// Somebody deletes the stream while messages are on their way.
    pub(super) deletions: u64,
    /// The stream loses its last messages.
    pub(super) power_cuts: u64,
    /// JetStream is started again, with the stream that it had.
    pub(super) restarts: u64,
    pub(super) erasures: u64,
    pub(super) consumers_lost: u64,
    /// A follower's owner stops waiting for it.
    pub(super) interruptions: u64,
}

impl Weather {
    pub(super) fn of(chance: &mut Chance) -> Self {
        let mut often = |most| if chance.percent(50) { 0 } else { chance.between(1, most) };
        let weather = Self {
            lost: often(12),
            late: often(12),
            twice: often(20),
            kills: often(6),
            suspensions: often(10),
            depositions: often(20),
            strangers: often(6),
            purges: often(4),
            wipes: often(4),
            deletions: often(4),
            power_cuts: often(4),
            restarts: often(6),
            erasures: often(10),
            consumers_lost: often(10),
            interruptions: often(30),
        };
        match weather.deletions {
            0 => weather,
            // The server knows no id when it is restarted, or when the last message is a stranger's; a message that was
            // sent before it knew one again, and comes late into a stream that was deleted and filled since, is what
            // docs/GUARANTEES.md does not promise.
            _ => Self { restarts: 0, power_cuts: 0, wipes: 0, strangers: 0, ..weather },
        }
    }
}

/// What becomes of what is asked on its way.
pub(super) enum Fate {
    Arrives,
    Lost,
    AnswerLost,
    Late(Duration),
    Twice(Duration),
}

impl Weather {
    pub(super) fn fate(&self, chance: &mut Chance) -> Fate {
        let mut drawn = chance.below(100) as i64;
        let mut is = |often: u64| {
            drawn -= often as i64;
            drawn < 0
        };
        let (lost, answer_lost) = (is(self.lost / 2), is(self.lost / 2));
        let (late, twice) = (is(self.late), is(self.twice));
        let delay = Duration::from_millis(*chance.pick(&[5, 90, 110, 600, 3_500]));
        match (lost, answer_lost, late, twice) {
            (true, ..) => Fate::Lost,
            (_, true, ..) => Fate::AnswerLost,
            (.., true, _) => Fate::Late(delay),
            (.., true) => Fate::Twice(delay),
            _fine => Fate::Arrives,
        }
    }
}
