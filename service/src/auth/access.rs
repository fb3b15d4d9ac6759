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
    /// Adds plans, workouts and runs; sees and changes nothing else. For programs that bring what was planned or run
    /// elsewhere. A run that is added for a workout completes it.
    Import,
    /// Is the administrator that its owner is; together with `read` or `write`.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Import, Self::Admin];

    /// The word in requests and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Import => "import",
            Self::Admin => "admin",
        }
    }

    /// The scope with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// The scope that a request needs.
    fn needed_for(method: &Method) -> Self {
        if method.is_safe() { Self::Read } else { Self::Write }
    }

    /// Whether a request does nothing but add what the scope `import` is for.
    fn imports(method: &Method, path: &str) -> bool {
        let parts: Vec<_> = path.split('/').skip(1).collect();
        *method == Method::POST
            && matches!(
                parts[..],
                ["api", "v1", "plans" | "workouts" | "runs"]
                    | ["api", "v1", "plans", _, "workouts"]
            )
    }
}

impl Access {
    /// Passes when it is enough for a request.
    ///
    /// # Errors
    /// The scope that it lacks.
    pub fn allows(&self, method: &Method, path: &str) -> Result<(), Scope> {
        let needed = Scope::needed_for(method);
        match self {
            Self::Session => Ok(()),
            Self::ApiKey(scopes) if scopes.contains(&needed) => Ok(()),
            Self::ApiKey(scopes)
                if scopes.contains(&Scope::Import) && Scope::imports(method, path) =>
            {
                Ok(())
            }
            Self::ApiKey(_) => Err(needed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_for_imports_adds_and_does_nothing_else() {
        let import = Access::ApiKey(vec![Scope::Import]);
        for path in
            ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs", "/api/v1/plans/x/workouts"]
        {
            assert_eq!(import.allows(&Method::POST, path), Ok(()), "{path}");
            assert_eq!(import.allows(&Method::GET, path), Err(Scope::Read), "{path}");
            for method in [Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(import.allows(&method, path), Err(Scope::Write), "{method} {path}");
            }
        }
        for path in [
            "/api/v1/plans/x",
            "/api/v1/plans/x/revert",
            "/api/v1/plans/x/workouts/y",
            "/api/v1/runs/x/match",
            "/api/v1/runs/",
            "//api/v1/runs",
            "/api/v1/auth/api-keys",
            "/api/v1/admin/users/x/lock",
            "/API/v1/runs",
        ] {
            assert_eq!(import.allows(&Method::POST, path), Err(Scope::Write), "{path}");
        }
    }

    #[test]
    fn a_session_may_do_everything_and_a_key_what_its_scopes_say() {
        let (get, post) = (Method::GET, Method::POST);
        assert_eq!(Access::Session.allows(&post, "/api/v1/runs"), Ok(()));
        let reads = Access::ApiKey(vec![Scope::Read, Scope::Admin]);
        assert_eq!(reads.allows(&get, "/api/v1/runs"), Ok(()));
        assert_eq!(reads.allows(&post, "/api/v1/runs"), Err(Scope::Write));
        let writes = Access::ApiKey(vec![Scope::Write]);
        assert_eq!(writes.allows(&post, "/api/v1/runs"), Ok(()));
        assert_eq!(writes.allows(&get, "/api/v1/runs"), Err(Scope::Read));
    }
}
