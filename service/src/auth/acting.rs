use domain::OwnerId;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use super::{CoachScope, Coaching, Principal};
use crate::{Problem, readers};

/// The header by which a coach says which athlete a request is for.
pub const X_ACT_AS: HeaderName = HeaderName::from_static("x-act-as");

/// Who asks, and whose data a request is about: the user's own, or those of an athlete whom the user coaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// Who asks, whose requests are counted and whose keys are remembered.
    pub actor: Principal,
    /// Whose data it is.
    pub owner: OwnerId,
}

impl Acting {
    /// Who asks, and for whom, when `needed` is granted to them or the data are their own.
    ///
    /// # Errors
    /// 401 and 403 as for a [`Principal`], 400 to a header that names nobody, 404 when the athlete has granted nothing
    /// or is not there, 403 when what was granted is less.
    pub async fn of(parts: &Parts, needed: CoachScope) -> Result<Self, Problem> {
        let actor = Principal::of(parts)?;
        let owner = match named(&parts.headers)? {
            Some(athlete) if athlete != actor.user_id => {
                require(parts, &actor, athlete, needed).await?;
                athlete
            }
            Some(_) | None => actor.user_id,
        };
        Ok(Self { actor, owner })
    }

    /// Whether it is somebody else's data.
    #[must_use]
    pub fn is_for_another(&self) -> bool {
        self.owner != self.actor.user_id
    }
}

async fn require(
    parts: &Parts,
    actor: &Principal,
    athlete: OwnerId,
    needed: CoachScope,
) -> Result<(), Problem> {
    let Some(coaching) = parts.extensions.get::<Coaching>() else {
        tracing::error!("a request is for an athlete, and nothing here knows of coaches");
        return Err(Problem::internal());
    };
    let granted = coaching.scope(actor.user_id, athlete).await?;
    if granted >= needed {
        return Ok(());
    }
    let (granted, needed) = (granted.as_str(), needed.as_str());
    Err(Problem::forbidden(format!("this takes {needed}, and the athlete has granted {granted}")))
}

/// The athlete that a request names.
fn named(headers: &HeaderMap) -> Result<Option<OwnerId>, Problem> {
    let malformed = || Problem::bad_request("X-Act-As must be one id of an athlete, a UUID");
    let mut lines = headers.get_all(&X_ACT_AS).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(malformed());
    }
    let text = line.to_str().map_err(|_| malformed())?;
    readers::parse_uuid(text).map(|id| Some(OwnerId(id))).map_err(|_| malformed())
}
