use domain::Text;

use super::Unit;
use super::kind::is_tag;
use super::node::Node;
use crate::ImportError;
use crate::cut::cut;

/// The longest plan, in weeks: a plan spans at most 366 days.
const MAX_WEEKS: usize = 52;
const DAYS_A_WEEK: usize = 7;

/// A plan file as its form allows it.
#[derive(Debug)]
pub(super) struct PlanFile {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) units: Unit,
    pub(super) source: Option<String>,
    pub(super) race: Option<String>,
    pub(super) weeks: Vec<Week>,
}

/// A week of it.
#[derive(Debug)]
pub(super) struct Week {
    pub(super) description: Option<String>,
    pub(super) days: Vec<Day>,
}

/// A day of it.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) title: String,
    pub(super) description: Option<String>,
    /// In the file's units; of a range, the upper end.
    pub(super) distance: Option<f64>,
    pub(super) tags: Vec<String>,
    /// What the form does not know, and is left out.
    pub(super) unknown: Vec<String>,
}

impl PlanFile {
    pub(super) fn read(yaml: &str) -> Result<Self, ImportError> {
        let root = Node::read(yaml)?;
        if !matches!(root, Node::Map(_)) {
            let reason = format!("is missing: the file is {}, not a plan", root.kind());
            return Err(ImportError::Field { field: "schedule", reason });
        }
        let id = required(&root, "id")?;
        if id.chars().count() > 200 {
            return Err(ImportError::Field {
                field: "id",
                reason: "is longer than 200 characters".to_owned(),
            });
        }
        Ok(Self {
            id,
            name: required(&root, "name")?,
            description: optional(&root, "description")?,
            units: units(&root)?,
            source: optional(&root, "source")?,
            race: optional(&root, "type")?,
            weeks: weeks(&root)?,
        })
    }
}

fn optional(root: &Node, field: &'static str) -> Result<Option<String>, ImportError> {
    let Some(node) = root.get(field) else { return Ok(None) };
    let text = node.text().ok_or_else(|| ImportError::Field {
        field,
        reason: format!("must be a text, not {}", node.kind()),
    })?;
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn required(root: &Node, field: &'static str) -> Result<String, ImportError> {
    optional(root, field)?.ok_or(ImportError::Field { field, reason: "is missing".to_owned() })
}

fn units(root: &Node) -> Result<Unit, ImportError> {
    match required(root, "units")?.as_str() {
        "km" => Ok(Unit::Km),
        "mi" => Ok(Unit::Mi),
        other => {
            let reason = format!("must be mi or km, not {}", shown(other));
            Err(ImportError::Field { field: "units", reason })
        }
    }
}

fn weeks(root: &Node) -> Result<Vec<Week>, ImportError> {
    let wrong = |reason: String| ImportError::Field { field: "schedule", reason };
    let weeks = match root.get("schedule") {
        Some(Node::List(weeks)) if !weeks.is_empty() => weeks,
        Some(Node::List(_)) | None => return Err(wrong("is missing or has no week".to_owned())),
        Some(other) => return Err(wrong(format!("must be a list of weeks, not {}", other.kind()))),
    };
    if weeks.len() > MAX_WEEKS {
        return Err(wrong(format!("has {} weeks; a plan spans at most {MAX_WEEKS}", weeks.len())));
    }
    weeks.iter().zip(1..).map(|(node, week)| self::week(node, week)).collect()
}

fn week(node: &Node, week: usize) -> Result<Week, ImportError> {
    let wrong = |reason: String| ImportError::Week { week, reason };
    let days = match node.get("workouts") {
        Some(Node::List(days)) => days,
        Some(other) => {
            return Err(wrong(format!("`workouts` must be a list of days, not {}", other.kind())));
        }
        None => return Err(wrong("`workouts` is missing".to_owned())),
    };
    if days.len() != DAYS_A_WEEK {
        return Err(wrong(format!("must have {DAYS_A_WEEK} days, not {}", days.len())));
    }
    let description =
        match node.get("description") {
            Some(node) => Some(node.text().ok_or_else(|| {
                wrong(format!("`description` must be a text, not {}", node.kind()))
            })?),
            None => None,
        };
    let days = days.iter().zip(1..).map(|(node, day)| {
        self::day(node).map_err(|reason| ImportError::Day { week, day, reason })
    });
    Ok(Week { description, days: days.collect::<Result<_, _>>()? })
}

fn day(node: &Node) -> Result<Day, String> {
    if !matches!(node, Node::Map(_)) {
        return Err(format!("must be a workout with a title, not {}", node.kind()));
    }
    let text = |key: &str| match node.get(key) {
        Some(node) => node
            .text()
            .map(Some)
            .ok_or_else(|| format!("`{key}` must be a text, not {}", node.kind())),
        None => Ok(None),
    };
    let title =
        text("title")?.filter(|title| !title.trim().is_empty()).ok_or("`title` is missing")?;
    if title.chars().count() > Text::MAX_CHARS {
        return Err(format!("`title` is longer than {} characters", Text::MAX_CHARS));
    }
    let description = text("description")?.filter(|description| !description.trim().is_empty());
    let (tags, unknown_tags): (Vec<_>, Vec<_>) =
        tags(node)?.into_iter().partition(|tag| is_tag(tag));
    let unknown_tags =
        unknown_tags.iter().map(|tag| format!("the tag {} is not one of the form's", shown(tag)));
    let keys =
        node.keys().filter(|key| !["title", "description", "distance", "tags"].contains(key));
    let unknown = keys
        .map(|key| format!("{} is not one of the form's fields", shown(key)))
        .chain(unknown_tags)
        .collect();
    Ok(Day { title, description, distance: distance(node)?, tags, unknown })
}

/// A number, or a list of one or two: of a range the upper end, as the titles of such days do.
/// Nothing for a distance of 0, as rest days may have.
fn distance(node: &Node) -> Result<Option<f64>, String> {
    let number = match node.get("distance") {
        None => return Ok(None),
        Some(Node::Number(number)) => *number,
        Some(Node::List(range)) => match range.as_slice() {
            [Node::Number(number)] => *number,
            [Node::Number(low), Node::Number(high)] if low <= high => *high,
            [Node::Number(low), Node::Number(high)] => {
                return Err(format!("`distance` runs from {low} down to {high}"));
            }
            _ => {
                return Err(
                    "`distance` must be a number or a list of one or two numbers".to_owned()
                );
            }
        },
        Some(other @ (Node::Null | Node::Bool(_) | Node::Text(_) | Node::Map(_))) => {
            return Err(format!(
                "`distance` must be a number or a list of one or two numbers, not {}",
                other.kind()
            ));
        }
    };
    Ok(Some(number).filter(|number| *number != 0.0))
}

fn tags(node: &Node) -> Result<Vec<String>, String> {
    match node.get("tags") {
        None => Ok(vec![]),
        Some(Node::List(tags)) => tags
            .iter()
            .map(|tag| {
                tag.text().ok_or_else(|| format!("a tag must be a text, not {}", tag.kind()))
            })
            .collect(),
        Some(Node::Text(tag)) => Ok(vec![tag.clone()]),
        Some(other) => Err(format!("`tags` must be a list of texts, not {}", other.kind())),
    }
}

/// A word from a file, short enough for a message.
fn shown(text: &str) -> String {
    format!("{:?}", cut(text, 40))
}
