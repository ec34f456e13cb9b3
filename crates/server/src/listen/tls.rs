//! TLS from files: the server's certificate and key, and the authority of client certificates. They are read again when they
//! change; what cannot be used then is told, and what was read before stays.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::config;

/// Names of a certificate that are looked at, at most.
const NAMES_MAX: usize = 100;
/// So long before the server's certificate ends there is an alarm.
const EXPIRY_ALARM_DAYS: i64 = 14;
/// Between a failed reading and a second look: files that are replaced one after the other do not fit for a moment.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// The files of TLS and what was last made of them.
pub(crate) struct Tls {
    settings: config::Tls,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    /// What the files held.
    files: Files,
    config: Arc<ServerConfig>,
    /// The server's own certificate.
    own: Certificate,
    addresses: Vec<IpAddr>,
    /// Why the files as they are now cannot be used.
    trouble: Option<String>,
}

#[derive(PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// What a certificate says of whom it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// DNS names in lower case, and URIs, of its `subjectAltName`.
    pub(crate) names: Vec<String>,
    /// When it ends, microseconds since 1970.
    pub(crate) ends_us: i64,
}

impl Certificate {
    /// Reads a certificate that was verified; `None` if it is not understood.
    pub(crate) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let names = alternative_names(&certificate).into_iter().filter_map(|name| match name {
            // A URI always has a colon and a DNS name never has: one cannot be taken for the other.
            GeneralName::DNSName(name) if !name.contains(':') => Some(name.to_ascii_lowercase()),
            GeneralName::URI(uri) if uri.contains(':') => Some((*uri).to_owned()),
            _ => None,
        });
        Some(Self {
            names: names.take(NAMES_MAX).collect(),
            ends_us: certificate.validity().not_after.timestamp().saturating_mul(1_000_000),
        })
    }
}

fn alternative_names<'a>(certificate: &'a X509Certificate<'a>) -> Vec<&'a GeneralName<'a>> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    extension.map(|extension| extension.value.general_names.iter().collect()).unwrap_or_default()
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When they cannot be used; the text names file and remedy.
    pub(crate) fn open(settings: &config::Tls) -> anyhow::Result<Self> {
        let loaded = Loaded::new(settings, Files::read(settings)?)?;
        Ok(Self { settings: settings.clone(), loaded: Mutex::new(loaded) })
    }

    /// What the next connection is answered with, if these protocols are spoken within it; any if none is named.
    pub(super) fn speaking(&self, protocols: &[&[u8]]) -> Arc<ServerConfig> {
        let current = Arc::clone(&self.lock().config);
        if current.alpn_protocols == protocols {
            return current;
        }
        let mut other = ServerConfig::clone(&current);
        other.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(other)
    }

    /// Host and port by which clients find `address`: the address if the certificate is for it, else the first name that it is
    /// for.
    pub(super) fn authority(&self, address: SocketAddr) -> String {
        let loaded = self.lock();
        let name = loaded.own.names.iter().find(|name| !name.contains(['*', ':']));
        match name {
            Some(name) if !loaded.addresses.contains(&address.ip()) => format!("{name}:{}", address.port()),
            _ => address.to_string(),
        }
    }

    /// Reads the files again, now and then, for ever.
    pub(crate) async fn reload_forever(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(self.settings.reload_seconds)).await;
            if tokio::task::block_in_place(|| self.reload()).is_ok() {
                continue;
            }
            tokio::time::sleep(SECOND_LOOK).await;
            let outcome = tokio::task::block_in_place(|| self.reload());
            let trouble = outcome.err().map(|error| format!("{error:#}"));
            let mut loaded = self.lock();
            if let Some(trouble) = &trouble
                && loaded.trouble.as_ref() != Some(trouble)
            {
                tracing::error!(
                    "the files of TLS have changed and cannot be used, what was read before stays: {trouble}"
                );
            }
            loaded.trouble = trouble;
        }
    }

    /// Reads the files and uses them from now on if they have changed.
    fn reload(&self) -> anyhow::Result<()> {
        let files = Files::read(&self.settings)?;
        if self.lock().files == files {
            self.lock().trouble = None;
            return Ok(());
        }
        let loaded = Loaded::new(&self.settings, files)?;
        tracing::info!("the files of TLS have changed and are in use");
        *self.lock() = loaded;
        Ok(())
    }

    /// What is wrong with the certificate at `now_us`.
    pub(crate) fn alarm(&self, now_us: i64) -> Option<String> {
        let loaded = self.lock();
        if let Some(trouble) = &loaded.trouble {
            return Some(format!(
                "the files of TLS have changed and cannot be used, the old ones stay in use: {trouble}"
            ));
        }
        let days = (loaded.own.ends_us - now_us).div_euclid(86_400_000_000);
        let file = self.settings.certificate.display();
        match days {
            ..0 => Some(format!("the server's certificate has ended, clients refuse it: put a new one into {file}")),
            0..EXPIRY_ALARM_DAYS => {
                Some(format!("the server's certificate ends in {days} days: put a new one into {file}"))
            }
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn read(settings: &config::Tls) -> anyhow::Result<Self> {
        let read = |key: &str, path: &Path| {
            std::fs::read(path)
                .with_context(|| format!("read tls.{key} {}: see that the server may read it", path.display()))
        };
        Ok(Self {
            certificate: read("certificate", &settings.certificate)?,
            key: read("key", &settings.key)?,
            client_ca: settings.client_ca.as_ref().map(|path| read("client-ca", path)).transpose()?,
        })
    }
}

impl Loaded {
    fn new(settings: &config::Tls, files: Files) -> anyhow::Result<Self> {
        let chain = certificates("certificate", &settings.certificate, &files.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(|_| {
            anyhow::anyhow!(
                "tls.key {} holds no private key in PEM; one with a passphrase is decrypted with `openssl pkey`",
                settings.key.display()
            )
        })?;
        let (own, addresses) = chain.first().and_then(read_own).with_context(|| {
            format!("tls.certificate {} does not begin with an X.509 certificate", settings.certificate.display())
        })?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let builder = match (&settings.client_ca, &files.client_ca) {
            (Some(path), Some(pem)) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates("client-ca", path, pem)? {
                    roots.add(certificate).with_context(|| format!("tls.client-ca {}", path.display()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).with_context(|| {
            format!(
                "tls.key {} does not belong to the first certificate of {}",
                settings.key.display(),
                settings.certificate.display()
            )
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { files, config: Arc::new(config), own, addresses, trouble: None })
    }
}

/// What the server's own certificate says, and the addresses that it is for.
fn read_own(certificate: &CertificateDer<'_>) -> Option<(Certificate, Vec<IpAddr>)> {
    let own = Certificate::read(certificate)?;
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let addresses = alternative_names(&certificate).into_iter().filter_map(|name| match name {
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok(),
        _ => None,
    });
    Some((own, addresses.collect()))
}

fn certificates(key: &str, path: &Path, pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .with_context(|| format!("tls.{key} {} is not PEM", path.display()))?;
    if certificates.is_empty() {
        bail!("tls.{key} {} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", path.display());
    }
    Ok(certificates)
}
