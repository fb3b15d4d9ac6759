use domain::{FieldViolation, Violation};
use service::Fields;

/// Refuses the fields that only answers have, null or not.
pub(super) fn refuse_read_only(fields: &mut Fields<'_>, names: &[&'static str]) {
    for name in names {
        if fields.patch(name, |_| Ok(())).is_some() {
            fields.refuse(name, Violation::new("read_only", "is read only"));
        }
    }
}

/// Everything that is wrong with the fields.
pub(super) fn violations(fields: Fields<'_>) -> Vec<FieldViolation> {
    fields.finish(|| Some(())).err().map(|problem| problem.errors().to_vec()).unwrap_or_default()
}
