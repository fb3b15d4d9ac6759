use service::Problem;
use tracing::{info, warn};

/// How long a client is asked to wait for a provider.
const RETRY_AFTER_S: u64 = 30;

/// Why the settings for signing in through others are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvidersError {
    /// An address is not what it should be.
    #[error(
        "{what} must be an https address, or http on this machine, and nothing behind its path: {url}"
    )]
    Url {
        /// Which one.
        what: &'static str,
        /// As it was given.
        url: String,
    },
    /// A name does not go into a path, or another provider has it.
    #[error(
        "{0} cannot be a provider's name: take lower-case letters, digits and hyphens, and each name once"
    )]
    Name(String),
    /// A title is none to be shown.
    #[error("the title of provider {0} must be 1 to 60 characters on one line")]
    Title(String),
    /// The certificates of the system and of the program are both no good.
    #[error("no TLS: {0}")]
    Tls(String),
}

/// Why a provider did not say who somebody is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It does not take the code, or takes it no more.
    #[error("the provider refused the code: {0}")]
    Refused(String),
    /// It does not answer, or not so that it can be understood.
    #[error("the provider does not answer: {0}")]
    Silent(String),
    /// What it said is not signed by it, for us, now, for this visit.
    #[error("the provider's answer does not hold: {0}")]
    Untrue(String),
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Refused(_) => {
                info!(%error, "sign-in through a provider failed");
                Self::bad_request("the provider does not accept this sign-in; begin again")
            }
            ProviderError::Untrue(_) => {
                warn!(%error, "sign-in through a provider failed");
                Self::bad_request("the provider's answer does not hold; begin again")
            }
            ProviderError::Silent(_) => {
                warn!(%error, "sign-in through a provider failed");
                Self::unavailable(RETRY_AFTER_S)
            }
        }
    }
}
