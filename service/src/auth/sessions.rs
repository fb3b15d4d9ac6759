use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::OwnerId;
use futures::future::BoxFuture;
use moka::{future, sync};
use tracing::warn;
use uuid::Uuid;

use super::KeySourceError;

/// How many sessions are remembered.
const REMEMBERED: u64 = 100_000;
/// How long it is believed that a session goes on.
const BELIEVED_FOR: Duration = Duration::from_millis(500);
/// How long a session that ended here is remembered: longer than its access tokens live.
const ENDED_FOR: Duration = Duration::from_secs(60 * 60);
/// How long the source may take; requests need the database it asks for more than this. An answer may be as old as this
/// when it comes: with the above, a process learns within a second that a session has ended in another one.
const PATIENCE: Duration = Duration::from_millis(400);

type Source =
    Box<dyn Fn(OwnerId, Uuid) -> BoxFuture<'static, Result<bool, KeySourceError>> + Send + Sync>;

/// Which sessions go on, for the access tokens that belong to one: a token is refused once its session has ended, and
/// not only when its time is over. Cheap to clone; clones share what they know.
///
/// A handler that ends a session finds this among the request's extensions.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    source: Source,
    going_on: future::Cache<Uuid, bool>,
    // Apart, because an answer that was on its way when the session ended must not bring it back.
    ended: sync::Cache<Uuid, ()>,
}

impl Sessions {
    /// Asks `source` whether a user's session goes on.
    pub fn new(
        source: impl Fn(OwnerId, Uuid) -> BoxFuture<'static, Result<bool, KeySourceError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let builder = future::Cache::builder().max_capacity(REMEMBERED);
        Self(Arc::new(Inner {
            source: Box::new(source),
            going_on: builder.time_to_live(BELIEVED_FOR).build(),
            ended: sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(ENDED_FOR).build(),
        }))
    }

    /// Takes note that a session has ended: its access tokens are refused from now on.
    pub fn end(&self, session_id: Uuid) {
        self.0.ended.insert(session_id, ());
    }

    pub(super) async fn goes_on(&self, user_id: OwnerId, session_id: Uuid) -> bool {
        if self.0.ended.contains_key(&session_id) {
            return false;
        }
        // One request asks for all that come meanwhile.
        let asked = async {
            let answer = tokio::time::timeout(PATIENCE, (self.0.source)(user_id, session_id)).await;
            match answer {
                Ok(Ok(goes_on)) => Some(goes_on),
                Ok(Err(cause)) => {
                    warn!(%cause, "session not looked up");
                    None
                }
                Err(_) => {
                    warn!("session not looked up in time");
                    None
                }
            }
        };
        // Whoever cannot be looked up is served: without the database there is nothing to be had anyway.
        self.0.going_on.optionally_get_with(session_id, asked).await.unwrap_or(true)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
