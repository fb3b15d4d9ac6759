use domain::{FieldViolation, Violation};
use serde_json::{Map, Value};

use crate::Problem;

/// How many violations one answer names; a client that makes more has something else to fix first.
const MAX_VIOLATIONS: usize = 1_000;
/// How much of an unknown key is quoted.
const MAX_QUOTED_CHARS: usize = 100;

/// Reads the fields of a JSON object and collects everything that is wrong with them.
///
/// Reads like a table: one line a field, then [`finish`](Self::finish) builds the value or refuses the request with
/// every violation at once, fields nobody asked for included.
///
/// ```
/// # use domain::{Name, Text};
/// # use service::{Problem, readers::{date, text}};
/// # struct NewPlan { name: Name, description: Option<Text>, start_date: chrono::NaiveDate }
/// # fn read(body: &service::JsonBody) -> Result<NewPlan, Problem> {
/// let mut fields = body.fields();
/// let name = fields.required("name", text(Name::parse));
/// let description = fields.optional("description", text(Text::parse));
/// let start_date = fields.required("start_date", date);
/// fields.finish(|| Some(NewPlan { name: name?, description, start_date: start_date? }))
/// # }
/// ```
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
    asked: Vec<&'static str>,
    violations: Vec<FieldViolation>,
}

impl<'a> Fields<'a> {
    /// The fields of `object`.
    #[must_use]
    pub fn of(object: &'a Map<String, Value>) -> Self {
        Self { object, path: String::new(), asked: vec![], violations: vec![] }
    }

    /// A field that must be there; `None` when it is not, or is refused.
    pub fn required<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Violation>,
    ) -> Option<T> {
        match self.take(field) {
            None | Some(Value::Null) => {
                self.refuse(field, Violation::new("required", "is required"));
                None
            }
            Some(value) => self.read(field, value, read),
        }
    }

    /// A field that may be left out or null; `None` also when it is refused.
    pub fn optional<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Violation>,
    ) -> Option<T> {
        match self.take(field) {
            None | Some(Value::Null) => None,
            Some(value) => self.read(field, value, read),
        }
    }

    /// A field of a partial update: `None` leaves it as it is, `Some(None)` clears it, `Some(Some(_))` sets it.
    pub fn patch<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Violation>,
    ) -> Option<Option<T>> {
        match self.take(field) {
            None => None,
            Some(Value::Null) => Some(None),
            Some(value) => self.read(field, value, read).map(Some),
        }
    }

    /// A field of a partial update that cannot be cleared: null is refused.
    pub fn patch_required<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Violation>,
    ) -> Option<T> {
        match self.take(field) {
            None => None,
            Some(Value::Null) => {
                self.refuse(field, Violation::new("required", "must not be null"));
                None
            }
            Some(value) => self.read(field, value, read),
        }
    }

    /// A required list of 1 to `max` objects; `None` when it, or any of them, is refused.
    ///
    /// `read` gets the fields of one object; their violations are named `workouts[3].name`.
    pub fn list<T>(
        &mut self,
        field: &'static str,
        max: usize,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = match self.take(field) {
            Some(Value::Array(items)) => items,
            None | Some(Value::Null) => {
                self.refuse(field, Violation::new("required", "is required"));
                return None;
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                self.refuse(field, Violation::new("wrong_type", "must be a list"));
                return None;
            }
        };
        if items.is_empty() {
            self.refuse(field, Violation::new("empty", "must not be empty"));
            return None;
        }
        if items.len() > max {
            self.refuse(
                field,
                Violation::new("too_many", format!("must have at most {max} items")),
            );
            return None;
        }
        let mut read_items = Some(Vec::with_capacity(items.len()));
        for (index, item) in items.iter().enumerate() {
            let name = self.named(&format!("{field}[{index}]"));
            let Value::Object(object) = item else {
                self.violation(Violation::new("wrong_type", "must be an object").of(name));
                read_items = None;
                continue;
            };
            let mut fields = Fields { object, path: name + ".", asked: vec![], violations: vec![] };
            let value = read(&mut fields);
            fields.refuse_unknown();
            if !fields.violations.is_empty() {
                read_items = None;
            }
            self.violations(fields.violations);
            read_items = read_items.zip(value).map(|(mut items, value)| {
                items.push(value);
                items
            });
        }
        read_items
    }

    /// An object that may be left out or null; `None` also when it, or any field of it, is refused.
    ///
    /// `read` gets its fields; their violations are named `branding.title`.
    pub fn object<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let object = match self.take(field) {
            None | Some(Value::Null) => return None,
            Some(Value::Object(object)) => object,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                self.refuse(field, Violation::new("wrong_type", "must be an object"));
                return None;
            }
        };
        let path = self.named(field) + ".";
        let mut fields = Fields { object, path, asked: vec![], violations: vec![] };
        let value = read(&mut fields);
        fields.refuse_unknown();
        let is_whole = fields.violations.is_empty();
        self.violations(fields.violations);
        value.filter(|_| is_whole)
    }

    /// Whether the client sent the field, null included.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    /// Whether something is wrong with the field so far.
    #[must_use]
    pub fn is_refused(&self, field: &str) -> bool {
        let name = self.named(field);
        self.violations.iter().any(|violation| violation.field == name)
    }

    /// Refuses a field, for a rule between fields; named as seen from this object.
    pub fn refuse(&mut self, field: &str, violation: Violation) {
        let name = self.named(field);
        self.violation(violation.of(name));
    }

    /// Adds a violation of the domain's, whose field is named as seen from this object.
    pub fn refuse_field(&mut self, violation: FieldViolation) {
        let name = self.named(&violation.field);
        self.violation(FieldViolation { field: name, ..violation });
    }

    /// Adds violations of the domain's; see [`refuse_field`](Self::refuse_field).
    pub fn refuse_fields(&mut self, violations: impl IntoIterator<Item = FieldViolation>) {
        for violation in violations {
            self.refuse_field(violation);
        }
    }

    /// The value that `build` makes of the fields, when nothing is wrong with them.
    ///
    /// `build` answers `None` only when a field is missing that is required, which is a violation then.
    ///
    /// # Errors
    /// 422 with all violations.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        self.refuse_unknown();
        if !self.violations.is_empty() {
            return Err(Problem::unprocessable(self.violations));
        }
        build().ok_or_else(|| {
            tracing::error!("a request was not refused, and yet a field is missing");
            Problem::internal()
        })
    }

    fn take(&mut self, field: &'static str) -> Option<&'a Value> {
        self.asked.push(field);
        self.object.get(field)
    }

    fn read<T>(
        &mut self,
        field: &'static str,
        value: &Value,
        read: impl FnOnce(&Value) -> Result<T, Violation>,
    ) -> Option<T> {
        read(value).map_err(|violation| self.refuse(field, violation)).ok()
    }

    fn refuse_unknown(&mut self) {
        let object = self.object;
        for key in
            object.keys().filter(|key| !self.asked.contains(&key.as_str())).collect::<Vec<_>>()
        {
            let quoted = key.chars().take(MAX_QUOTED_CHARS).collect::<String>();
            self.refuse(&quoted, Violation::new("unknown_field", "is not a field of this request"));
        }
    }

    fn named(&self, field: &str) -> String {
        format!("{}{field}", self.path)
    }

    fn violation(&mut self, violation: FieldViolation) {
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(violation);
        }
    }

    fn violations(&mut self, violations: Vec<FieldViolation>) {
        for violation in violations {
            self.violation(violation);
        }
    }
}
