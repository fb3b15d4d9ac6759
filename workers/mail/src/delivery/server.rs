use std::borrow::Cow;
use std::fmt;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

/// An SMTP server, and how it is spoken to.
#[derive(Clone)]
pub struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) authorities: Option<Certificate>,
    user: Option<String>,
    password: Option<Zeroizing<String>>,
}

/// There is no certificate in PEM in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no certificate in PEM (-----BEGIN CERTIFICATE-----) in it, or a damaged one")]
pub struct NoCertificate;

/// How the way to a server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte: `smtps://`.
    Tls,
    /// TLS after `STARTTLS`, or nothing is sent: `smtp://`.
    StartTls,
    /// TLS after `STARTTLS` if the server has it: `smtp://…?tls=opportunistic`.
    Opportunistic,
    /// None, for a server on the same machine: `smtp://…?tls=none`.
    None,
}

/// It is no URL of an SMTP server. What was given is not repeated: there may be a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// It is something else.
    #[error(
        "the SMTP server must be given as smtps://user:password@host:port, or smtp:// for STARTTLS, with special \
         characters percent-encoded"
    )]
    Malformed,
    /// The security is none of those there are.
    #[error(
        "tls= in the URL of the SMTP server must be required, opportunistic or none, and only with smtp://"
    )]
    Security,
    /// A user without a password, or the other way round.
    #[error("the SMTP server takes a user and a password, or neither")]
    HalfCredentials,
}

impl SmtpServer {
    /// Reads `smtps://user:password@host:port`. A password of its own takes the place of the URL's.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(url: &str, password: Option<String>) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(url.trim()).map_err(|_| SmtpUrlError::Malformed)?;
        let mut tls = None;
        for (name, value) in url.query_pairs() {
            match &*name {
                "tls" => tls = Some(value),
                _ => return Err(SmtpUrlError::Malformed),
            }
        }
        let security = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => Security::Tls,
            ("smtp", None | Some("required")) => Security::StartTls,
            ("smtp", Some("opportunistic")) => Security::Opportunistic,
            ("smtp", Some("none")) => Security::None,
            ("smtp" | "smtps", Some(_)) => return Err(SmtpUrlError::Security),
            (_, _) => return Err(SmtpUrlError::Malformed),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpUrlError::Malformed)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpUrlError::Malformed);
        }
        let user = Some(decoded(url.username())?).filter(|user| !user.is_empty());
        let of_url = url.password().map(decoded).transpose()?;
        let password = password.or(of_url).map(Zeroizing::new);
        if user.is_some() != password.is_some() {
            return Err(SmtpUrlError::HalfCredentials);
        }
        let usual_port = match security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::Opportunistic | Security::None => 25,
        };
        let port = url.port().unwrap_or(usual_port);
        // A socket address has no brackets in the host.
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port, security, authorities: None, user, password })
    }

    /// The same, with a certificate that these authorities have signed, too; in PEM.
    ///
    /// # Errors
    /// When there is no certificate in it.
    pub fn trusting(self, authorities: &[u8]) -> Result<Self, NoCertificate> {
        const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
        if !authorities.windows(BEGIN.len()).any(|at| at == BEGIN) {
            return Err(NoCertificate);
        }
        let authorities = Certificate::from_pem(authorities).map_err(|_| NoCertificate)?;
        // What is in it is read only now.
        TlsParameters::builder(self.host.clone())
            .add_root_certificate(authorities.clone())
            .build()
            .map_err(|_| NoCertificate)?;
        Ok(Self { authorities: Some(authorities), ..self })
    }

    pub(super) fn credentials(&self) -> Option<Credentials> {
        let (user, password) = self.user.as_ref().zip(self.password.as_ref())?;
        Some(Credentials::new(user.clone(), password.to_string()))
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

fn decoded(text: &str) -> Result<String, SmtpUrlError> {
    percent_decode_str(text).decode_utf8().map(Cow::into_owned).map_err(|_| SmtpUrlError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> (String, u16, Security) {
        let SmtpServer { host, port, security, .. } = SmtpServer::parse(url, None).unwrap();
        (host, port, security)
    }

    #[test]
    fn a_url_says_where_and_how() {
        let on = |host: &str, port, security| (host.to_owned(), port, security);
        assert_eq!(read("smtps://mail.example.org"), on("mail.example.org", 465, Security::Tls));
        assert_eq!(
            read("smtp://mail.example.org"),
            on("mail.example.org", 587, Security::StartTls)
        );
        assert_eq!(
            read("smtp://mail.example.org:25?tls=required"),
            on("mail.example.org", 25, Security::StartTls)
        );
        assert_eq!(read("smtp://127.0.0.1:2525?tls=none"), on("127.0.0.1", 2525, Security::None));
        assert_eq!(read("smtp://[::1]/?tls=opportunistic"), on("::1", 25, Security::Opportunistic));
    }

    #[test]
    fn a_password_is_in_the_url_or_beside_it_and_never_shown() {
        let in_url =
            SmtpServer::parse("smtps://ann%40example.org:p%40ss%2Fword@mail.example.org", None)
                .unwrap();
        assert_eq!(in_url.user.as_deref(), Some("ann@example.org"));
        assert_eq!(in_url.password.as_ref().map(|password| password.as_str()), Some("p@ss/word"));
        let beside =
            SmtpServer::parse("smtps://ann@mail.example.org", Some("s3cret".to_owned())).unwrap();
        assert_eq!(beside.password.as_ref().map(|password| password.as_str()), Some("s3cret"));
        for server in [in_url, beside] {
            let shown = format!("{server:?} {:?}", Some(&server));
            assert!(shown.contains("mail.example.org"), "{shown}");
            assert!(!shown.contains("p@ss") && !shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn what_is_no_such_url_is_refused_without_being_repeated() {
        let secret = "sEcReT";
        for url in [
            "",
            "mail.example.org",
            "http://u:sEcReT@mail.example.org",
            "smtp://",
            "smtps://u:sEcReT@h/path",
            "smtp://u:sEcReT@h?tls=maybe",
            "smtps://u:sEcReT@h?tls=none",
            "smtp://u:sEcReT@h?starttls=1",
            "smtp://u@h",
            "smtp://:sEcReT@h",
            "smtp://u:sEcReT@h:70000",
            "smtp://u:%ff@h",
        ] {
            let error = SmtpServer::parse(url, None).err().unwrap_or_else(|| panic!("{url}"));
            assert!(!format!("{error} {error:?}").contains(secret));
        }
        assert!(SmtpServer::parse("smtp://h", Some(secret.to_owned())).is_err());
    }
}
