use domain::FieldViolation;

use super::Refusal;

/// The fields of a request that could not be read, and so are missing from its command.
///
/// A transaction with some refuses. It is run nevertheless, because only the stored state tells what
/// else is wrong, and a client wants to hear of everything at once.
#[derive(Debug, Clone, Default)]
pub struct Unreadable(pub Vec<FieldViolation>);

impl Unreadable {
    /// Refuses when any field could not be read or `broken` names a rule.
    ///
    /// A rule is left out when one of the fields it is about, as `about` tells, could not be read: it
    /// would compare with what the client means to replace.
    pub(super) fn and(
        &self,
        broken: Vec<FieldViolation>,
        about: impl Fn(&str) -> &'static [&'static str],
    ) -> Result<(), Refusal> {
        let unreadable = |field: &&str| self.0.iter().any(|violation| violation.field == *field);
        let judged = broken.into_iter().filter(|rule| !about(&rule.field).iter().any(unreadable));
        let all: Vec<_> = self.0.iter().cloned().chain(judged).collect();
        if all.is_empty() { Ok(()) } else { Err(Refusal::Invalid(all)) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The fields that a verdict blames.
pub(super) fn broken_rules<T, E: Into<Refusal>>(verdict: Result<T, E>) -> Vec<FieldViolation> {
    verdict.err().map(|refusal| refusal.into().into_violations()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::Violation;

    use super::*;

    fn about(field: &str) -> &'static [&'static str] {
        match field {
            "end_date" => &["start_date", "end_date"],
            _ => &[],
        }
    }

    fn wrong(field: &str) -> FieldViolation {
        Violation::new("wrong", "is wrong").of(field)
    }

    #[test]
    fn what_could_not_be_read_and_what_breaks_a_rule_are_named_together() {
        let refused = Unreadable(vec![wrong("name")]).and(vec![wrong("end_date")], about);

        assert_eq!(refused, Err(Refusal::Invalid(vec![wrong("name"), wrong("end_date")])));
    }

    #[test]
    fn a_rule_about_an_unreadable_field_is_not_judged() {
        let refused = Unreadable(vec![wrong("start_date")]).and(vec![wrong("end_date")], about);

        assert_eq!(refused, Err(Refusal::Invalid(vec![wrong("start_date")])));
    }

    #[test]
    fn nothing_wrong_passes() {
        assert_eq!(Unreadable::default().and(vec![], about), Ok(()));
    }
}
