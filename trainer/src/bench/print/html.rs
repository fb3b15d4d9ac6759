use std::fmt::Write;

use chrono::Days;
use typesetting::PlanDocument;

const STYLE: &str = "@page { size: A4; margin: 16mm; @bottom-right { content: counter(page) } }
body { font: 9pt sans-serif }
table { width: 100%; border-collapse: collapse; break-inside: avoid }
th, td { border-bottom: 0.5pt solid #ccc; padding: 3pt; text-align: left }";

/// A plan as a program that has no typesetter would print it: for each week a table, with one row a day.
pub(super) fn table(document: &PlanDocument) -> String {
    let plan = &document.plan;
    let mut page = format!(
        "<!doctype html><meta charset=utf-8><title>{0}</title><style>{STYLE}</style><h1>{0}</h1>",
        plan.name
    );
    let weeks = plan.start_date.iter_weeks().take_while(|monday| *monday <= plan.end_date);
    for (number, monday) in (1..).zip(weeks) {
        let mut metres = 0;
        page += &format!("<h2>Week {number}</h2><table><tr>");
        for heading in ["Day", "Workout", "Distance", "Time", "Pace", "Done", "Notes"] {
            page += &format!("<th>{heading}");
        }
        for day in monday.iter_days().take_while(|day| *day < monday + Days::new(7)) {
            let theirs = document.workouts.iter().filter(|of| of.scheduled_date == Some(day));
            for workout in theirs {
                metres += workout.distance_m.unwrap_or(0);
                // Names here are our own.
                let text = workout.description.as_deref().unwrap_or_default();
                let km = workout.distance_m.map(|metres| f64::from(metres) / 1000.0);
                let km = km.map(|km| format!("{km:.2} km")).unwrap_or_default();
                let minutes = workout.duration_minutes.map(|minutes| format!("{minutes} min"));
                let pace = workout.target_pace_fast_s_per_km.map(minutes_and_seconds);
                let _ = write!(
                    page,
                    "<tr><td>{}<td><b>{}</b><br>{text}<td>{km}<td>{}<td>{}<td>☐<td>",
                    day.format("%a %-d %b"),
                    workout.name,
                    minutes.unwrap_or_default(),
                    pace.unwrap_or_default(),
                );
            }
        }
        page += &format!("</table><p>{:.2} km", f64::from(metres) / 1000.0);
    }
    page
}

fn minutes_and_seconds(seconds: u32) -> String {
    format!("{}:{:02}/km", seconds / 60, seconds % 60)
}
