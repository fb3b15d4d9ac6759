use std::fmt;

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A stable word for programs, such as `too_long`.
    pub code: &'static str,
    /// A sentence for people, without the field's name.
    pub message: String,
}

impl Violation {
    /// A violation with a stable code and a message.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The same, said of a field.
    #[must_use]
    pub fn of(self, field: impl Into<String>) -> FieldViolation {
        FieldViolation { field: field.into(), code: self.code, message: self.message }
    }

    pub(crate) fn out_of_range(low: impl fmt::Display, high: impl fmt::Display) -> Self {
        Self::new("out_of_range", format!("must be between {low} and {high}"))
    }
}

/// A field of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// The field as the client wrote it, such as `workouts[3].name`.
    pub field: String,
    /// A stable word for programs, such as `too_long`.
    pub code: &'static str,
    /// A sentence for people, without the field's name.
    pub message: String,
}

impl fmt::Display for FieldViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}
