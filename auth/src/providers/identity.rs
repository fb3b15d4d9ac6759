use domain::Name;

use crate::email::Email;

/// Who somebody is, as a provider says.
pub(crate) struct Identity {
    /// The provider, by the name it has in all the world.
    pub(crate) issuer: String,
    /// Its id for the person.
    pub(crate) subject: String,
    /// An address that the provider has found to be theirs. One that it has not is nobody's.
    pub(crate) verified_email: Option<Email>,
    /// What they want to be called.
    pub(crate) name: Option<Name>,
}
