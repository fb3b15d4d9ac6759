use std::sync::Arc;
use std::time::Duration;

use mail::{Delivery, NoCertificate, SmtpServer as Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::post_office::PostOffice;
use crate::smtp_server::{SmtpServer, Tls};

/// An authority of one's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A server's end of TLS, with a certificate that the authority has signed.
    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

const PASSWORD: &str = "hush-hush";

fn to(server: &SmtpServer, scheme: &str) -> Server {
    let url = format!("{scheme}://user@localhost:{}", server.port);
    Server::parse(&url, Some(PASSWORD.to_owned())).unwrap()
}

#[tokio::test]
async fn mails_and_passwords_go_through_tls_from_the_start_or_after_starttls() {
    let (office, authority) = (PostOffice::open().await, Authority::new());
    let acceptor = authority.acceptor("localhost");
    for (tls, scheme) in
        [(Tls::AtOnce(acceptor.clone()), "smtps"), (Tls::WhenAsked(acceptor.clone()), "smtp")]
    {
        let server = SmtpServer::with(tls).await;
        let mail_id = office.queue("ann@example.org").await;
        let trusting = to(&server, scheme).trusting(authority.0.pem().as_bytes()).unwrap();
        let (_stop, running) = office.start(Delivery::Smtp(trusting));
        office.until(mail_id, |row| row.is_sent).await;
        running.abort();
        assert_eq!(server.arrived().len(), 1, "{scheme}");
        let said = server.commands();
        let place = |verb: &str| said.iter().position(|line| line.starts_with(verb));
        assert!(place("AUTH").is_some(), "{scheme}: {said:?}");
        if scheme == "smtp" {
            assert!(place("STARTTLS") < place("AUTH"), "{said:?}");
        }
    }
}

#[tokio::test]
async fn a_server_with_a_certificate_of_somebody_elses_gets_neither_mail_nor_password() {
    let (office, authority) = (PostOffice::open().await, Authority::new());
    let mail_id = office.queue("ann@example.org").await;
    for (acceptor, trusted) in [
        // Of an authority that nobody knows; and of a known one, but for another host.
        (authority.acceptor("localhost"), Authority::new()),
        (authority.acceptor("mail.example.org"), authority),
    ] {
        for (tls, scheme) in
            [(Tls::AtOnce(acceptor.clone()), "smtps"), (Tls::WhenAsked(acceptor.clone()), "smtp")]
        {
            let server = SmtpServer::with(tls).await;
            let suspicious = to(&server, scheme).trusting(trusted.0.pem().as_bytes()).unwrap();
            let (_stop, running) = office.start(Delivery::Smtp(suspicious));
            tokio::time::sleep(Duration::from_millis(500)).await;
            running.abort();
            let said = server.commands();
            let secret = |line: &String| line.starts_with("AUTH") || line.starts_with("MAIL");
            assert!(!said.iter().any(secret), "{scheme}: {said:?}");
            assert!(server.arrived().is_empty());
        }
    }
    let row = office.row(mail_id).await;
    assert_eq!((row.attempts, row.is_sent, row.is_failed), (0, false, false), "it waits");
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let server = || Server::parse("smtps://mail.example.org", None).unwrap();
    for text in ["", "nothing", "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"] {
        assert_eq!(server().trusting(text.as_bytes()).err(), Some(NoCertificate), "{text}");
    }
}
