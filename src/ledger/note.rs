//! Signed notes: a text, and Ed25519 signatures below it (C2SP signed-note).
//!
//! What a checkpoint is handed around as: it can be read aloud, kept on paper, and
//! checked by tools that were not made here.

use sha2::{Digest, Sha256};
use ssh_encoding::base64::{Base64, Encoding};
use ssh_key::Signature;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::Ed25519PublicKey;

/// The public key of whoever signs notes, and the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    public_key: Ed25519PublicKey,
}

/// Why a note is not believed, or not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A name that is empty, or has white space or `+` in it.
    #[error("{0:?} is no name for the signer of a note")]
    Name(String),
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
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, public_key: Ed25519PublicKey) -> Result<Self, NoteError> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(bad) {
            return Err(NoteError::Name(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            public_key,
        })
    }

    /// The key as other tools take it: `NAME+HASH+BASE64`.
    #[must_use]
    pub fn to_vkey(&self) -> String {
        let id: String = self.id().iter().map(|byte| format!("{byte:02x}")).collect();
        let key = [&[ED25519], self.public_key.0.as_slice()].concat();
        format!("{}+{id}+{}", self.name, Base64::encode_string(&key))
    }

    /// Signs `text`, which ends in a line break, and gives the whole note.
    ///
    /// # Errors
    /// [`NoteError::Form`] for another text.
    pub fn sign_note(&self, text: &str, key: &Ed25519Keypair) -> Result<String, NoteError> {
        if !text.ends_with('\n') || text.contains("\n\n") {
            return Err(NoteError::Form);
        }
        let signature: Signature = signature::Signer::try_sign(key, text.as_bytes())
            .map_err(|_| NoteError::Signature(self.name.clone()))?;
        let line = [self.id().as_slice(), signature.as_bytes()].concat();
        let line = Base64::encode_string(&line);
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
            let valid = Signature::new(ssh_key::Algorithm::Ed25519, signature).and_then(|s| {
                Ok(signature::Verifier::verify(
                    &self.public_key,
                    text.as_bytes(),
                    &s,
                )?)
            });
            valid.map_err(|_| NoteError::Signature(self.name.clone()))?;
            signed = true;
        }
        match signed {
            true => Ok(text),
            false => Err(NoteError::Unsigned(self.name.clone())),
        }
    }

    /// The first four bytes of a hash over name, algorithm and key.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.public_key.0)
            .finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
        [a, b, c, d]
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
/// The signature algorithm's number.
const ED25519: u8 = 1;
/// The longest note that is read, in bytes.
const LARGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn peter() -> NoteKey {
        let bytes = Base64::decode_vec(VKEY.rsplit_once('+').unwrap().1).unwrap();
        let key = Ed25519PublicKey(bytes[1..].try_into().unwrap());
        NoteKey::new("PeterNeumann", key).unwrap()
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
        let other = NoteKey::new("Other", peter().public_key).unwrap();
        assert_eq!(other.open(NOTE), Err(NoteError::Unsigned("Other".into())));
    }

    #[test]
    fn opens_what_it_signs() {
        let pair = Ed25519Keypair::from_seed(&[7; 32]);
        let key = NoteKey::new("example.org/ca", pair.public).unwrap();
        let note = key.sign_note("one\ntwo\n", &pair).unwrap();
        assert_eq!(key.open(&note), Ok("one\ntwo\n"));
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
            NoteKey::new("a b", peter().public_key),
            Err(NoteError::Name("a b".into()))
        );
    }
}
