use serde_json::{Map, Value};

use super::activity::{Activity, is_run};
use super::moment::{Moment, instant, local};
use super::{Place, Row, RunOptions};
use crate::cut::cut;

/// Reads one entry of a JSON list of activities.
pub(super) fn row(place: Place, entry: &[u8], options: &RunOptions) -> Row {
    let fields: Map<String, Value> = match serde_json::from_slice(entry) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Row::Bad { place, reason: "the entry is not an object".to_owned() },
        Err(error) => {
            return Row::Bad {
                place,
                reason: format!("the entry is not JSON: {}", without_line(&error)),
            };
        }
    };
    match text(&fields, "type") {
        Ok(Some(activity_type)) if !is_run(&activity_type) => {
            Row::Skipped { place, reason: cut(&activity_type, 40) }
        }
        Ok(Some(_)) => {
            match activity(&fields, options).and_then(|activity| activity.record(options)) {
                Ok(command) => Row::Run { place, command: Box::new(command) },
                Err(reason) => Row::Bad { place, reason },
            }
        }
        Ok(None) => Row::Bad { place, reason: "`type` is missing".to_owned() },
        Err(reason) => Row::Bad { place, reason },
    }
}

fn activity(fields: &Map<String, Value>, options: &RunOptions) -> Result<Activity, String> {
    Ok(Activity {
        id: id(fields)?,
        moment: moment(fields, options)?,
        distance_m: number(fields, "distance")?.ok_or("`distance` is missing")?,
        moving_time_s: moving_time(fields)?,
        average_heart_rate: number(fields, "average_heartrate")?,
        max_heart_rate: number(fields, "max_heartrate")?,
        elevation_gain_m: number(fields, "elevation_gain")?,
        perceived_effort: number(fields, "perceived_exertion")?,
        notes: text(fields, "name")?.unwrap_or_default(),
    })
}

fn id(fields: &Map<String, Value>) -> Result<String, String> {
    match fields.get("run_id") {
        Some(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
        Some(Value::String(text)) => Ok(text.trim().to_owned()),
        None | Some(Value::Null) => Err("`run_id` is missing".to_owned()),
        Some(_) => Err("`run_id` is neither a whole number nor a text".to_owned()),
    }
}

fn moment(fields: &Map<String, Value>, options: &RunOptions) -> Result<Moment, String> {
    let utc = match text(fields, "start_date")? {
        Some(utc) => Some(
            instant(&utc).ok_or_else(|| format!("`start_date` is not a time: {}", shown(&utc)))?,
        ),
        None => None,
    };
    match (text(fields, "start_date_local")?, utc) {
        (Some(clock), utc) => {
            let clock = local(&clock)
                .ok_or_else(|| format!("`start_date_local` is not a time: {}", shown(&clock)))?;
            Ok(Moment::local(clock, utc, options.offset))
        }
        (None, Some((utc, _))) => Ok(Moment::in_utc(utc, options.offset)),
        (None, None) => Err("`start_date_local` is missing".to_owned()),
    }
}

/// Seconds, or `H:MM:SS`, of long runs also `1 day, H:MM:SS`.
fn moving_time(fields: &Map<String, Value>) -> Result<f64, String> {
    match fields.get("moving_time") {
        Some(Value::Number(seconds)) => {
            seconds.as_f64().ok_or_else(|| "`moving_time` is no number".to_owned())
        }
        Some(Value::String(clock)) => seconds_of(clock)
            .ok_or_else(|| format!("`moving_time` is not H:MM:SS: {}", shown(clock))),
        None | Some(Value::Null) => Err("`moving_time` is missing".to_owned()),
        Some(_) => Err("`moving_time` is neither seconds nor H:MM:SS".to_owned()),
    }
}

fn seconds_of(clock: &str) -> Option<f64> {
    let (days, clock) = match clock.trim().split_once(',') {
        Some((days, clock)) => {
            (days.trim_end_matches(['s', 'y', 'a', 'd', ' ']).parse::<u16>().ok()?, clock.trim())
        }
        None => (0, clock.trim()),
    };
    let mut parts = clock.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds: f64 = seconds.parse().ok()?;
    let real = parts.next().is_none() && minutes < 60 && (0.0..60.0).contains(&seconds);
    real.then(|| {
        f64::from(days) * 86_400.0
            + f64::from(hours) * 3_600.0
            + f64::from(minutes) * 60.0
            + seconds
    })
}

fn number(fields: &Map<String, Value>, name: &str) -> Result<Option<f64>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(_) => Err(format!("`{name}` is not a number")),
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{name}` is not a text")),
    }
}

/// A text from the file, short enough for a message.
fn shown(text: &str) -> String {
    format!("{:?}", cut(text, 40))
}

/// The message alone: its line counts from the entry's beginning, not the file's.
fn without_line(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split_once(" at line ").map_or(message.clone(), |(message, _)| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_time_is_read() {
        for (clock, seconds) in [
            ("0:25:56", 1_556.0),
            ("12:00:00", 43_200.0),
            ("1:02:03.5", 3_723.5),
            ("1 day, 2:03:04", 93_784.0),
            ("2 days, 0:00:01", 172_801.0),
        ] {
            assert_eq!(seconds_of(clock), Some(seconds), "{clock}");
        }
        for clock in [
            "",
            "25:56",
            "0:60:00",
            "0:00:60",
            "0:00:-1",
            "0:00:NaN",
            "a:b:c",
            "0:25:56:00",
            "x days, 0:00:01",
        ] {
            assert_eq!(seconds_of(clock), None, "{clock}");
        }
    }
}
