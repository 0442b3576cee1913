//! Client certificates that people log in with: `[login.NAME]` of kind `tls`.

use std::path::PathBuf;

use super::error::{LoginConfigError, TlsConfigError};
use super::{LoginMethod, LoginTable};
use crate::config::Config;
use crate::login::MethodName;
use crate::login::tls::CertificateNames;

/// A client CA, and what its certificates count for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCaConfig {
    /// The file with the one certificate (PEM) that chains end at.
    pub client_ca: PathBuf,
    /// The file with lists of revoked certificates (PEM), if there is one.
    pub client_crl: Option<PathBuf>,
    /// Which name in a certificate says who it is.
    pub names: CertificateNames,
    /// The methods whose names are the same people's.
    pub same_as: Vec<MethodName>,
}

impl LoginTable {
    pub(super) fn certificates(
        &self,
        name: &MethodName,
        config: &Config,
    ) -> Result<ClientCaConfig, LoginConfigError> {
        let client_ca = self.client_ca.as_ref();
        let client_ca = client_ca.ok_or_else(|| self.lacks(name, "client-ca"))?;
        let names = self.names().map_err(|source| LoginConfigError::Tls {
            method: name.clone(),
            source,
        })?;
        Ok(ClientCaConfig {
            client_ca: config.resolve(client_ca),
            client_crl: self.client_crl.as_ref().map(|file| config.resolve(file)),
            names: names.ok_or_else(|| self.lacks(name, "requester"))?,
            same_as: self.same_as.clone().unwrap_or_default(),
        })
    }

    /// None where it isn't said which.
    fn names(&self) -> Result<Option<CertificateNames>, TlsConfigError> {
        let Some(requester) = &self.requester else {
            return Ok(None);
        };
        let names = match (requester.as_str(), &self.domains, &self.below) {
            (EMAIL, Some(domains), None) => CertificateNames::email(domains)?,
            (SPIFFE, None, Some(below)) => CertificateNames::spiffe(below)?,
            (EMAIL, _, _) => return Err(TlsConfigError::Email),
            (SPIFFE, _, _) => return Err(TlsConfigError::Spiffe),
            (other, _, _) => return Err(TlsConfigError::Requester(other.to_owned())),
        };
        Ok(Some(names))
    }
}

/// A proxy before the server takes TLS, and its certificates, for itself.
pub(in crate::config::serve) fn first_by_certificate(
    logins: &[LoginMethod],
) -> Option<&MethodName> {
    let mut logins = logins.iter();
    let first = logins.find(|method| method.certificates.is_some())?;
    Some(&first.name)
}

const EMAIL: &str = "email";
const SPIFFE: &str = "spiffe";

#[cfg(test)]
mod tests;
