/// How a request came, among its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// Readable on its way.
    #[default]
    Plain,
    /// Encrypted, here or by a proxy that is trusted.
    Tls,
}

impl Transport {
    /// As a URL begins.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Tls => "https",
        }
    }
}
