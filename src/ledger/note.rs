//! Signed notes: a text, and signatures below it (C2SP signed-note).
//!
//! What a checkpoint is handed around as: it can be read aloud, kept on paper, and
//! checked by tools that were not made here.

use p256::ecdsa::Signature as P256Signature;
use sha2::{Digest, Sha256};
use ssh_encoding::base64::{Base64, Encoding};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Algorithm, Signature};

use crate::wire::hex;
use crate::wire::verify::verify_signature;

/// The public key of whoever signs notes, and the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: Kind,
    public_key: KeyData,
}

/// Why a note is not believed, or not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A name that is empty, or has white space or `+` in it.
    #[error("{0:?} is no name for the signer of a note")]
    Name(String),
    /// A key that signs no notes.
    #[error("a key of type {0} signs no notes; Ed25519 and ECDSA P-256 do")]
    Key(String),
    /// A text that does not end in a line break, or a note without its blank line.
    #[error("not a signed note")]
    Form,
    /// No signature line is by this key.
    #[error("the note is not signed by {0}")]
    Unsigned(String),
    /// A signature line by this key does not verify.
    #[error("the signature of {0} is not valid")]
    Signature(String),
}

impl NoteKey {
    /// A key and its name, which has no white space and no `+`.
    ///
    /// Of the curves that the format has, P-256 alone: its tools hash with SHA-256
    /// whatever the curve is, and a token hashes as the curve calls for.
    ///
    /// # Errors
    /// [`NoteError::Name`] or [`NoteError::Key`].
    pub fn new(name: &str, public_key: &KeyData) -> Result<Self, NoteError> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(bad) {
            return Err(NoteError::Name(name.to_owned()));
        }
        let kind = match public_key {
            KeyData::Ed25519(_) => Kind::Ed25519,
            KeyData::Ecdsa(EcdsaPublicKey::NistP256(_)) => Kind::P256,
            other => return Err(NoteError::Key(other.algorithm().to_string())),
        };
        Ok(Self {
            name: name.to_owned(),
            kind,
            public_key: public_key.clone(),
        })
    }

    /// The key as other tools take it: `NAME+HASH+BASE64`.
    #[must_use]
    pub fn to_vkey(&self) -> String {
        let id = hex(&self.id());
        let key = [vec![self.kind.code()], self.encoded()].concat();
        format!("{}+{id}+{}", self.name, Base64::encode_string(&key))
    }

    /// The note of a `text`, which ends in a line break, and of what this key signed it with.
    ///
    /// # Errors
    /// [`NoteError::Form`] for another text, [`NoteError::Signature`] for a signature that
    /// does not verify.
    pub fn note(&self, text: &str, signature: &Signature) -> Result<String, NoteError> {
        if !text.ends_with('\n') || text.contains("\n\n") {
            return Err(NoteError::Form);
        }
        let bad = || NoteError::Signature(self.name.clone());
        verify_signature(text.as_bytes(), signature, &self.public_key).map_err(|_| bad())?;
        let signature = self.kind.encode(signature).ok_or_else(bad)?;
        let line = Base64::encode_string(&[self.id().as_slice(), &signature].concat());
        Ok(format!("{text}\n{DASH} {} {line}\n", self.name))
    }

    /// The text of `note`, if this key signed it.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, signatures) = split(note)?;
        let mut signed = false;
        for line in signatures.lines() {
            let Some(signature) = self.signature_of(line)? else {
                continue;
            };
            let valid = self.kind.decode(&signature).is_some_and(|signature| {
                verify_signature(text.as_bytes(), &signature, &self.public_key).is_ok()
            });
            if !valid {
                return Err(NoteError::Signature(self.name.clone()));
            }
            signed = true;
        }
        if signed {
            Ok(text)
        } else {
            Err(NoteError::Unsigned(self.name.clone()))
        }
    }

    /// The first four bytes of a hash over name, algorithm and key; for ECDSA, over the
    /// key alone.
    fn id(&self) -> [u8; 4] {
        let key = self.encoded();
        let hash = match self.kind {
            Kind::Ed25519 => Sha256::new()
                .chain_update(self.name.as_bytes())
                .chain_update([b'\n', self.kind.code()])
                .chain_update(key)
                .finalize(),
            Kind::P256 => Sha256::digest(key),
        };
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
        [a, b, c, d]
    }

    /// The key as the format hashes it: 32 bytes, or a SubjectPublicKeyInfo.
    fn encoded(&self) -> Vec<u8> {
        match &self.public_key {
            KeyData::Ecdsa(key) => [P256_INFO, key.as_sec1_bytes()].concat(),
            key => key.ed25519().map(|key| key.0.to_vec()).unwrap_or_default(),
        }
    }

    /// The signature of a line, if the line is by this key.
    fn signature_of(&self, line: &str) -> Result<Option<Vec<u8>>, NoteError> {
        let mut words = line.splitn(3, ' ');
        let (Some(DASH), Some(name), Some(base64)) = (words.next(), words.next(), words.next())
        else {
            return Err(NoteError::Form);
        };
        let bytes = Base64::decode_vec(base64).map_err(|_| NoteError::Form)?;
        match bytes.split_first_chunk() {
            Some((id, signature)) if name == self.name && *id == self.id() => {
                Ok(Some(signature.to_vec()))
            }
            Some(_) => Ok(None),
            None => Err(NoteError::Form),
        }
    }
}

/// The algorithms of signatures, of those that the format has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ed25519,
    P256,
}

impl Kind {
    /// The signature type identifier.
    fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::P256 => 2,
        }
    }

    /// A signature as a note has it: for ECDSA, in DER.
    fn encode(self, signature: &Signature) -> Option<Vec<u8>> {
        match self {
            Self::Ed25519 => Some(signature.as_bytes().to_vec()),
            Self::P256 => {
                let signature = P256Signature::try_from(signature).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
        }
    }

    fn decode(self, bytes: &[u8]) -> Option<Signature> {
        match self {
            Self::Ed25519 => Signature::new(Algorithm::Ed25519, bytes).ok(),
            Self::P256 => Signature::try_from(P256Signature::from_der(bytes).ok()?).ok(),
        }
    }
}

/// The text of a note, unverified: for a note whose signer is not known.
///
/// # Errors
/// [`NoteError::Form`].
pub fn unverified_text(note: &str) -> Result<&str, NoteError> {
    Ok(split(note)?.0)
}

/// The text with its last line break, and the signature lines.
fn split(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > LARGEST {
        return Err(NoteError::Form);
    }
    let end = note.rfind("\n\n").ok_or(NoteError::Form)?;
    let (text, signatures) = note.split_at(end + 1);
    match signatures.strip_prefix('\n') {
        Some(signatures) if signatures.ends_with('\n') => Ok((text, signatures)),
        _ => Err(NoteError::Form),
    }
}

/// An em dash begins each signature line.
const DASH: &str = "\u{2014}";
/// What stands before a point of P-256 in its SubjectPublicKeyInfo (RFC 5480, section 2).
const P256_INFO: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
/// The longest note that is read, in bytes.
const LARGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData};
    use ssh_key::public::Ed25519PublicKey;
    use ssh_key::{EcdsaCurve, PrivateKey};

    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn peter() -> NoteKey {
        let bytes = Base64::decode_vec(VKEY.rsplit_once('+').unwrap().1).unwrap();
        let key = Ed25519PublicKey(bytes[1..].try_into().unwrap());
        NoteKey::new("PeterNeumann", &KeyData::Ed25519(key)).unwrap()
    }

    #[test]
    fn reads_a_note_and_a_key_that_another_tool_made() {
        assert_eq!(peter().to_vkey(), VKEY);
        assert!(peter().open(NOTE).unwrap().ends_with("problem is.\n"));
    }

    #[test]
    fn refuses_a_changed_text_and_a_changed_signature() {
        let text = NOTE.replace("answer", "ANSWER");
        assert_eq!(
            peter().open(&text),
            Err(NoteError::Signature("PeterNeumann".into()))
        );
        let signature = NOTE.replace("ZJkuBS9UG", "ZJkuBS9UH");
        assert_eq!(
            peter().open(&signature),
            Err(NoteError::Signature("PeterNeumann".into()))
        );
    }

    #[test]
    fn a_note_by_somebody_else_is_unsigned() {
        let other = NoteKey::new("Other", &peter().public_key).unwrap();
        assert_eq!(other.open(NOTE), Err(NoteError::Unsigned("Other".into())));
    }

    fn signed(key: &PrivateKey, text: &str) -> Signature {
        signature::Signer::try_sign(key, text.as_bytes()).unwrap()
    }

    fn ecdsa(curve: EcdsaCurve) -> PrivateKey {
        let mut rng = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        let pair = EcdsaKeypair::random(&mut rng, curve).unwrap();
        PrivateKey::new(KeypairData::Ecdsa(pair), "").unwrap()
    }

    #[test]
    fn opens_what_an_ed25519_and_a_p256_key_signed() {
        let pair = Ed25519Keypair::from_seed(&[7; 32]);
        for pair in [PrivateKey::from(pair), ecdsa(EcdsaCurve::NistP256)] {
            let key = NoteKey::new("example.org/ca", pair.public_key().key_data()).unwrap();
            let note = key.note("one\ntwo\n", &signed(&pair, "one\ntwo\n"));
            let note = note.unwrap();
            assert_eq!(key.open(&note), Ok("one\ntwo\n"));
            let changed = note.replace("two", "ten");
            let invalid = NoteError::Signature("example.org/ca".into());
            assert_eq!(key.open(&changed), Err(invalid.clone()));
            let other = key.note("ten\n", &signed(&pair, "two\n"));
            assert_eq!(other, Err(invalid));
        }
    }

    #[test]
    fn the_id_of_a_p256_key_is_a_hash_of_its_public_key_info() {
        let pair = ecdsa(EcdsaCurve::NistP256);
        let key = NoteKey::new("n", pair.public_key().key_data()).unwrap();
        let vkey = key.to_vkey();
        let encoded = Base64::decode_vec(vkey.splitn(3, '+').nth(2).unwrap()).unwrap();
        assert_eq!((encoded[0], encoded.len()), (2, 92));
        let id = hex(&Sha256::digest(&encoded[1..])[..4]);
        assert!(vkey.starts_with(&format!("n+{id}+")), "{vkey}");
    }

    #[test]
    fn a_key_of_another_type_signs_no_notes() {
        let key = ecdsa(EcdsaCurve::NistP384);
        assert_eq!(
            NoteKey::new("n", key.public_key().key_data()),
            Err(NoteError::Key("ecdsa-sha2-nistp384".into()))
        );
    }

    #[test]
    fn refuses_what_is_no_note() {
        for text in ["", "a", "a\n", "a\n\n", "a\n\nb", "a\n\n- x y\n"] {
            assert!(
                matches!(
                    peter().open(text),
                    Err(NoteError::Form | NoteError::Unsigned(_))
                ),
                "{text:?}"
            );
        }
        assert_eq!(
            NoteKey::new("a b", &peter().public_key),
            Err(NoteError::Name("a b".into()))
        );
    }
}
