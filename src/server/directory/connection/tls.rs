//! TLS to a directory service: by the certificates of a named file and by no others.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::super::ask::AskError;
use super::super::settings::Tls;
use crate::config::read_bytes;
use crate::file::Writers;
use crate::secret::read_secret_file;

/// What is shown and wanted in TLS 1.2 and 1.3.
pub(super) fn config(tls: &Tls) -> Result<Arc<ClientConfig>, AskError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&tls.ca_file)? {
        roots
            .add(certificate)
            .map_err(|error| odd(&tls.ca_file, &error))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| odd(&tls.ca_file, &error))?
        .with_root_certificates(roots);
    let config = match &tls.client {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => config
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| odd(certificate, &error))?,
    };
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, AskError> {
    Writers::of_this_account().check(path)?;
    let bytes = read(path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let all = all.map_err(|error| odd(path, &error))?;
    if all.is_empty() {
        return Err(odd(path, &"no certificate (PEM) in it"));
    }
    Ok(all)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, AskError> {
    let bytes = read_secret_file(path, PEM_BYTES_MAX)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| odd(path, &error))
}

fn read(path: &Path) -> Result<Vec<u8>, AskError> {
    read_bytes(path, PEM_BYTES_MAX).map_err(|source| AskError::File {
        path: path.to_path_buf(),
        source,
    })
}

fn odd(path: &Path, fault: &impl ToString) -> AskError {
    AskError::Certificate {
        path: path.to_path_buf(),
        fault: fault.to_string(),
    }
}

/// More than the roots of the web.
const PEM_BYTES_MAX: usize = 1024 * 1024;
