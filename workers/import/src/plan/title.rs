use std::fmt;
use std::sync::LazyLock;

use domain::Name;
use regex::{Captures, Regex};

use super::Unit;
use crate::cut::cut;

/// `{3:4.8}`, miles and kilometres, or `{6}`, a number in the file's unit; with the unit word after
/// it, if the author wrote one.
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\{\s*(\d{1,4}(?:\.\d{1,4})?)\s*(?::\s*(\d{1,4}(?:\.\d{1,4})?)\s*)?\}(?:[\s-]*(?:miles?|mi|kilomet(?:er|re)s?|kms?|k)\b)?")
        .expect("a valid pattern")
});

/// A distance in words: `5-6 mile`, `10 km`.
static IN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(\d{1,4}(?:\.\d{1,4})?)(?:\s*(?:-|–|to)\s*(\d{1,4}(?:\.\d{1,4})?))?[\s-]*(miles?|mi|kilomet(?:er|re)s?|kms?|k)\b")
        .expect("a valid pattern")
});

/// What a day of the file is called, and what of it does not fit into a name.
#[derive(Debug, PartialEq)]
pub(super) struct Title {
    /// One line of at most 255 characters.
    pub(super) name: String,
    /// The whole title with its lines, where the name is not all of it.
    pub(super) full: Option<String>,
}

/// Renders a title for a runner who thinks in `unit`; the file's own numbers are in `units`.
pub(super) fn title(raw: &str, units: Unit, unit: Unit) -> Title {
    let rendered = render(raw, units, unit);
    let lines: Vec<_> = rendered.lines().map(words_of).filter(|line| !line.is_empty()).collect();
    let one_line = joined(&lines);
    let name = cut(&one_line, Name::MAX_CHARS);
    let full = (lines.len() > 1 || name != one_line).then(|| lines.join("\n"));
    Title { name, full }
}

/// Puts the numbers of every template into the runner's unit.
pub(super) fn render(raw: &str, units: Unit, unit: Unit) -> String {
    TEMPLATE
        .replace_all(raw, |template: &Captures<'_>| {
            let (Some(whole), Some(first)) = (template.get(0), template.get(1)) else {
                return String::new();
            };
            let (before, after) = (&raw[..whole.start()], &raw[whole.end()..]);
            if let Some(km) = template.get(2) {
                let number = match unit {
                    Unit::Mi => first.as_str(),
                    Unit::Km => km.as_str(),
                };
                return format!(
                    "{} {unit}",
                    number.parse().map_or_else(|_| number.to_owned(), plain)
                );
            }
            let number = first.as_str().parse().unwrap_or(0.0);
            let text = format!("{} {unit}", plain(units.to(unit, number)));
            // "5-6 mile Easy Run {6}": the whole distance again, at the end.
            let again = after.trim().is_empty() && !before.trim_end().ends_with('(');
            match again.then(|| said_anywhere(before)).flatten() {
                Some(said) if said.unit == unit && unit == units && said.high == number => {
                    String::new()
                }
                Some(_) if before.trim().contains('\n') => format!("({text} in all)"),
                Some(_) => format!("({text})"),
                None => text,
            }
        })
        .trim()
        .to_owned()
}

/// A distance that a title says in words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Said {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) unit: Unit,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low < self.high {
            write!(f, "{}-", plain(self.low))?;
        }
        write!(f, "{} {}", plain(self.high), self.unit)
    }
}

/// The distance a title opens with.
pub(super) fn said_first(text: &str) -> Option<Said> {
    said(
        IN_WORDS
            .captures(text.trim_start())
            .filter(|said| said.get(0).is_some_and(|said| said.start() == 0)),
    )
}

/// The distance a title says in words, whatever comes before.
fn said_anywhere(text: &str) -> Option<Said> {
    said(IN_WORDS.captures(text))
}

fn said(said: Option<Captures<'_>>) -> Option<Said> {
    let said = said?;
    let low = said.get(1)?.as_str().parse().ok()?;
    let high = said.get(2).map_or(Some(low), |high| high.as_str().parse().ok())?;
    let unit =
        if said.get(3)?.as_str().to_lowercase().starts_with('m') { Unit::Mi } else { Unit::Km };
    Some(Said { low, high, unit })
}

/// The miles and kilometres of every template that gives both.
pub(super) fn pairs(raw: &str) -> Vec<(f64, f64)> {
    let numbers = |template: Captures<'_>| {
        Some((template.get(1)?.as_str().parse().ok()?, template.get(2)?.as_str().parse().ok()?))
    };
    TEMPLATE.captures_iter(raw).filter_map(numbers).collect()
}

/// One decimal, and none when it is zero.
pub(super) fn plain(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn words_of(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn joined(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() {
            text.push_str(if text.ends_with([',', ':', ';', '.', '(', '!', '?']) {
                " "
            } else {
                ", "
            });
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_shown_in_the_runners_unit() {
        assert_eq!(render("{3:4.8} run", Unit::Mi, Unit::Km), "4.8 km run");
        assert_eq!(render("{3:4.8} run", Unit::Mi, Unit::Mi), "3 mi run");
        assert_eq!(render("{5:8.0} pace", Unit::Mi, Unit::Km), "8 km pace");
        assert_eq!(render("{8:12.9}", Unit::Mi, Unit::Km), "12.9 km");
        assert_eq!(
            render("Half Marathon ({13.1:21.1})", Unit::Mi, Unit::Km),
            "Half Marathon (21.1 km)"
        );
        // Pairs are miles and kilometres whatever the file's unit is.
        assert_eq!(render("{3:4.8} run", Unit::Km, Unit::Mi), "3 mi run");
    }

    #[test]
    fn a_single_number_is_in_the_files_unit() {
        assert_eq!(
            render("Easy {6} along the river", Unit::Mi, Unit::Km),
            "Easy 9.7 km along the river"
        );
        assert_eq!(render("Easy {6}", Unit::Km, Unit::Km), "Easy 6 km");
        assert_eq!(render("Easy {10}", Unit::Km, Unit::Mi), "Easy 6.2 mi");
    }

    #[test]
    fn a_distance_is_not_said_twice() {
        assert_eq!(render("5-6 mile Easy Run {6}", Unit::Mi, Unit::Mi), "5-6 mile Easy Run");
        assert_eq!(render("7 mile Easy Run {7}", Unit::Mi, Unit::Mi), "7 mile Easy Run");
        assert_eq!(
            render("5-6 mile Easy Run {6}", Unit::Mi, Unit::Km),
            "5-6 mile Easy Run (9.7 km)"
        );
        assert_eq!(
            render("13 miles with strides {1}", Unit::Mi, Unit::Mi),
            "13 miles with strides (1 mi)"
        );
        assert_eq!(
            render("5-6 mile Easy Run ({6})", Unit::Mi, Unit::Km),
            "5-6 mile Easy Run (9.7 km)"
        );
    }

    #[test]
    fn a_unit_is_not_named_twice() {
        for raw in
            ["{3:4.8} km run", "{3:4.8}-mile run", "{3:4.8} miles run", "{3:4.8}k run", "{3}mi run"]
        {
            assert_eq!(render(raw, Unit::Mi, Unit::Km), "4.8 km run", "{raw}");
        }
        assert_eq!(render("{3:4.8} kilometres", Unit::Mi, Unit::Mi), "3 mi");
        assert_eq!(render("{3:4.8} kicks", Unit::Mi, Unit::Mi), "3 mi kicks");
    }

    #[test]
    fn what_is_no_template_stays() {
        for raw in [
            "Rest",
            "{}",
            "{a}",
            "{1:2:3}",
            "{99999}",
            "{-1}",
            "{{",
            "Walk 5km (slowly)",
            "{easy} 5",
            "{1.2.3}",
        ] {
            assert_eq!(render(raw, Unit::Km, Unit::Km), raw);
        }
    }

    #[test]
    fn lines_become_one_line_and_stay_in_the_full_text() {
        let raw = "8 miles, consisting of:\n  2 mile warm-up\n\n4 x 1k\nwarm-down {8}";
        let title = title(raw, Unit::Mi, Unit::Km);
        assert_eq!(
            title.name,
            "8 miles, consisting of: 2 mile warm-up, 4 x 1k, warm-down (12.9 km in all)"
        );
        assert_eq!(
            title.full.as_deref(),
            Some("8 miles, consisting of:\n2 mile warm-up\n4 x 1k\nwarm-down (12.9 km in all)")
        );
    }

    #[test]
    fn a_title_is_cut_at_255_characters_not_bytes() {
        let fits = "🏃".repeat(255);
        assert_eq!(title(&fits, Unit::Km, Unit::Km), Title { name: fits, full: None });

        let long = "🏃".repeat(300);
        let cut = title(&long, Unit::Km, Unit::Km);
        assert_eq!(cut.name.chars().count(), 255);
        assert!(cut.name.ends_with("🏃…"));
        assert_eq!(cut.full, Some(long));
    }
}
