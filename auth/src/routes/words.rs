use domain::Violation;
use serde_json::Value;

/// A list of at least one of a few words; one that comes twice counts once.
pub(super) fn words<T: Copy + PartialEq>(
    value: &Value,
    allowed: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> Result<Vec<T>, Violation> {
    let said = value.as_array().ok_or_else(|| Violation::new("wrong_type", "must be a list"))?;
    if said.is_empty() {
        return Err(Violation::new("empty", "must not be empty"));
    }
    let mut found = Vec::new();
    for word in said {
        let meant = allowed.iter().copied().find(|candidate| word == as_str(*candidate));
        let Some(meant) = meant else {
            let all: Vec<_> = allowed.iter().copied().map(as_str).collect();
            let message = format!("must be some of {}", all.join(", "));
            return Err(Violation::new("invalid_choice", message));
        };
        if !found.contains(&meant) {
            found.push(meant);
        }
    }
    Ok(found)
}
