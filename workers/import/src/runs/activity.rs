use domain::run::{RecordRun, RunDetails, Source, average_pace};
use domain::{
    Distance, Elevation, FieldViolation, Heartbeat, Name, PerceivedEffort, RunId, Seconds, Text,
};

use super::RunOptions;
use super::moment::Moment;
use crate::cut::cut;

/// What a row says of a run, in the file's own numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Activity {
    /// Its id at Strava, where all these files come from.
    pub(super) id: String,
    pub(super) moment: Moment,
    pub(super) distance_m: f64,
    pub(super) moving_time_s: f64,
    pub(super) average_heart_rate: Option<f64>,
    pub(super) max_heart_rate: Option<f64>,
    pub(super) elevation_gain_m: Option<f64>,
    pub(super) perceived_effort: Option<f64>,
    pub(super) notes: String,
}

/// Whether an activity of this type is a run.
pub(super) fn is_run(activity_type: &str) -> bool {
    let letters: String = activity_type.chars().filter(|c| c.is_alphabetic()).collect();
    matches!(letters.to_lowercase().as_str(), "run" | "trailrun" | "virtualrun")
}

impl Activity {
    /// The command that records it, or why it cannot be recorded.
    pub(super) fn record(self, options: &RunOptions) -> Result<RecordRun, String> {
        Name::parse(&self.id).map_err(|violation| format!("the id {}", violation.message))?;
        let details = RunDetails {
            actual_date: self.moment.day,
            started_at: self.moment.at,
            distance_m: distance(self.distance_m)?,
            duration_s: duration(self.moving_time_s)?,
            average_heart_rate: heart_rate(self.average_heart_rate, "average heart rate")?,
            max_heart_rate: heart_rate(self.max_heart_rate, "maximum heart rate")?,
            elevation_gain_m: elevation(self.elevation_gain_m)?,
            perceived_effort: effort(self.perceived_effort)?,
            is_race: false,
            notes: notes(&self.notes),
        };
        let violations = details.violations(options.today, "moving_time");
        if !violations.is_empty() {
            return Err(reasons(&details, &violations));
        }
        Ok(RecordRun {
            run_id: RunId::imported(options.owner, "strava", &self.id),
            owner_id: options.owner,
            source: Source::File,
            external_id: Some(self.id),
            details,
            today: options.today,
            duration_field: "moving_time",
        })
    }
}

fn distance(metres: f64) -> Result<Distance, String> {
    if metres == 0.0 {
        return Err("the distance is zero".to_owned());
    }
    Distance::from_km(metres / 1000.0)
        .map_err(|violation| format!("the distance of {metres} m {} km", violation.message))
}

fn duration(seconds: f64) -> Result<Seconds, String> {
    if seconds == 0.0 {
        return Err("the moving time is zero".to_owned());
    }
    // Saturating: what no duration can be stays out of range.
    Seconds::from_seconds(seconds.round() as i64)
        .map_err(|violation| format!("the moving time of {seconds} s {} s", violation.message))
}

/// Zero means that none was measured.
fn heart_rate(bpm: Option<f64>, name: &str) -> Result<Option<Heartbeat>, String> {
    measured(bpm)
        .map(|bpm| Heartbeat::from_bpm(bpm.round() as i64))
        .transpose()
        .map_err(|violation| format!("the {name} {}", violation.message))
}

fn elevation(metres: Option<f64>) -> Result<Option<Elevation>, String> {
    metres
        .map(Elevation::from_metres)
        .transpose()
        .map_err(|violation| format!("the elevation gain {} m", violation.message))
}

/// Zero means that none was given.
fn effort(level: Option<f64>) -> Result<Option<PerceivedEffort>, String> {
    measured(level)
        .map(|level| PerceivedEffort::from_level(level.round() as i64))
        .transpose()
        .map_err(|violation| format!("the perceived exertion {}", violation.message))
}

fn measured(number: Option<f64>) -> Option<f64> {
    number.filter(|number| *number != 0.0)
}

/// As much of the notes as a run holds; what cannot be stored is left out of them.
fn notes(text: &str) -> Option<Text> {
    let text = text.replace('\0', "");
    Some(text.trim())
        .filter(|text| !text.is_empty())
        .and_then(|text| Text::parse(&cut(text, Text::MAX_CHARS)).ok())
}

fn reasons(details: &RunDetails, violations: &[FieldViolation]) -> String {
    let (metres, seconds) =
        (i64::from(details.distance_m.metres()), i64::from(details.duration_s.seconds()));
    let reason = |violation: &FieldViolation| match (violation.code, average_pace(metres, seconds))
    {
        ("implausible_pace", Some(pace)) => {
            format!("{metres} m in {seconds} s are {pace}, not between 2:00/km and 60:00/km")
        }
        ("in_the_future", _) => format!("{} is in the future", details.actual_date),
        (_, _) => violation.to_string(),
    };
    violations.iter().map(reason).collect::<Vec<_>>().join("; ")
}
