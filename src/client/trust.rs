//! What is known of a server since the first contact, and held against what it says now.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::{Exchange, ExchangeError, ServerAddress};
use crate::api::about::Server;
use crate::api::path;
use crate::login::LoginKind;

/// A server as it was when it was first met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trusted {
    /// Where it is.
    pub server: ServerAddress,
    /// The certificates that its TLS is known by, in PEM; the web's roots where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<String>,
    /// What was logged in with last, as `login --identity` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The name that was logged in with last, by a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The file of the client certificate that was logged in with last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The file of its private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// The login method that was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What kind of method that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The fingerprints of its CAs' keys, by the CA's name.
    #[serde(default)]
    pub cas: BTreeMap<String, String>,
    /// The fingerprint of its ledger key; none as long as it gave no receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_key: Option<String>,
}

/// Why a server is not taken for the one that it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It can't be asked.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// It says that it is another one: what is signed for it would not count.
    #[error("{asked} calls itself {named}")]
    OtherServer {
        /// What was typed.
        asked: ServerAddress,
        /// What it says.
        named: String,
    },
    /// A CA's key that is none, or whose fingerprint is another.
    #[error("{server}: the key of its CA {ca:?} cannot be used")]
    Key {
        /// Which server.
        server: ServerAddress,
        /// Which CA.
        ca: String,
    },
    /// The ledger has another key than before.
    #[error("the ledger of {server} has another key than before: {now}, and had {before}")]
    LedgerKey {
        /// Which server.
        server: ServerAddress,
        /// The fingerprint that was kept.
        before: String,
        /// The fingerprint that it has now; empty if it is none.
        now: String,
    },
    /// A CA has another key than before.
    #[error("CA {ca} of {server} has another key than before: {now}, and had {before}")]
    Changed {
        /// Which server.
        server: ServerAddress,
        /// Which CA.
        ca: String,
        /// The fingerprint that was kept.
        before: String,
        /// The fingerprint that it has now.
        now: String,
    },
}

impl Trusted {
    /// A server that nothing is known of yet.
    #[must_use]
    pub fn new(server: ServerAddress, roots: Option<String>) -> Self {
        Self {
            server,
            roots,
            identity: None,
            user: None,
            tls_certificate: None,
            tls_key: None,
            method: None,
            kind: None,
            cas: BTreeMap::new(),
            ledger_key: None,
        }
    }

    /// The method that was used last, if nobody can log in by it again without somebody at a terminal.
    #[must_use]
    pub fn method_of_a_person(&self) -> Option<&str> {
        let kind = self.kind.as_deref()?;
        let of_persons = [LoginKind::Oidc, LoginKind::Password, LoginKind::Ldap];
        let wants_somebody = of_persons.iter().any(|one| one.as_str() == kind);
        self.method.as_deref().filter(|_| wants_somebody)
    }

    /// Asks the server what it is, and holds that against what was known; CAs that are new are kept from now on.
    /// `accepted` are fingerprints that a person says are right.
    ///
    /// # Errors
    /// [`TrustError`], and then nothing more is known than before.
    pub fn meet(
        &mut self,
        exchange: &mut Exchange,
        accepted: &[String],
    ) -> Result<Server, TrustError> {
        let server: Server = exchange.read(path::SERVER, None)?;
        let asked = &self.server;
        if server.url.parse().as_ref() != Ok(asked) {
            return Err(TrustError::OtherServer {
                asked: asked.clone(),
                named: server
                    .url
                    .chars()
                    .filter(|char| !char.is_control())
                    .collect(),
            });
        }
        let cas = self.compared(&server, accepted)?;
        if let Some(key) = self.ledger_key_compared(&server, accepted)? {
            self.ledger_key = Some(key);
        }
        self.cas = cas;
        Ok(server)
    }

    /// The fingerprint of the ledger key, where the server gives receipts.
    fn ledger_key_compared(
        &self,
        server: &Server,
        accepted: &[String],
    ) -> Result<Option<String>, TrustError> {
        let Some(line) = &server.ledger_key else {
            return Ok(None);
        };
        let now = fingerprint_of(line).unwrap_or_default();
        let before = self.ledger_key.as_ref();
        match before.filter(|before| **before != now && !accepted.contains(&now)) {
            Some(before) => Err(TrustError::LedgerKey {
                server: self.server.clone(),
                before: before.clone(),
                now,
            }),
            None => Ok(Some(now)),
        }
    }

    /// The ledger key of a server that was met, if it is the one that is trusted.
    #[must_use]
    pub fn trusted_ledger_key(&self, server: &Server) -> Option<KeyData> {
        let key = PublicKey::from_openssh(server.ledger_key.as_ref()?).ok()?;
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let is_trusted = self.ledger_key.as_ref() == Some(&fingerprint);
        is_trusted.then(|| key.key_data().clone())
    }

    fn compared(
        &self,
        server: &Server,
        accepted: &[String],
    ) -> Result<BTreeMap<String, String>, TrustError> {
        let mut cas = self.cas.clone();
        for ca in &server.cas {
            let wrong = || TrustError::Key {
                server: self.server.clone(),
                ca: ca.name.clone(),
            };
            let now = fingerprint_of(&ca.public_key).ok_or_else(wrong)?;
            if now != ca.fingerprint {
                return Err(wrong());
            }
            match cas.get(&ca.name) {
                Some(before) if *before != now && !accepted.contains(&now) => {
                    return Err(TrustError::Changed {
                        server: self.server.clone(),
                        ca: ca.name.clone(),
                        before: before.clone(),
                        now,
                    });
                }
                _ => drop(cas.insert(ca.name.clone(), now)),
            }
        }
        Ok(cas)
    }

    /// The key of a CA that was met, if it is the one that is trusted.
    #[must_use]
    pub fn ca_key(&self, server: &Server, name: &str) -> Option<KeyData> {
        let ca = server.cas.iter().find(|ca| ca.name == name)?;
        let key = PublicKey::from_openssh(&ca.public_key).ok()?;
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let is_trusted = self.cas.get(name) == Some(&fingerprint);
        is_trusted.then(|| key.key_data().clone())
    }
}

fn fingerprint_of(line: &str) -> Option<String> {
    let key = PublicKey::from_openssh(line).ok()?;
    Some(key.fingerprint(HashAlg::Sha256).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::about::Ca;
    use ssh_key::private::Ed25519Keypair;

    fn ca(name: &str, seed: u8) -> Ca {
        let key = KeyData::from(Ed25519Keypair::from_seed(&[seed; 32]).public);
        let key = PublicKey::from(key);
        Ca {
            name: name.to_owned(),
            certificates: "user".to_owned(),
            public_key: key.to_openssh().unwrap(),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        }
    }

    fn server(cas: Vec<Ca>) -> Server {
        Server {
            name: "ca".to_owned(),
            version: "1".to_owned(),
            url: "https://ca".to_owned(),
            time: 0,
            cas,
            logins: Vec::new(),
            ledger_key: None,
        }
    }

    #[test]
    fn a_ledger_key_is_kept_and_another_one_is_refused() {
        let mut trusted = Trusted::new("ca".parse().unwrap(), None);
        let with = |key: Option<u8>| Server {
            ledger_key: key.map(|seed| ca("l", seed).public_key),
            ..server(Vec::new())
        };
        let compared = |trusted: &Trusted, key, accepted: &[String]| {
            trusted.ledger_key_compared(&with(key), accepted)
        };
        assert_eq!(compared(&trusted, None, &[]).unwrap(), None);
        trusted.ledger_key = compared(&trusted, Some(1), &[]).unwrap();
        assert!(trusted.trusted_ledger_key(&with(Some(1))).is_some());
        assert!(trusted.trusted_ledger_key(&with(Some(2))).is_none());
        assert_eq!(compared(&trusted, None, &[]).unwrap(), None);
        let refused = compared(&trusted, Some(2), &[]).unwrap_err();
        assert!(matches!(refused, TrustError::LedgerKey { .. }));
        let accepted = [ca("l", 2).fingerprint];
        let now = compared(&trusted, Some(2), &accepted).unwrap();
        assert_eq!(now, Some(ca("l", 2).fingerprint));
    }

    #[test]
    fn keys_are_kept_from_the_first_contact_on() {
        let mut trusted = Trusted::new("ca".parse().unwrap(), None);
        let first = server(vec![ca("users", 1)]);
        trusted.cas = trusted.compared(&first, &[]).unwrap();
        assert!(trusted.ca_key(&first, "users").is_some());
        assert!(trusted.ca_key(&first, "hosts").is_none());
        let more = server(vec![ca("users", 1), ca("hosts", 2)]);
        assert_eq!(trusted.compared(&more, &[]).unwrap().len(), 2);
        let changed = server(vec![ca("users", 3)]);
        let refused = trusted.compared(&changed, &[]).unwrap_err();
        assert!(matches!(&refused, TrustError::Changed { ca, .. } if ca == "users"));
        assert!(trusted.ca_key(&changed, "users").is_none());
        let accepted = [ca("users", 3).fingerprint];
        trusted.cas = trusted.compared(&changed, &accepted).unwrap();
        assert!(trusted.ca_key(&changed, "users").is_some());
    }

    #[test]
    fn a_key_that_is_another_than_it_says_is_none() {
        let trusted = Trusted::new("ca".parse().unwrap(), None);
        let mut other = ca("users", 1);
        other.fingerprint = ca("users", 2).fingerprint;
        let mut broken = ca("users", 1);
        broken.public_key = "ssh-ed25519 AAAA".to_owned();
        for ca in [other, broken] {
            let refused = trusted.compared(&server(vec![ca]), &[]).unwrap_err();
            assert!(matches!(refused, TrustError::Key { .. }));
        }
    }
}
