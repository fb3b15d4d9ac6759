use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{info, warn};

use super::read_on::ReadOn;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// With what a server proves who it is: a certificate and its key, from files that may change while it runs. Clones share
/// the certificate.
#[derive(Clone)]
pub struct Tls {
    certificate_file: PathBuf,
    key_file: PathBuf,
    present: Arc<Present>,
    acceptor: TlsAcceptor,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, #[source] rustls::pki_types::pem::Error),
    /// The certificate's file has none in it.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    /// The two do not go together, or are of a kind that is not known.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

#[derive(Debug)]
struct Present(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Present {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// Reads a certificate, with those that it is signed with behind it, and its private key, both in PEM.
    ///
    /// # Errors
    /// When they cannot be read or used.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let present = Arc::new(Present(RwLock::new(Arc::new(read(certificate, key)?))));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&present) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            certificate_file: certificate.to_owned(),
            key_file: key.to_owned(),
            present,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    pub(super) async fn accept(&self, stream: ReadOn) -> std::io::Result<TlsStream<ReadOn>> {
        self.acceptor.accept(stream).await
    }

    /// Takes a new certificate whenever the files change; runs until it is dropped. Files that make no sense change
    /// nothing: the present certificate goes on.
    pub(super) async fn follow_files(&self) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut complained = None;
        loop {
            ticks.tick().await;
            let (certificate, key) = (self.certificate_file.clone(), self.key_file.clone());
            let read = tokio::task::spawn_blocking(move || read(&certificate, &key)).await;
            let Ok(read) = read else { continue };
            match read {
                Ok(read) => {
                    complained = None;
                    self.take(read);
                }
                Err(error) => {
                    // Once for each trouble: they may be in the middle of being written.
                    let text = error.to_string();
                    if complained.as_ref() != Some(&text) {
                        warn!(%error, "certificate not read again; the present one goes on");
                        complained = Some(text);
                    }
                }
            }
        }
    }

    fn take(&self, read: CertifiedKey) {
        let Present(present) = &*self.present;
        let mut present = present.write().unwrap_or_else(PoisonError::into_inner);
        if present.cert != read.cert {
            *present = Arc::new(read);
            info!(file = %self.certificate_file.display(), "new certificate");
        }
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| TlsError::Read(path, error)
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .map_err(at(certificate))?
        .collect::<Result<_, _>>()
        .map_err(at(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(at(key))?;
    // Refuses a key that is another certificate's.
    let provider = rustls::crypto::ring::default_provider();
    Ok(CertifiedKey::from_der(chain, key, &provider)?)
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("certificate_file", &self.certificate_file)
            .finish_non_exhaustive()
    }
}
