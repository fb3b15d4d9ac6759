use mail::PublicUrl;

/// What an operator decides about accounts.
#[derive(Debug, Clone, Default)]
pub struct AuthSettings {
    /// Where people reach the program.
    pub public_url: PublicUrl,
    /// Whether an address must be shown to be one's own before its account can be used.
    pub verification: Verification,
    /// Whether whoever tries too many passwords has to wait.
    pub login_throttle: LoginThrottle,
}

/// Whether an address must be shown to be one's own before its account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// It must. Who registers learns of nobody else's account.
    Required,
    /// It need not. An address that has an account is refused as such.
    #[default]
    Off,
}

/// Whether whoever tries too many passwords has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginThrottle {
    /// Longer and longer.
    #[default]
    On,
    /// Something else sees to it.
    Off,
}
