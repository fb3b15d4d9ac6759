use chrono::Days;
use domain::plan::WorkoutType;
use domain::plan_export::{Language, Units, WeekStart};

use typesetting::{Settings, Typesetter};

use crate::plans::{HOSTILE, day, hostile, marathon, plan, workout, year};
use crate::poppler::{info, squeezed, text};
use crate::{options, render};

#[test]
fn every_one_of_600_workouts_is_printed_once() {
    for template in ["weekly", "monthly"] {
        let document = year();
        let Some(text) = text(&render(&document, &options(template)).pdf) else { return };
        for workout in &document.workouts {
            assert_eq!(text.matches(&workout.name).count(), 1, "{} in {template}", workout.name);
        }
    }
}

#[test]
fn totals_of_weeks_are_those_of_the_workouts() {
    let document = marathon();
    let Some(text) = text(&render(&document, &options("weekly")).pdf) else { return };
    for first in document.plan.start_date.iter_weeks().take(16) {
        let within = |day| (first..first + Days::new(7)).contains(&day);
        let planned_m: u32 = document
            .workouts
            .iter()
            .filter(|workout| workout.scheduled_date.is_some_and(within))
            .filter_map(|workout| workout.distance_m)
            .sum();
        // As the API rounds: to two decimals.
        let km = format!("{}km", f64::from((planned_m + 5) / 10) / 100.0);
        assert!(text.contains(&format!("5workouts{km}")), "{first}: {km}");
    }
    let done_m: u32 = document.runs.iter().map(|run| run.distance_m).sum();
    let overview = render(&document, &options("overview"));
    let overview = crate::poppler::text(&overview.pdf).unwrap_or_default();
    let km = format!("{:.2}", f64::from(done_m) / 1000.0);
    assert!(overview.contains(&format!("{km}km")), "{km} in {overview}");
}

#[test]
fn what_would_be_code_elsewhere_is_printed_as_it_is() {
    let document = hostile();
    for template in ["weekly", "monthly", "overview"] {
        let rendered = render(&document, &options(template));
        assert!(rendered.accessible, "a character is in no font in {template}");
        let Some(text) = text(&rendered.pdf) else { return };
        assert!(!text.contains("root:x:"), "{template} read a file");
        if template == "overview" {
            // Names are shortened there.
            assert_eq!(rendered.pages, 1);
            continue;
        }
        for (at, code) in HOSTILE.iter().enumerate() {
            // Words of a line that goes from right to left are read from its left.
            let parts: Vec<_> = match at {
                9 | 10 => code.split_whitespace().collect(),
                _ => vec![code],
            };
            for part in parts {
                assert!(text.contains(&squeezed(part)), "text {at}, {part}, in {template}: {text}");
            }
        }
        assert_eq!(text.matches('🏃').count(), 255, "{template}");
        assert!(text.contains(&"M".repeat(255)), "{template}");
    }
}

#[test]
fn chinese_japanese_and_korean_are_in_the_shipped_fonts() {
    let names =
        ["ゆっくり走る", "慢跑十公里（晨）", "천천히 달리기, 뷁", "臺北馬拉松", "侘び寂び・ラン"];
    let mut document = plan("ランニング", day("2027-01-04"), 1);
    let first = Some(document.plan.start_date);
    for (at, name) in names.into_iter().enumerate() {
        document.workouts.push(workout(at, first, name, WorkoutType::EasyRun));
    }
    let rendered = render(&document, &options("weekly"));
    assert!(rendered.accessible, "a character is in no font");
    let Some(text) = text(&rendered.pdf) else { return };
    for name in names {
        assert!(text.contains(&squeezed(name)), "{name} in {text}");
    }
}

#[test]
fn what_no_shipped_font_has_is_set_in_one_of_the_systems() {
    // An ideograph of Japanese names.
    const RARE: &str = "\u{3402}";
    let Ok(found) = std::process::Command::new("fc-list").args([":charset=3402", "file"]).output()
    else {
        return;
    };
    let mut document = plan("Rare", day("2027-01-04"), 1);
    let first = Some(document.plan.start_date);
    document.workouts.push(workout(0, first, RARE, WorkoutType::EasyRun));
    assert!(!render(&document, &options("weekly")).accessible, "a shipped font has it");
    if found.stdout.is_empty() {
        eprintln!("skipped: no font of the system's has U+3402 (package fonts-noto-cjk has one)");
        return;
    }
    let typesetter = Typesetter::new(&Settings::default()).expect("the fonts are readable");
    let rendered = typesetter.render(&document, &options("weekly")).expect("a plan");
    assert!(rendered.accessible, "it is in no font");
    assert!(text(&rendered.pdf).is_none_or(|text| text.contains(RARE)));
}

#[test]
fn nobody_misses_a_rest_day() {
    let mut document = plan("Over", day("2027-01-04"), 1);
    let first = Some(document.plan.start_date);
    document.workouts.push(workout(0, first, "Feet up", WorkoutType::Rest));
    document.workouts.push(workout(1, first, "Round the lake", WorkoutType::EasyRun));
    let Some(text) = text(&render(&document, &options("weekly")).pdf) else { return };
    assert!(text.contains("Roundthelake(Missed)"), "{text}");
    assert!(text.contains("Feetup") && !text.contains("Feetup(Missed)"), "{text}");
}

#[test]
fn plans_with_little_in_them_are_printed() {
    let empty = plan("Nothing yet", day("2027-03-01"), 6);
    let mut one_day = plan("One day", day("2027-03-01"), 1);
    one_day.plan.end_date = one_day.plan.start_date;
    one_day.workouts.push(workout(0, Some(one_day.plan.start_date), "x", WorkoutType::Race));
    for template in ["weekly", "monthly", "overview"] {
        let rendered = render(&empty, &options(template));
        assert!(text(&rendered.pdf).is_none_or(|text| text.contains("noworkouts")), "{template}");
        let rendered = render(&one_day, &options(template));
        assert_eq!(rendered.pages, 1, "{template}");
    }
}

#[test]
fn an_overview_is_one_page_in_every_language() {
    let mut document = year();
    document.plan.name = "Ein Jahr ".repeat(28);
    for language in Language::ALL {
        let mut options = options("overview");
        options.language = *language;
        options.units = Units::Miles;
        let rendered = render(&document, &options);
        assert_eq!(rendered.pages, 1, "{language:?}");
        assert!(rendered.accessible, "{language:?}");
    }
}

#[test]
fn a_calendar_begins_with_the_chosen_day() {
    let mut options = options("monthly");
    options.language = Language::German;
    let document = plan("Kalender", day("2027-03-01"), 2);
    let Some(from_monday) = text(&render(&document, &options).pdf) else { return };
    options.week_start = WeekStart::Sunday;
    let from_sunday = text(&render(&document, &options).pdf).unwrap_or_default();
    assert!(from_monday.contains("MontagDienstag"), "{from_monday}");
    assert!(from_sunday.contains("SonntagMontag"), "{from_sunday}");
    assert!(from_sunday.contains("März2027"));
}

#[test]
fn a_pdf_says_what_it_is() {
    let Some(info) = info(&render(&marathon(), &options("overview")).pdf) else { return };
    for line in ["Spring marathon", "Ann Example", "Running Trainer", "Tagged:          yes"] {
        assert!(info.contains(line), "{line} in {info}");
    }
}
