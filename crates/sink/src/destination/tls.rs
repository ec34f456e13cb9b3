//! TLS for connections that are not HTTP.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsConnector;

use crate::secret::Secret;
use crate::settings::InvalidSettings;

/// Trusts the certificates `ca`, or those of the system; names itself by `client` and the private key `key`, if given.
pub(super) fn connector(
    ca: Option<&str>,
    client: Option<&str>,
    key: Option<&Secret>,
) -> Result<TlsConnector, InvalidSettings> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(ca) => {
            for certificate in certificates("ca", ca)? {
                roots.add(certificate).map_err(|error| InvalidSettings::new("ca", error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(InvalidSettings::new(
            "ca",
            "the system has no certificates to trust; give those of the receiver's authority",
        ));
    }
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| InvalidSettings::new("tls", error.to_string()))?
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let key =
                key.ok_or_else(|| InvalidSettings::new("secret", "give the private key of clientCertificate in PEM"))?;
            let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
                .map_err(|_| InvalidSettings::new("secret", "no private key in PEM"))?;
            builder
                .with_client_auth_cert(certificates("clientCertificate", client)?, key)
                .map_err(|error| InvalidSettings::new("clientCertificate", error.to_string()))?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates(field: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, InvalidSettings> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    certificates.map_err(|error| InvalidSettings::new(field, format!("no certificates in PEM: {error}")))
}
