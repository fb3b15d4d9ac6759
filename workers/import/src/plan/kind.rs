use domain::plan::WorkoutType;

use super::goal::Goal;

/// What kind of training a day is, as far as its own words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) workout_type: WorkoutType,
    /// Whether it is the week's long run if it is the week's longest.
    pub(super) may_be_long: bool,
}

impl Kind {
    fn is(workout_type: WorkoutType) -> Self {
        Self { workout_type, may_be_long: false }
    }

    /// A run of which nothing more is known.
    const RUN: Self = Self { workout_type: WorkoutType::EasyRun, may_be_long: true };
}

/// The tags of the form, the most telling first.
const TAGS: [(&str, WorkoutType); 8] = [
    ("Race", WorkoutType::Race),
    ("Rest", WorkoutType::Rest),
    ("Hills", WorkoutType::HillRepeats),
    ("Long Run", WorkoutType::LongRun),
    ("Speedwork", WorkoutType::Intervals),
    ("Cross Train", WorkoutType::CrossTraining),
    ("Easy Run", WorkoutType::EasyRun),
    ("Run", WorkoutType::EasyRun),
];

/// Whether the form knows this tag.
pub(super) fn is_tag(tag: &str) -> bool {
    TAGS.iter().any(|(known, _)| *known == tag)
}

/// The kind of a day: what its tags say, made finer by its title; without tags, what its title says.
pub(super) fn kind(title: &str, tags: &[String], goal: Option<Goal>) -> Kind {
    let said = from_title(title, goal);
    let Some((tag, tagged)) = TAGS.iter().find(|(tag, _)| tags.iter().any(|given| given == tag))
    else {
        return said;
    };
    let finer = match tagged {
        WorkoutType::Intervals => matches!(
            said.workout_type,
            WorkoutType::Tempo
                | WorkoutType::Fartlek
                | WorkoutType::HillRepeats
                | WorkoutType::RacePace
        ),
        WorkoutType::CrossTraining => said.workout_type == WorkoutType::Strength,
        WorkoutType::EasyRun if *tag == "Run" => is_run(said.workout_type),
        WorkoutType::EasyRun => said.workout_type == WorkoutType::Recovery,
        WorkoutType::Recovery
        | WorkoutType::LongRun
        | WorkoutType::Tempo
        | WorkoutType::HillRepeats
        | WorkoutType::Fartlek
        | WorkoutType::RacePace
        | WorkoutType::Race
        | WorkoutType::Strength
        | WorkoutType::Rest => false,
    };
    if finer {
        said
    } else if *tag == "Run" {
        Kind::RUN
    } else {
        Kind::is(*tagged)
    }
}

fn is_run(workout_type: WorkoutType) -> bool {
    !matches!(workout_type, WorkoutType::CrossTraining | WorkoutType::Strength | WorkoutType::Rest)
}

/// The kind a title tells, by its words, the most telling first.
fn from_title(title: &str, goal: Option<Goal>) -> Kind {
    let words = Words::of(title);
    if words.rest() {
        return Kind::is(WorkoutType::Rest);
    }
    if let Some(other_sport) = words.other_sport() {
        return Kind::is(other_sport);
    }
    if words.race() {
        return Kind::is(WorkoutType::Race);
    }
    if words.pair(&["long"], &["run", "slow", "easy"]) || words.any(&["lsd"]) {
        return Kind::is(WorkoutType::LongRun);
    }
    if words.hills() {
        return Kind::is(WorkoutType::HillRepeats);
    }
    if words.any(&["fartlek", "fartleks"]) {
        return Kind::is(WorkoutType::Fartlek);
    }
    if words.repeats() {
        return Kind::is(WorkoutType::Intervals);
    }
    if words.any(&["tempo", "threshold", "cruise"]) || words.pair(&["time"], &["trial"]) {
        return Kind::is(WorkoutType::Tempo);
    }
    if let Some(pace) = words.race_pace(goal) {
        return Kind::is(pace);
    }
    if words.any(&["recovery"]) {
        return Kind::is(WorkoutType::Recovery);
    }
    Kind::RUN
}

/// The words of a title, in lower case.
struct Words(Vec<String>);

impl Words {
    fn of(title: &str) -> Self {
        let title = title.replace('×', "x");
        let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        Self(words.map(str::to_lowercase).collect())
    }

    fn at(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }

    fn any(&self, wanted: &[&str]) -> bool {
        self.0.iter().any(|word| wanted.contains(&word.as_str()))
    }

    /// Whether one of `first` is followed by one of `then`.
    fn pair(&self, first: &[&str], then: &[&str]) -> bool {
        self.0
            .windows(2)
            .any(|pair| first.contains(&pair[0].as_str()) && then.contains(&pair[1].as_str()))
    }

    /// The places of a word.
    fn places<'a>(&'a self, wanted: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
        (0..self.0.len()).filter(|index| wanted.contains(&self.at(*index)))
    }

    fn rest(&self) -> bool {
        match (self.at(0), self.at(1)) {
            ("rest", _) | ("off", "" | "day" | "or") | ("day", "off") => true,
            (_, _) => false,
        }
    }

    /// Cross or strength training, when that comes before any running.
    fn other_sport(&self) -> Option<WorkoutType> {
        const RUNNING: [&str; 6] = ["run", "runs", "running", "jog", "tempo", "race"];
        for (index, word) in self.0.iter().enumerate() {
            match word.as_str() {
                "cross" if self.at(index + 1) == "country" => {}
                "cross" | "xt" | "bike" | "biking" | "cycle" | "cycling" | "ride" | "swim"
                | "swimming" | "elliptical" | "row" | "rowing" | "yoga" | "pilates" | "hike"
                | "hiking" => {
                    return Some(WorkoutType::CrossTraining);
                }
                "strength" | "weights" | "gym" | "core" => return Some(WorkoutType::Strength),
                "walk" | "walking" if !self.any(&RUNNING) => {
                    return Some(WorkoutType::CrossTraining);
                }
                word if RUNNING.contains(&word) => return None,
                _ => {}
            }
        }
        None
    }

    /// The race itself: not its pace, its simulation or what comes before it.
    fn race(&self) -> bool {
        const OF_A_RACE: [&str; 8] =
            ["pace", "effort", "simulation", "training", "prep", "week", "shakeout", "warm"];
        let race = self.places(&["race", "parkrun"]).any(|index| {
            let before = index.checked_sub(1).map_or("", |before| self.at(before));
            !OF_A_RACE.contains(&self.at(index + 1))
                && !["pre", "goal", "before", "at"].contains(&before)
        });
        let after_marathon = match (self.at(0), self.at(1)) {
            ("marathon", after) => Some(after),
            ("half", "marathon") => Some(self.at(2)),
            (_, _) => None,
        };
        race || after_marathon.is_some_and(|after| !OF_A_RACE.contains(&after))
    }

    fn hills(&self) -> bool {
        self.any(&["uphill"])
            || self.places(&["hill", "hills"]).any(|index| {
                let before = index.checked_sub(1).map_or("", |before| self.at(before));
                before != "rolling" && self.at(index + 1) != "course"
            })
    }

    /// Repeats with rests: `6 x 400m`, intervals. A few strides do not make an easy run hard, and a
    /// walk between runs is for beginners.
    fn repeats(&self) -> bool {
        if self.any(&["strides", "walk", "walking"]) {
            return false;
        }
        let times = |word: &str| {
            let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
            digits.len() < word.len() && digits.starts_with('x')
        };
        let counted = (1..self.0.len()).any(|index| {
            self.at(index) == "x" && self.at(index - 1).chars().all(|c| c.is_ascii_digit())
        });
        counted
            || self.0.iter().any(|word| times(word))
            || self.any(&[
                "interval",
                "intervals",
                "repeats",
                "reps",
                "speedwork",
                "speed",
                "track",
            ])
    }

    /// A run at a race's pace: race pace when it is the goal's or not said whose, else tempo.
    fn race_pace(&self, goal: Option<Goal>) -> Option<WorkoutType> {
        const RELAXED: [&str; 9] = [
            "easy",
            "comfortable",
            "conversational",
            "steady",
            "recovery",
            "slow",
            "relaxed",
            "aerobic",
            "talking",
        ];
        let mut found = None;
        for (index, word) in self.0.iter().enumerate() {
            let before = index.checked_sub(1).map_or("", |before| self.at(before));
            let named = match (word.as_str(), before) {
                ("mp", _) => Some(Some(Goal::Marathon)),
                ("hmp" | "hm", _) => Some(Some(Goal::HalfMarathon)),
                ("pace", "5k") => Some(Some(Goal::FiveK)),
                ("pace", "10k") => Some(Some(Goal::TenK)),
                ("pace" | "simulation", "marathon") => {
                    let half = index >= 2 && self.at(index - 2) == "half";
                    Some(Some(if half { Goal::HalfMarathon } else { Goal::Marathon }))
                }
                ("pace", before) if !RELAXED.contains(&before) => Some(None),
                (_, _) => None,
            };
            match named {
                Some(race) if race.is_none() || goal.is_none() || race == goal => {
                    return Some(WorkoutType::RacePace);
                }
                Some(_) => found = Some(WorkoutType::Tempo),
                None => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_tells_the_kind() {
        use WorkoutType::{
            CrossTraining, EasyRun, Fartlek, HillRepeats, Intervals, LongRun, Race, RacePace,
            Recovery, Rest, Strength, Tempo,
        };
        for (title, expected) in [
            ("Rest", Rest),
            ("Off Day", Rest),
            ("Rest or Easy Run", Rest),
            ("Off-road run", EasyRun),
            ("Cross", CrossTraining),
            ("30 min cross", CrossTraining),
            ("Cross Training or Strength Training", CrossTraining),
            ("Cross-country run", EasyRun),
            ("Strength and a short jog", Strength),
            ("Easy run, then core", EasyRun),
            ("Walk 5km", CrossTraining),
            ("Run 1km, walk 4km", EasyRun),
            ("Run 30 seconds, walk 30 seconds. Repeat 15 times", EasyRun),
            ("5-K Race", Race),
            ("Race Day!", Race),
            ("Half Marathon ({13.1:21.1})", Race),
            ("Marathon ({26.2:42.2})", Race),
            ("Pre-race shakeout", EasyRun),
            ("5 km at race pace", RacePace),
            ("12-14 mile Marathon Simulation (on rolling hill course)", RacePace),
            ("{5:8.1} pace", RacePace),
            ("6 km at an easy pace", EasyRun),
            ("4 miles at HMP", Tempo),
            ("2 miles at MP", RacePace),
            ("6 x 400m", Intervals),
            ("6x400m fast", Intervals),
            ("4 x mile at 10k Pace", Intervals),
            ("4 × 1000 m", Intervals),
            ("6 x (200m uphill at 10k Pace, 30 seconds rest, 200m downhill at MP)", HillRepeats),
            ("Hill sprints", HillRepeats),
            ("Easy run on a rolling hill course", EasyRun),
            ("Fartlek 8 km", Fartlek),
            ("3 mile tempo at HMP", Tempo),
            ("Threshold 20 min", Tempo),
            ("Long run with the last 5 km at race pace", LongRun),
            ("Recovery run", Recovery),
            ("Easy 6 km with 4 x 100 m strides", EasyRun),
            ("{3:4.8} run", EasyRun),
            ("", EasyRun),
        ] {
            assert_eq!(kind(title, &[], Some(Goal::Marathon)).workout_type, expected, "{title}");
        }
    }

    #[test]
    fn the_goals_own_pace_is_race_pace() {
        assert_eq!(
            kind("4 miles at HMP", &[], Some(Goal::HalfMarathon)).workout_type,
            WorkoutType::RacePace
        );
        assert_eq!(kind("4 miles at MP", &[], Some(Goal::TenK)).workout_type, WorkoutType::Tempo);
        assert_eq!(kind("4 miles at MP", &[], None).workout_type, WorkoutType::RacePace);
    }

    #[test]
    fn tags_come_before_words() {
        let kind = |title: &str, tags: &[&str]| {
            let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            kind(title, &tags, None).workout_type
        };
        assert_eq!(kind("{8:12.9}", &["Long Run"]), WorkoutType::LongRun);
        assert_eq!(kind("Tempo 5 km", &["Easy Run"]), WorkoutType::EasyRun);
        assert_eq!(kind("Tempo 5 km", &["Speedwork"]), WorkoutType::Tempo);
        assert_eq!(kind("5 km", &["Speedwork"]), WorkoutType::Intervals);
        assert_eq!(kind("Gym", &["Cross Train"]), WorkoutType::Strength);
        assert_eq!(kind("Hilly loop", &["Run", "Hills"]), WorkoutType::HillRepeats);
        assert_eq!(kind("Fartlek", &["Run"]), WorkoutType::Fartlek);
        assert_eq!(kind("Cross the bridge", &["Run"]), WorkoutType::EasyRun);
        assert_eq!(kind("Fun in the park", &["Race"]), WorkoutType::Race);
        assert_eq!(kind("Fartlek", &["Unknown"]), WorkoutType::Fartlek);
    }
}
