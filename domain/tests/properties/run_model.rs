use domain::run::{Match, Run, RunCommand, RunDetails, RunError, RunRevision, Source};

use crate::commands::today;

/// A run as a runner would keep it on paper: no events, only how it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RunModel {
    /// Whether there ever was one.
    begun: bool,
    paper: Option<Paper>,
}

#[derive(Debug, Clone, PartialEq)]
struct Paper {
    source: (Source, Option<String>),
    details: RunDetails,
    /// When it began, as the runner's clock showed it.
    clock: Option<String>,
    matched: Option<Match>,
}

/// Why a command may be refused, without the details.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reason {
    NoRun,
    Taken,
    Invalid,
    MatchedWithAnother,
    NotMatched,
}

pub(crate) fn reason(refusal: &RunError) -> Reason {
    match refusal {
        RunError::NotFound => Reason::NoRun,
        RunError::AlreadyRecorded => Reason::Taken,
        RunError::Invalid(_) => Reason::Invalid,
        RunError::MatchedWith { .. } => Reason::MatchedWithAnother,
        RunError::NotMatched => Reason::NotMatched,
    }
}

impl RunModel {
    /// How a run is.
    pub(crate) fn of(run: &Run) -> Self {
        let paper = run.details().zip(run.source()).map(|(details, (source, id))| {
            Paper::new((source, id.map(str::to_owned)), details.clone(), run.matched())
        });
        Self { begun: run.was_born(), paper }
    }

    /// Does what a command says; or nothing, when there is a reason against it.
    pub(crate) fn obey(&mut self, command: &RunCommand) -> Option<Reason> {
        if let RunCommand::Record(record) = command {
            if self.begun {
                return Some(Reason::Taken);
            }
            if !is_valid(&record.details) {
                return Some(Reason::Invalid);
            }
            let source = (record.source, record.external_id.clone());
            *self =
                Self { begun: true, paper: Some(Paper::new(source, record.details.clone(), None)) };
            return None;
        }
        let Some(paper) = &mut self.paper else { return Some(Reason::NoRun) };
        match (command, paper.matched) {
            (RunCommand::Record(_), _) => None,
            (RunCommand::Delete(_), _) => {
                self.paper = None;
                None
            }
            (RunCommand::Match(with), Some(matched)) if with.with != matched => {
                Some(Reason::MatchedWithAnother)
            }
            (RunCommand::Match(with), _) => {
                paper.matched = Some(with.with);
                None
            }
            (RunCommand::Unmatch(_), None) => Some(Reason::NotMatched),
            (RunCommand::Unmatch(_), Some(_)) => {
                paper.matched = None;
                None
            }
            (RunCommand::Correct(correct), matched) => {
                let details = corrected(paper.details.clone(), correct.revision.clone());
                if !is_valid(&details) {
                    return Some(Reason::Invalid);
                }
                *paper = Paper::new(paper.source.clone(), details, matched);
                None
            }
        }
    }
}

impl Paper {
    fn new(source: (Source, Option<String>), details: RunDetails, matched: Option<Match>) -> Self {
        let clock = details.started_at.map(|at| at.to_rfc3339());
        Self { source, details, clock, matched }
    }
}

/// The rules between what a run says of itself, written out once more: whether the domain has them right is not
/// for the domain to say.
pub(crate) fn is_valid(details: &RunDetails) -> bool {
    let days_ahead = (details.actual_date - today()).num_days();
    let day = details.actual_date.to_string();
    let is_of_its_day = match details.started_at {
        Some(at) => at.to_rfc3339().starts_with(&day),
        None => true,
    };
    // 2:00/km are 120 milliseconds a metre, 60:00/km are 3,600.
    let metres = i64::from(details.distance_m.metres());
    let milliseconds = i64::from(details.duration_s.seconds()) * 1_000;
    let is_on_foot = milliseconds >= 120 * metres && milliseconds <= 3_600 * metres;
    let is_most_most = match (details.average_heart_rate, details.max_heart_rate) {
        (Some(average), Some(most)) => average.bpm() <= most.bpm(),
        _one_or_none => true,
    };
    days_ahead <= 1 && is_of_its_day && is_on_foot && is_most_most
}

fn corrected(mut details: RunDetails, revision: RunRevision) -> RunDetails {
    let day_before = details.actual_date;
    if let Some(Some(at)) = revision.started_at {
        details.actual_date = at.date_naive();
    }
    if let Some(day) = revision.actual_date {
        details.actual_date = day;
    }
    if details.actual_date != day_before {
        // It was another day, so it did not begin then.
        details.started_at = None;
    }
    set(&mut details.started_at, revision.started_at);
    set(&mut details.distance_m, revision.distance_m);
    set(&mut details.duration_s, revision.duration_s);
    set(&mut details.average_heart_rate, revision.average_heart_rate);
    set(&mut details.max_heart_rate, revision.max_heart_rate);
    set(&mut details.elevation_gain_m, revision.elevation_gain_m);
    set(&mut details.perceived_effort, revision.perceived_effort);
    set(&mut details.is_race, revision.is_race);
    set(&mut details.notes, revision.notes);
    details
}

fn set<T>(field: &mut T, to: Option<T>) {
    if let Some(to) = to {
        *field = to;
    }
}
