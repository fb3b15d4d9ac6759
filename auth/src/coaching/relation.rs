use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::{Deserialize, Serialize};
use service::CoachScope;
use utoipa::ToSchema;
use uuid::Uuid;

/// On which side somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Athlete,
    Coach,
}

impl Side {
    /// The word in tables.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Athlete => "athlete",
            Self::Coach => "coach",
        }
    }

    /// The side across.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Athlete => Self::Coach,
            Self::Coach => Self::Athlete,
        }
    }
}

/// How far it has come between a coach and an athlete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CoachingStatus {
    /// You have asked, and wait for an answer.
    Asked,
    /// You are asked, and may accept or decline.
    Waiting,
    /// It was granted.
    Active,
}

/// A coach as their athlete sees them, or an athlete as their coach does.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Relation {
    /// By which it is accepted, declined or ended. It stays the same.
    pub(crate) id: Uuid,
    /// How far it has come.
    pub(crate) status: CoachingStatus,
    /// What the coach may do, or would.
    pub(crate) scope: CoachScope,
    /// The other's e-mail address; while you wait for an answer, as you wrote it.
    #[schema(example = "bea@example.org")]
    email: String,
    /// The other's name, if they have one; null while you wait for an answer.
    name: Option<String>,
    /// The other's id, for `X-Act-As`; null until it is granted.
    user_id: Option<Uuid>,
    /// Since when: granted, or asked.
    pub(crate) since: DateTime<Utc>,
    /// When the question is void; null when it was granted.
    expires_at: Option<DateTime<Utc>>,
}

impl Relation {
    /// A question as whoever asked sees it.
    pub(super) fn asked(
        id: Uuid,
        scope: CoachScope,
        email: String,
        since: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Self {
        let (status, expires_at) = (CoachingStatus::Asked, Some(expires_at));
        Self { id, status, scope, email, name: None, user_id: None, since, expires_at }
    }

    /// The one across, once it is granted.
    pub(super) fn other(&self) -> Option<OwnerId> {
        self.user_id.map(OwnerId)
    }
}

/// Something between two as the tables have it.
pub(super) struct Row {
    pub(super) access_id: Uuid,
    pub(super) status: String,
    pub(super) scope: String,
    pub(super) email: String,
    pub(super) name: Option<String>,
    pub(super) user_id: Option<Uuid>,
    pub(super) since: DateTime<Utc>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Relation {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let Row { access_id, status, scope, email, name, user_id, since, expires_at } = row;
        let status = match status.as_str() {
            "asked" => CoachingStatus::Asked,
            "waiting" => CoachingStatus::Waiting,
            "active" => CoachingStatus::Active,
            _ => return Err(sqlx::Error::Decode("none of the words for a status".into())),
        };
        let scope = decode_scope(&scope)?;
        Ok(Self { id: access_id, status, scope, email, name, user_id, since, expires_at })
    }
}

/// The scope that was stored.
pub(super) fn decode_scope(word: &str) -> Result<CoachScope, sqlx::Error> {
    CoachScope::from_word(word)
        .ok_or_else(|| sqlx::Error::Decode("none of the words for a scope".into()))
}

/// What the activity list says a step was about: the scope, and the id in the lists of coaches and athletes. No address
/// and no name: those of somebody whose account is erased must be nowhere.
pub(super) fn subject(scope: CoachScope, access_id: Uuid) -> String {
    format!("{}, {access_id}", scope.as_str())
}

/// The two of an access, or of a question.
pub(super) struct Pair {
    pub(super) athlete: OwnerId,
    pub(super) coach: OwnerId,
}

impl Pair {
    /// `one` on a side, and `other` across.
    pub(super) fn of(one: OwnerId, side: Side, other: OwnerId) -> Self {
        match side {
            Side::Athlete => Self { athlete: one, coach: other },
            Side::Coach => Self { athlete: other, coach: one },
        }
    }
}
