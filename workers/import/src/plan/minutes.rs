use std::sync::LazyLock;

use domain::Minutes;
use regex::Regex;

/// A time in a title: `30 min`, `20-30 minutes`, `1 h 30`, `90 seconds`.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(\d+(?:\.\d+)?)(?:\s*(?:-|–|to)\s*(\d+(?:\.\d+)?))?[\s-]*(hours?|hrs?|h|minutes?|mins?|min|seconds?|secs?|sec|s)\b(?:\s*(?:and\s*)?(\d{1,2})(?:\s*(?:minutes?|mins?|min|m))?(?:\s|$|[.,;)]))?")
        .expect("a valid pattern")
});

/// Signs that a time is a part of the session, not the whole of it.
static PART: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b\d+\s*[x×*]|[x×]\s*\d+|\brepeat|\btimes\b|\brest\b|\brecover|\blast\b|\bfirst\b|\d\s*-?\s*(?:km?|mi|miles?|m)\b|\{")
        .expect("a valid pattern")
});

/// How long a session is meant to take, when its title says so and nothing else.
///
/// A title with two times, with repeats or with a distance leaves it open which part the time is for.
/// Of a range the upper end counts, as it does for distances.
pub(super) fn minutes(title: &str) -> Option<Minutes> {
    let mut times = TIME.captures_iter(title);
    let time = times.next()?;
    if times.next().is_some() || PART.is_match(&TIME.replace(title, " ")) {
        return None;
    }
    let number: f64 = time.get(2).or(time.get(1))?.as_str().parse().ok()?;
    let more: f64 = time.get(4).and_then(|minutes| minutes.as_str().parse().ok()).unwrap_or(0.0);
    let minutes = match time.get(3)?.as_str().to_lowercase().as_bytes().first()? {
        b'h' => number * 60.0 + more,
        b'm' if time.get(4).is_none() => number,
        _ => return None,
    };
    Minutes::from_minutes(minutes.round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_time_is_the_sessions_length() {
        for (title, expected) in [
            ("30 min cross", 30),
            ("Run/walk 45 minutes", 45),
            ("Cross training, 20-30 min", 30),
            ("1 hour bike", 60),
            ("1.5 hours swim", 90),
            ("1 h 15 min hike", 75),
            ("90-minute easy run", 90),
            ("Easy run (40 mins)", 40),
        ] {
            assert_eq!(minutes(title).map(Minutes::minutes), Some(expected), "{title}");
        }
    }

    #[test]
    fn an_ambiguous_time_is_none() {
        for title in [
            "Rest",
            "Run 30 seconds, walk 30 seconds. Repeat 15 times",
            "Run 10 minutes, walk 60 seconds. Repeat 3 times",
            "6 x 2 minutes hard",
            "8 km with 20 minutes at threshold",
            "{8:12.9} with 20 minutes at threshold",
            "3 miles at HMP with 3 minutes recovery jog",
            "90 seconds rest",
            "Easy run, last 10 minutes faster",
            "400m repeats",
            "999999 min cross",
            "99999999999999999999999999 min cross",
        ] {
            assert_eq!(minutes(title), None, "{title}");
        }
    }
}
