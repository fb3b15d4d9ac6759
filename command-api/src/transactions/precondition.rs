use super::Refusal;

/// Which version of a plan, workout or run a transaction may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Whichever is there.
    #[default]
    None,
    /// One of these, and no other.
    OneOf(Vec<i64>),
}

impl Precondition {
    /// Passes when `version` may be changed.
    pub(super) fn check(&self, version: i64) -> Result<(), Refusal> {
        match self {
            Self::None => Ok(()),
            Self::OneOf(versions) if versions.contains(&version) => Ok(()),
            Self::OneOf(_) => Err(Refusal::AnotherVersion { version }),
        }
    }
}
