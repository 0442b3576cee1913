//! A word that a list is fresh, with the signature that it is believed by when it is fetched.

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, LineEnding, SshSig};

use super::signatures::check;
use super::{FRESH_NAMESPACE, SignatureFault};
use crate::server::access::{Header, Refresh, RefreshError};

/// What stands in `access.list.fresh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRefresh {
    refresh: Refresh,
    signature: SshSig,
}

/// Why nothing is prolonged by a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedRefreshError {
    /// The lines.
    #[error(transparent)]
    Lines(#[from] RefreshError),
    /// No signature behind the lines.
    #[error("no SSH signature behind it")]
    Form,
    /// Signed by another key than that of `@fresh`.
    #[error("signed by {0}, which is not the key of `@fresh`")]
    OtherKey(String),
    /// Not signed for this.
    #[error(transparent)]
    Signature(#[from] SignatureFault),
    /// Said of a time that hasn't come.
    #[error("it is {seconds} s ahead of this machine's clock")]
    Ahead {
        /// By how much, in seconds.
        seconds: u64,
    },
}

impl SignedRefresh {
    /// Puts a word and its signature together.
    #[must_use]
    pub fn new(refresh: Refresh, signature: SshSig) -> Self {
        Self { refresh, signature }
    }

    /// Reads both, and checks neither.
    ///
    /// # Errors
    /// [`SignedRefreshError::Lines`], [`SignedRefreshError::Form`].
    pub fn read(bytes: &[u8]) -> Result<Self, SignedRefreshError> {
        let (refresh, signature) = Refresh::parse(bytes)?;
        let signature = SshSig::from_pem(signature).map_err(|_| SignedRefreshError::Form)?;
        Ok(Self { refresh, signature })
    }

    /// The text that is read again.
    ///
    /// # Errors
    /// If the signature can't be written.
    pub fn to_text(&self) -> ssh_key::Result<String> {
        Ok(format!(
            "{}{}",
            self.refresh,
            self.signature.to_pem(LineEnding::LF)?
        ))
    }

    /// What was said.
    #[must_use]
    pub fn refresh(&self) -> &Refresh {
        &self.refresh
    }

    /// Whether the key that a list names for it said it of a time that has come.
    ///
    /// # Errors
    /// [`SignedRefreshError`].
    pub fn check(&self, header: &Header, now: u64) -> Result<(), SignedRefreshError> {
        let key = self.signature.public_key();
        if header.fresh() != Some(&fingerprint(key)) {
            let print = key.fingerprint(HashAlg::Sha256).to_string();
            return Err(SignedRefreshError::OtherKey(print));
        }
        check(
            &self.signature,
            FRESH_NAMESPACE,
            self.refresh.to_string().as_bytes(),
        )?;
        match self.refresh.time.saturating_sub(now) {
            0..=AHEAD_MAX => Ok(()),
            seconds => Err(SignedRefreshError::Ahead { seconds }),
        }
    }
}

fn fingerprint(key: &KeyData) -> [u8; 32] {
    let print = key.fingerprint(HashAlg::Sha256);
    print.as_bytes().try_into().unwrap_or_default()
}

/// How far clocks may differ, in seconds, as for the age of a list.
const AHEAD_MAX: u64 = 5 * 60;

#[cfg(test)]
mod tests {
    use super::super::LIST_NAMESPACE;
    use super::super::signatures::tests::{key, signed};
    use super::*;
    use crate::server::access::List;

    const NOW: u64 = 1_795_000_000;

    fn refresh() -> Refresh {
        Refresh {
            sha256: [7; 32],
            version: NOW - 100,
            time: NOW,
        }
    }

    fn by(seed: u8, namespace: &str, said: &Refresh, now: u64) -> Result<(), SignedRefreshError> {
        let print = key(1).public_key().fingerprint(HashAlg::Sha256);
        let list = format!("@fresh {print}\npeter www *\n");
        let list = List::parse(list.as_bytes()).unwrap();
        let signature = signed(seed, namespace, said.to_string().as_bytes());
        let text = SignedRefresh::new(refresh(), signature).to_text().unwrap();
        SignedRefresh::read(text.as_bytes())
            .unwrap()
            .check(list.header(), now)
    }

    #[test]
    fn only_the_key_of_the_list_says_so_and_nothing_of_tomorrow() {
        assert_eq!(by(1, FRESH_NAMESPACE, &refresh(), NOW), Ok(()));
        assert_eq!(by(1, FRESH_NAMESPACE, &refresh(), NOW - 300), Ok(()));
        let ahead = by(1, FRESH_NAMESPACE, &refresh(), NOW - 301);
        assert_eq!(ahead, Err(SignedRefreshError::Ahead { seconds: 301 }));
        let other = by(2, FRESH_NAMESPACE, &refresh(), NOW);
        assert!(matches!(other, Err(SignedRefreshError::OtherKey(_))));
        // A signature of a list prolongs nothing, and neither does one of another word.
        for (namespace, time) in [(LIST_NAMESPACE, NOW), (FRESH_NAMESPACE, NOW - 1)] {
            let refused = by(1, namespace, &Refresh { time, ..refresh() }, NOW);
            assert!(matches!(refused, Err(SignedRefreshError::Signature(_))));
        }
    }

    #[test]
    fn lines_without_a_signature_are_refused() {
        let text = refresh().to_string();
        assert_eq!(
            SignedRefresh::read(text.as_bytes()),
            Err(SignedRefreshError::Form)
        );
    }
}
