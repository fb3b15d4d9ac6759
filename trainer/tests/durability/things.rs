//! What a writer has made, as it must be shown.

use serde_json::{Map, Value};

/// Fields and what they show.
pub(crate) type Fields = Map<String, Value>;

/// Stands for the id of a run that is made by the same write.
pub(crate) const NEW_RUN: &str = "the new run";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plan,
    Workout,
    Run,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Plan, Self::Workout, Self::Run];

    /// Where things of this kind are listed.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Plan => "/api/v1/plans",
            Self::Workout => "/api/v1/workouts",
            Self::Run => "/api/v1/runs",
        }
    }

    /// The field that says in words of the writer which one it is.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Plan | Self::Workout => "name",
            Self::Run => "notes",
        }
    }
}

/// A plan, workout or run.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// What is known of it: after its own write all fields, after one of another thing those that are foreseen.
    pub(crate) fields: Fields,
}

impl Thing {
    /// One that was answered or listed.
    pub(crate) fn of(kind: Kind, shown: &Value) -> Self {
        let fields = shown.as_object().unwrap_or_else(|| panic!("not a {kind:?}: {shown}")).clone();
        Self { kind, id: text(&fields, "id").to_owned(), fields }
    }

    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.kind.list(), self.id)
    }

    pub(crate) fn get(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// Itself after a change to these fields; when that was is not foreseen.
    pub(crate) fn with(&self, changes: &Fields) -> Self {
        let mut changed = self.clone();
        changed.fields.remove("updated_at");
        changed.fields.extend(changes.clone());
        changed
    }

    /// Without what changes with other things: a plan grows with its workouts, and is compared with them.
    pub(crate) fn by_itself(mut self) -> Self {
        match self.kind {
            Kind::Plan => {
                for grows in ["version", "workout_count", "updated_at"] {
                    self.fields.remove(grows);
                }
            }
            Kind::Workout | Kind::Run => {}
        }
        self
    }

    /// The first field that is shown otherwise.
    pub(crate) fn difference(&self, shown: &Fields) -> Option<String> {
        let (field, known) =
            self.fields.iter().find(|(field, known)| shown.get(*field) != Some(known))?;
        let shown = shown.get(field).unwrap_or(&Value::Null);
        Some(format!("{} shows {field} {shown}, not {known}", self.path()))
    }
}

pub(crate) fn text<'a>(fields: &'a Fields, field: &str) -> &'a str {
    fields[field].as_str().unwrap_or_else(|| panic!("{field} is not text: {fields:?}"))
}

/// An object as fields.
pub(crate) fn fields(object: Value) -> Fields {
    match object {
        Value::Object(fields) => fields,
        other => panic!("not an object: {other}"),
    }
}
