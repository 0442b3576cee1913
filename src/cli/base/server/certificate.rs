//! Logging in by a client certificate in a file, with its key in another.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Visit, plain};
use crate::cli::base::failure::{At, Failure};
use crate::client::{
    ClientCertificate, ClientCertificateError, Exchange, KeptSession, Trusted,
    log_in_by_certificate,
};
use crate::config::read_limited;
use crate::file::{open, read_from};
use crate::login::dpop::SessionKey;

/// With the certificate and the key that are named, or were the last time. It is shown where the login is answered, and nowhere else.
pub(super) fn by_certificate(
    visit: &mut Visit,
    named: Option<(&Path, &Path)>,
    (method, key): (&str, &SessionKey),
) -> Result<KeptSession, Failure> {
    let (certificate, private) = files(named, &visit.trusted, method)?;
    let shown = shown(&certificate, &private)?;
    let (server, roots) = (&visit.trusted.server, visit.trusted.roots.as_deref());
    let mut exchange = Exchange::showing(&shown, server, roots)?;
    let kept = log_in_by_certificate(&mut exchange, method, key)?;
    visit.trusted.tls_certificate = Some(certificate);
    visit.trusted.tls_key = Some(private);
    Ok(kept)
}

fn files(
    named: Option<(&Path, &Path)>,
    trusted: &Trusted,
    method: &str,
) -> Result<(PathBuf, PathBuf), Failure> {
    let before = trusted.tls_certificate.as_deref();
    let before = before.zip(trusted.tls_key.as_deref());
    let (certificate, key) = named.or(before).ok_or_else(|| {
        let method = plain(method);
        Failure::usage(format!(
            "a login by {method} shows a client certificate: name it and its key with --tls-certificate and --tls-key"
        ))
    })?;
    // They are named again from another folder.
    let absolute = |file: &Path| std::path::absolute(file).in_file(file);
    Ok((absolute(certificate)?, absolute(key)?))
}

fn shown(certificate: &Path, key: &Path) -> Result<ClientCertificate, Failure> {
    let chain = read_limited(certificate, LARGEST).in_file(certificate)?;
    let private = own(key)?;
    let shown = ClientCertificate::of_pem(&chain, &private);
    shown.map_err(|error| {
        let place = match error {
            ClientCertificateError::NoCertificate => certificate,
            _ => key,
        };
        Failure::from(error).at(place.display().to_string())
    })
}

/// A key that others can read is nobody's own.
fn own(key: &Path) -> Result<Zeroizing<String>, Failure> {
    let file = open(key).in_file(key)?;
    let mode = file.metadata().in_file(key)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        let words = format!("{} can be read by others (mode {mode:o})", key.display());
        return Err(Failure::new(words).hint(format!("chmod 600 {}", key.display())));
    }
    let text = read_from(file, LARGEST).in_file(key)?;
    Ok(Zeroizing::new(text))
}

/// In bytes.
const LARGEST: u64 = 256 * 1024;
