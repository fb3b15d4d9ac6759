//! What templates get to read: the plan in the order of its pages, each value as a number to draw and as a text to print.

mod calendar;
mod figures;
mod workout;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use domain::plan_export::{Orientation, PrintOptions};
use serde::Serialize;

use self::calendar::{Month, months};
use self::figures::{Totals, Week, weeks};
use self::workout::{DoneRun, Workout};
use crate::messages::Messages;
use crate::quantity::Quantities;
use crate::words::{breakable, lines, shortened};
use crate::{PlanDocument, PrintedWorkout};

/// All that templates read of a plan.
#[derive(Serialize)]
pub(crate) struct PageData<'a> {
    options: Options<'a>,
    messages: &'a Messages,
    plan: Plan,
    runner: Option<String>,
    as_of: Date,
    version: i64,
    live_url: Option<&'a str>,
    has_qr_code: bool,
    weeks: Vec<Week>,
    months: Vec<Month>,
    without_day: Vec<Workout>,
    key_workouts: Vec<Workout>,
    more_key_workouts: usize,
    /// The types of workouts there are, in the order of the legend.
    types: Vec<&'static str>,
    totals: Totals,
}

#[derive(Serialize)]
struct Options<'a> {
    template: &'a str,
    paper: &'a str,
    orientation: Option<&'a str>,
    units: &'a str,
    language: &'a str,
    week_start: &'a str,
    accent_color: &'a str,
    title: Option<String>,
    logo: Option<String>,
}

#[derive(Serialize)]
struct Plan {
    name: String,
    /// For the document's properties, without places to break.
    plain_name: String,
    name_lines: u32,
    short_name: String,
    description: Option<String>,
    short_description: Option<String>,
    status: &'static str,
    start: Date,
    end: Date,
    goal_date: Option<Date>,
    goal_distance: Option<String>,
    days: i64,
}

/// A day as text, and in parts.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Date {
    iso: String,
    text: String,
    short: String,
    weekday: String,
    weekday_short: String,
    year: i32,
    month: u32,
    day: u32,
}

impl Date {
    pub(crate) fn of(day: NaiveDate, messages: &Messages) -> Self {
        Self {
            iso: day.to_string(),
            text: messages.date(day),
            short: messages.date_short(day),
            weekday: messages.weekday(day).to_owned(),
            weekday_short: messages.weekday_short(day).to_owned(),
            year: day.year(),
            month: day.month(),
            day: day.day(),
        }
    }
}

/// The most workouts that an overview names.
const MOST_KEY_WORKOUTS: usize = 10;

/// How wide a word may be before it may break, in the font's size.
const HEADING_EMS: f32 = 16.0;
const TEXT_EMS: f32 = 30.0;

impl<'a> PageData<'a> {
    pub(crate) fn of(
        document: &'a PlanDocument,
        options: &'a PrintOptions,
        logo: Option<String>,
        has_qr_code: bool,
    ) -> Self {
        let messages = Messages::of(options.language);
        let quantities = Quantities { units: options.units, messages };
        let today = document.as_of.date_naive();
        let printed = in_order(&document.workouts);
        let runs = DoneRun::by_workout(&document.runs);
        let show = |workout: &&PrintedWorkout| Workout::of(workout, &runs, &quantities, today);
        let live_url = document.live_url.as_deref().filter(|url| is_link(url));
        let weeks = weeks(document, &printed, &show, &quantities);
        let key = figures::key_workouts(&printed);
        let title = options.branding.title.as_ref();
        let plan = &document.plan;
        Self {
            options: Options {
                template: options.template.as_str(),
                paper: options.paper.as_str(),
                orientation: options.orientation.map(Orientation::as_str),
                units: options.units.as_str(),
                language: options.language.as_str(),
                week_start: options.week_start.as_str(),
                accent_color: options
                    .branding
                    .accent_color
                    .as_ref()
                    .map_or("#0b5563", |color| color.as_str()),
                title: title.map(|title| breakable(title.as_str(), HEADING_EMS)),
                logo,
            },
            messages,
            plan: Plan {
                name: breakable(&plan.name, HEADING_EMS),
                plain_name: shortened(&breakable(&plan.name, f32::INFINITY), 255),
                name_lines: lines(&plan.name, HEADING_EMS),
                short_name: breakable(&shortened(&plan.name, 40), TEXT_EMS),
                description: filled(plan.description.as_deref())
                    .map(|text| breakable(text, TEXT_EMS)),
                short_description: filled(plan.description.as_deref())
                    .map(|text| breakable(&shortened(text, 240), TEXT_EMS)),
                status: plan.status.as_str(),
                start: Date::of(plan.start_date, messages),
                end: Date::of(plan.end_date, messages),
                goal_date: plan.goal_race_date.map(|day| Date::of(day, messages)),
                goal_distance: plan
                    .goal_race_distance_m
                    .map(|metres| quantities.distance_with_unit(metres.into())),
                days: (plan.end_date - plan.start_date).num_days() + 1,
            },
            runner: filled(document.runner.as_deref())
                .map(|name| breakable(&shortened(name, 80), TEXT_EMS)),
            as_of: Date::of(today, messages),
            version: document.version,
            live_url,
            has_qr_code,
            months: months(document, &printed, options.week_start, &show, messages),
            without_day: printed
                .iter()
                .filter(|workout| workout.scheduled_date.is_none())
                .map(show)
                .collect(),
            more_key_workouts: key.len().saturating_sub(MOST_KEY_WORKOUTS),
            key_workouts: figures::most_telling(key, MOST_KEY_WORKOUTS).iter().map(show).collect(),
            types: figures::types(&printed),
            totals: Totals::of(document, &printed, &weeks, &quantities, today),
            weeks,
        }
    }

    /// The file that templates read.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers make JSON")
    }
}

/// Only such an address is made a link.
pub(crate) fn is_link(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && !url.chars().any(|c| c.is_control() || c == ' ')
}

/// By day, then by name: the same pages whatever order they came in.
fn in_order(workouts: &[PrintedWorkout]) -> Vec<&PrintedWorkout> {
    let mut ordered = workouts.iter().collect::<Vec<_>>();
    ordered.sort_by_key(|workout| (workout.scheduled_date, workout.workout_id.0));
    ordered
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Workouts by their day.
pub(crate) fn by_day<'w>(
    printed: &[&'w PrintedWorkout],
) -> BTreeMap<NaiveDate, Vec<&'w PrintedWorkout>> {
    let mut days = BTreeMap::<_, Vec<_>>::new();
    for workout in printed {
        if let Some(day) = workout.scheduled_date {
            days.entry(day).or_default().push(*workout);
        }
    }
    days
}
