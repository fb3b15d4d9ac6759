use simulation::Chance;

/// How bad it gets in one run, in per cent. Many runs have only one kind of trouble, or none.
pub(super) struct Weather {
    /// Of what is asked, and of answers.
    pub(super) lost: u64,
    pub(super) late: u64,
    pub(super) kills: u64,
    pub(super) suspensions: u64,
    /// Sessions are ended, and leases lost, without anybody noticing.
    pub(super) ended_sessions: u64,
    pub(super) exchanges: u64,
    pub(super) pauses: u64,
}

impl Weather {
    pub(super) fn of(chance: &mut Chance) -> Self {
        let mut often = |most| if chance.percent(50) { 0 } else { chance.between(1, most) };
        Self {
            lost: often(5),
            late: often(12),
            kills: often(15),
            suspensions: often(15),
            ended_sessions: often(15),
            exchanges: often(8),
            pauses: often(8),
        }
    }
}
