use domain::OwnerId;
use service::Problem;
use sqlx::{PgConnection, PgPool};

use super::counter::Counter;
use crate::activity::Visitor;
use crate::email::Email;

/// Somebody who gives a password.
pub(crate) struct Attempt {
    account: Counter,
    /// The account from this network alone.
    here: Counter,
    network: Option<Counter>,
    /// What is looked up to know whether the network is familiar.
    email: String,
    visitor_network: String,
}

/// An attempt that may be made.
pub(crate) struct Admitted {
    attempt: Attempt,
    is_familiar: bool,
}

/// Too many passwords were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled {
    retry_after_s: u64,
}

/// What came of asking, or of having tried.
pub(crate) type Throttling<T> = Result<Result<T, Throttled>, sqlx::Error>;

impl Attempt {
    /// To sign in. What is no address has no account, and is counted all the same.
    pub(crate) fn to_sign_in(said: &str, email: Option<&Email>, visitor: &Visitor) -> Self {
        let said = email.map_or_else(|| said.to_owned(), Email::folded);
        let email = email.map(Email::folded).unwrap_or_default();
        let network = visitor.network().unwrap_or_default();
        Self {
            account: Counter::of_account(&[said.as_bytes()]),
            here: Counter::of_account(&[said.as_bytes(), network.as_bytes()]),
            network: Some(Counter::of_network(&network)),
            email,
            visitor_network: network,
        }
    }

    /// To confirm, signed in, that one knows the present password.
    pub(crate) fn to_confirm(user_id: OwnerId) -> Self {
        let counter = Counter::of_account(&[b"signed in", user_id.0.as_bytes()]);
        Self {
            account: counter.clone(),
            here: counter,
            network: None,
            email: String::new(),
            visitor_network: String::new(),
        }
    }

    /// Whether it may be made now. One look, which writes nothing and takes as long for an address without an account.
    pub(crate) async fn admit(self, pool: &PgPool) -> Throttling<Admitted> {
        let found = sqlx::query!(
            r#"select exists(select from auth.users u
                               join auth.familiar f on f.user_id = u.user_id
                              where lower(u.email) = $1 and f.what = 'network' and f.value = $2) as "is_familiar!",
                      (select ceil(extract(epoch from max(blocked_until) - now()))::bigint from auth.login_throttle
                        where key in ($3, $4) and blocked_until > now()) as elsewhere_s,
                      (select ceil(extract(epoch from blocked_until - now()))::bigint from auth.login_throttle
                        where key = $5 and blocked_until > now()) as here_s"#,
            self.email,
            self.visitor_network,
            self.account.key,
            self.network.as_ref().map_or_else(Vec::new, |network| network.key.clone()),
            self.here.key,
        )
        .fetch_one(pool)
        .await?;
        let blocked_s = if found.is_familiar { found.here_s } else { found.elsewhere_s };
        Ok(match blocked_s {
            Some(seconds) => Err(Throttled { retry_after_s: seconds.max(1).unsigned_abs() }),
            None => Ok(Admitted { attempt: self, is_familiar: found.is_familiar }),
        })
    }

    /// Nothing is held against the account any more, in the transaction of the connection.
    pub(crate) async fn forgive(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.account.forget(connection).await?;
        self.here.forget(connection).await
    }
}

impl Admitted {
    /// The password was wrong. Of many that were on their way at once, those beyond what is free were not attempts, and
    /// must be answered so.
    pub(crate) async fn failed(self, pool: &PgPool) -> Throttling<()> {
        let Attempt { network, .. } = &self.attempt;
        let of_account = self.counter().count(pool).await?;
        let of_network = match network {
            // What is tried where an account is at home is held against the network, too: others are tried from there.
            Some(network) => network.count(pool).await? || self.is_familiar,
            None => true,
        };
        Ok(if of_account && of_network { Ok(()) } else { Err(Throttled { retry_after_s: 1 }) })
    }

    /// The password was right. One that was on its way while too many others failed is refused like those.
    pub(crate) async fn succeeded(self, pool: &PgPool) -> Throttling<()> {
        let blocked_s = self.counter().clear(pool).await?;
        Ok(match blocked_s {
            Some(retry_after_s) => Err(Throttled { retry_after_s }),
            None => Ok(()),
        })
    }

    fn counter(&self) -> &Counter {
        if self.is_familiar { &self.attempt.here } else { &self.attempt.account }
    }
}

impl From<Throttled> for Problem {
    fn from(throttled: Throttled) -> Self {
        Self::too_many_requests(throttled.retry_after_s)
    }
}
