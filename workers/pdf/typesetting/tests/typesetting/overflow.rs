//! Nothing runs into anything else, nor off the paper.

use chrono::Days;
use domain::plan::WorkoutType;
use domain::plan_export::{Language, Paper, Units};

use crate::plans::{day, hostile, plan, workout};
use crate::poppler::{Word, words};
use crate::{options, render};

/// How much the boxes of two words may share, in points: kerning, and the slant of a letter.
const SHARED: f64 = 0.6;

fn assert_apart(what: &str, words: &[Word]) {
    for (at, word) in words.iter().enumerate() {
        assert!(word.is_on_paper(), "{what}: {word:?} is off the paper");
        for other in &words[at + 1..] {
            assert!(word.shared_with(other) <= SHARED, "{what}: {word:?} runs into {other:?}");
        }
    }
}

#[test]
fn the_widest_figures_have_room() {
    let mut document = plan("Ultra", day("2027-03-01"), 2);
    for at in 0..14 {
        let on = document.plan.start_date + Days::new(at as u64);
        let mut widest = workout(at, Some(on), &"Iller ".repeat(20), WorkoutType::LongRun);
        widest.distance_m = Some(199_990 - at as u32 * 10);
        widest.duration_minutes = Some(23 * 60 + 59);
        widest.target_pace_fast_s_per_km = Some(11 * 60 + 48);
        widest.target_pace_slow_s_per_km = Some(12 * 60 + 24);
        document.workouts.push(widest);
    }
    for template in ["weekly", "monthly", "overview"] {
        for paper in Paper::ALL {
            for units in Units::ALL {
                for language in [Language::English, Language::German, Language::French] {
                    let mut options = options(template);
                    (options.paper, options.units, options.language) = (*paper, *units, language);
                    let Some(words) = words(&render(&document, &options).pdf) else { return };
                    let what = format!("{template} {paper:?} {units:?} {language:?}");
                    assert_apart(&what, &words);
                    // On an overview weeks are counted as `1 / 2`.
                    let torn = words.iter().find(|word| word.text.ends_with('/'));
                    assert!(torn.is_none() || template == "overview", "{what}: {torn:?}");
                }
            }
        }
    }
}

#[test]
fn the_longest_names_have_room() {
    let document = hostile();
    for template in ["weekly", "monthly", "overview"] {
        let Some(words) = words(&render(&document, &options(template)).pdf) else { return };
        for word in &words {
            assert!(word.is_on_paper(), "{template}: {word:?} is off the paper");
        }
    }
}
