use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// With what somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// With the access token of a session: for everything.
    Session,
    /// With an API key: for what its scopes allow.
    ApiKey(Vec<Scope>),
}

/// What an API key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Sees what its owner has.
    Read,
    /// Changes what its owner has.
    Write,
    /// Is the administrator that its owner is; together with `read` or `write`.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The word in requests and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// The scope that a request needs.
    #[must_use]
    pub fn needed_for(method: &Method) -> Self {
        if method.is_safe() { Self::Read } else { Self::Write }
    }
}

impl Access {
    /// Whether it is enough for what needs a scope.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        match self {
            Self::Session => true,
            Self::ApiKey(scopes) => scopes.contains(&scope),
        }
    }
}
