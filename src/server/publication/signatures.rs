//! The signatures beside a list: SSHSIGs in a namespace of their own, one behind the other, each
//! over the same bytes.

use std::collections::BTreeSet;

use ssh_key::public::KeyData;
use ssh_key::{LineEnding, SshSig};

use super::LIST_NAMESPACE;
use crate::request::AllowedSigners;
use crate::wire::verify::{SignatureError, verify_possession};

/// Signatures that say whose they claim to be; nothing is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures(Vec<SshSig>);

/// Why a text holds no signatures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignaturesError {
    /// More than is read.
    #[error("more than {SIGNATURES_BYTES_MAX} bytes")]
    TooLong,
    /// Something else than signatures.
    #[error("line {line}: no SSH signature")]
    Form {
        /// The line, from 1.
        line: usize,
    },
    /// Nothing.
    #[error("no SSH signature in it")]
    None,
    /// More than anybody wants.
    #[error("more than {MOST} signatures")]
    TooMany,
}

/// Why one signature counts for nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureFault {
    /// Signed for another purpose.
    #[error("signed in namespace {found:?}, not {wanted:?}")]
    Namespace {
        /// That of the signature.
        found: String,
        /// The one that counts.
        wanted: &'static str,
    },
    /// Not a signature of these bytes.
    #[error("not the signature of these bytes")]
    Signature(#[source] SignatureError),
    /// A signature that nothing can be made of.
    #[error("a signature that can't be checked")]
    Encoding,
}

impl Signatures {
    /// Reads armoured signatures, one behind the other, and nothing else.
    ///
    /// # Errors
    /// [`SignaturesError`].
    pub fn read(text: &[u8]) -> Result<Self, SignaturesError> {
        if text.len() > SIGNATURES_BYTES_MAX {
            return Err(SignaturesError::TooLong);
        }
        let text = std::str::from_utf8(text).map_err(|_| SignaturesError::Form { line: 1 })?;
        let mut all = Vec::new();
        let mut block = String::new();
        let mut first = 1;
        for (line, number) in text.lines().zip(1..) {
            if block.is_empty() {
                first = number;
            }
            block.push_str(line);
            block.push('\n');
            if line == END {
                let form = |_| SignaturesError::Form { line: first };
                all.push(SshSig::from_pem(&block).map_err(form)?);
                block.clear();
            }
            if all.len() > MOST {
                return Err(SignaturesError::TooMany);
            }
        }
        match (block.is_empty(), all.is_empty()) {
            (false, _) => Err(SignaturesError::Form { line: first }),
            (true, true) => Err(SignaturesError::None),
            (true, false) => Ok(Self(all)),
        }
    }

    /// Adds one behind the others; one of the same key takes the place of the earlier one.
    pub fn add(&mut self, signature: SshSig) {
        let Self(all) = self;
        all.retain(|other| other.public_key() != signature.public_key());
        all.push(signature);
    }

    /// The text that is read again.
    ///
    /// # Errors
    /// If one can't be written.
    pub fn to_armour(&self) -> ssh_key::Result<String> {
        self.0
            .iter()
            .map(|one| one.to_pem(LineEnding::LF))
            .collect()
    }

    /// The keys that signed exactly these bytes as a list.
    #[must_use]
    pub fn keys(&self, list: &[u8]) -> Vec<&KeyData> {
        let good = self
            .0
            .iter()
            .filter(|one| check(one, LIST_NAMESPACE, list).is_ok());
        good.map(SshSig::public_key).collect()
    }

    /// The persons who signed exactly these bytes as a list, each once, whatever the number of
    /// their keys.
    #[must_use]
    pub fn persons(&self, list: &[u8], signers: &AllowedSigners, now: u64) -> BTreeSet<String> {
        let keys = self.keys(list).into_iter();
        let persons = keys.filter_map(|key| signers.person(key, LIST_NAMESPACE, now));
        persons.map(|name| name.as_str().to_owned()).collect()
    }

    /// Whether anybody signed exactly these bytes as a list.
    #[must_use]
    pub fn any_of(&self, list: &[u8]) -> bool {
        !self.keys(list).is_empty()
    }
}

/// Whether the signature's own key, whoever's that is, signed exactly these bytes for a purpose.
///
/// # Errors
/// [`SignatureFault`].
pub(super) fn check(
    signature: &SshSig,
    namespace: &'static str,
    bytes: &[u8],
) -> Result<(), SignatureFault> {
    if signature.namespace() != namespace {
        return Err(SignatureFault::Namespace {
            found: signature.namespace().chars().take(64).collect(),
            wanted: namespace,
        });
    }
    let message = SshSig::signed_data(namespace, signature.hash_alg(), bytes);
    let message = message.map_err(|_| SignatureFault::Encoding)?;
    verify_possession(&message, signature.signature(), signature.public_key())
        .map(drop)
        .map_err(SignatureFault::Signature)
}

/// The longest text of signatures that is read, in bytes.
pub const SIGNATURES_BYTES_MAX: usize = 128 * 1024;
const MOST: usize = 32;
const END: &str = "-----END SSH SIGNATURE-----";

#[cfg(test)]
pub(super) mod tests {
    use jiff::tz::TimeZone;
    use ssh_key::private::{Ed25519Keypair, KeypairData};
    use ssh_key::{HashAlg, PrivateKey};

    use super::*;

    const LIST: &[u8] = b"peter www *\n";

    pub(in super::super) fn key(seed: u8) -> PrivateKey {
        let pair = Ed25519Keypair::from_seed(&[seed; 32]);
        PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
    }

    pub(in super::super) fn signed(seed: u8, namespace: &str, bytes: &[u8]) -> SshSig {
        key(seed).sign(namespace, HashAlg::Sha512, bytes).unwrap()
    }

    pub(in super::super) fn of(seeds: &[u8], bytes: &[u8]) -> Signatures {
        let mut all = Signatures::default();
        seeds
            .iter()
            .for_each(|seed| all.add(signed(*seed, LIST_NAMESPACE, bytes)));
        Signatures::read(all.to_armour().unwrap().as_bytes()).unwrap()
    }

    pub(in super::super) fn allowed(lines: &[(&str, u8)]) -> AllowedSigners {
        let lines = lines.iter().map(|(begin, seed)| {
            format!(
                "{begin} {}\n",
                key(*seed).public_key().to_openssh().unwrap()
            )
        });
        let text: String = lines.collect();
        AllowedSigners::parse(text.as_bytes(), &|| TimeZone::UTC).unwrap()
    }

    fn persons(seeds: &[u8], lines: &[(&str, u8)]) -> Vec<String> {
        let persons = of(seeds, LIST).persons(LIST, &allowed(lines), 1_795_000_000);
        persons.into_iter().collect()
    }

    #[test]
    fn a_person_counts_once_and_by_a_line_that_names_one_alone() {
        let lines = [("anna", 1), ("anna", 2), ("ole", 3)];
        assert_eq!(persons(&[1, 2], &lines), ["anna"]);
        assert_eq!(persons(&[1, 3], &lines), ["anna", "ole"]);
        assert_eq!(persons(&[4], &lines), [""; 0]);
        // A key of two names is one person's.
        assert_eq!(persons(&[1], &[("anna", 1), ("ole", 1)]), ["anna"]);
        for begin in [
            "*",
            "anna,ole",
            "anna namespaces=\"request@punchmark\"",
            "anna valid-before=\"20200101Z\"",
            "anna cert-authority",
        ] {
            assert_eq!(persons(&[1], &[(begin, 1)]), [""; 0], "{begin}");
        }
        let line = "anna namespaces=\"access-list@punchmark\"";
        assert_eq!(persons(&[1], &[(line, 1)]), ["anna"]);
    }

    #[test]
    fn what_is_signed_for_something_else_or_is_another_list_counts_for_nobody() {
        let signers = allowed(&[("anna", 1)]);
        let mut all = Signatures::default();
        all.add(signed(1, "file", LIST));
        assert!(all.persons(LIST, &signers, 0).is_empty());
        let all = of(&[1], LIST);
        assert!(all.any_of(LIST) && !all.any_of(b"peter root *\n"));
    }

    #[test]
    fn a_second_signature_of_a_key_takes_the_place_of_the_first() {
        let mut all = of(&[1, 2], b"old\n");
        all.add(signed(1, LIST_NAMESPACE, LIST));
        assert_eq!(all.keys(LIST).len(), 1);
        assert_eq!(all.keys(b"old\n").len(), 1);
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let text = of(&[1, 2], LIST).to_armour().unwrap();
        let read = |text: &str| Signatures::read(text.as_bytes());
        assert_eq!(read(""), Err(SignaturesError::None));
        assert_eq!(read("<html>"), Err(SignaturesError::Form { line: 1 }));
        assert_eq!(
            read(&format!("{text}x")),
            Err(SignaturesError::Form { line: 13 })
        );
        let cut: String = text
            .lines()
            .take(4)
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(read(&cut), Err(SignaturesError::Form { line: 1 }));
        assert_eq!(read(&text.repeat(17)), Err(SignaturesError::TooMany));
        let long = " ".repeat(SIGNATURES_BYTES_MAX + 1);
        assert_eq!(read(&long), Err(SignaturesError::TooLong));
    }
}
