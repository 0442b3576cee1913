//! Private keys in OpenSSH's form (PROTOCOL.key): ssh-key reads them, also those that it refuses
//! by a fault of its own.
//!
//! The secret number of an ECDSA key is an `mpint`, without the zero bytes that it begins with.
//! ssh-key 0.7.0-rc.11 wants 32 bytes of it at least, so that one P-256 key in 256 is none to
//! it. Such a key is handed to it once more, with its zeros.

use ssh_key::cipher::Tag;
use ssh_key::{Error, PrivateKey, encoding};
use zeroize::Zeroizing;

use super::{Cursor, put_string};

/// The key of a file, in clear or encrypted.
///
/// # Errors
/// As of [`PrivateKey::from_openssh`].
pub fn from_openssh(text: &[u8]) -> Result<PrivateKey, Error> {
    let read = PrivateKey::from_openssh(text);
    if !is_short(&read) {
        return read;
    }
    read_short(text).map_or(read, Ok)
}

fn read_short(text: &[u8]) -> Option<PrivateKey> {
    let file = content(text)?;
    let sealed = Sealed::of(&file)?;
    with_zeros(sealed.public, sealed.block)
}

/// What stands between the lines that begin and end a file, which are as long as OpenSSH's are.
fn content(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut file = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut decoder = pem_rfc7468::Decoder::new_wrapped(text, LINE_LENGTH).ok()?;
    decoder.decode_to_end(&mut file).ok()?;
    Some(file)
}

/// The key that was encrypted by this passphrase.
///
/// # Errors
/// As of [`PrivateKey::decrypt`].
pub fn decrypt(key: &PrivateKey, passphrase: &str) -> Result<PrivateKey, Error> {
    let read = key.decrypt(passphrase);
    if !is_short(&read) {
        return read;
    }
    decrypt_short(key, passphrase).map_or(read, Ok)
}

/// Whether ssh-key read too few bytes somewhere.
fn is_short(read: &Result<PrivateKey, Error>) -> bool {
    matches!(read, Err(Error::Encoding(encoding::Error::Length)))
}

fn decrypt_short(key: &PrivateKey, passphrase: &str) -> Option<PrivateKey> {
    let file = key.to_bytes().ok()?;
    let sealed = Sealed::of(&file)?;
    let (secret, iv) = key.kdf().derive_key_and_iv(key.cipher(), passphrase).ok()?;
    let mut block = Zeroizing::new(sealed.block.to_vec());
    let opened = key
        .cipher()
        .decrypt(&secret, &iv, &mut block, sealed.tag().ok()?);
    opened.ok()?;
    with_zeros(sealed.public, &block)
}

/// What stands in a file of one key (PROTOCOL.key, section 1).
struct Sealed<'a> {
    /// The blob of the public key.
    public: &'a [u8],
    /// The private half, in clear or encrypted.
    block: &'a [u8],
    /// The cipher's tag; empty where it has none.
    tag: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn of(file: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(file.strip_prefix(MAGIC)?);
        let (_cipher, _kdf, _options) = (
            cursor.string().ok()?,
            cursor.string().ok()?,
            cursor.string().ok()?,
        );
        if cursor.u32().ok()? != 1 {
            return None;
        }
        Some(Self {
            public: cursor.string().ok()?,
            block: cursor.string().ok()?,
            tag: cursor.rest(),
        })
    }

    fn tag(&self) -> Result<Option<Tag>, std::array::TryFromSliceError> {
        match self.tag {
            [] => Ok(None),
            tag => <[u8; 16]>::try_from(tag).map(|tag| Some(tag.into())),
        }
    }
}

/// The P-256 key of a block in clear, whose secret number lacks the zeros that it begins with.
fn with_zeros(public: &[u8], block: &[u8]) -> Option<PrivateKey> {
    let mut cursor = Cursor::new(block);
    let checks = cursor.bytes(8).ok()?;
    let (kind, curve, point) = (
        cursor.string().ok()?,
        cursor.string().ok()?,
        cursor.string().ok()?,
    );
    let number = cursor.mpint().ok()?;
    let comment = cursor.string().ok()?;
    let padding = cursor.rest();
    if kind != b"ecdsa-sha2-nistp256" || !is_padding(padding) {
        return None;
    }
    let mut whole = Zeroizing::new([0; P256_BYTES]);
    let zeros = P256_BYTES.checked_sub(number.len())?;
    whole.get_mut(zeros..)?.copy_from_slice(number);
    // With room for all of it, so that no piece stays behind where it grows.
    let mut padded = Zeroizing::new(Vec::with_capacity(block.len() + 2 * P256_BYTES));
    padded.extend_from_slice(checks);
    for field in [kind, curve, point, &*whole, comment] {
        put_string(&mut padded, field);
    }
    let missing = padded.len().next_multiple_of(BLOCK_BYTES) - padded.len();
    padded.extend((1..).take(missing));
    in_clear(public, &padded)
}

/// A block is filled up with 1, 2, 3 and so on, to less than the 16 bytes of the longest.
fn is_padding(padding: &[u8]) -> bool {
    padding.len() < 16 && padding.iter().copied().eq((1_u8..).take(padding.len()))
}

/// The key of a block in clear, as the file of such a key has it.
fn in_clear(public: &[u8], block: &[u8]) -> Option<PrivateKey> {
    let mut file = Zeroizing::new(Vec::with_capacity(public.len() + block.len() + 64));
    file.extend_from_slice(MAGIC);
    for field in [&b"none"[..], b"none", b""] {
        put_string(&mut file, field);
    }
    file.extend_from_slice(&1_u32.to_be_bytes());
    put_string(&mut file, public);
    put_string(&mut file, block);
    PrivateKey::from_bytes(&file).ok()
}

/// Of a key's file in Base64.
const LINE_LENGTH: usize = 70;
const MAGIC: &[u8] = b"openssh-key-v1\0";
/// Of a P-256 key's secret number.
const P256_BYTES: usize = 32;
/// What the block of a key in clear is a multiple of.
const BLOCK_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use signature::{Signer as _, Verifier as _};

    use super::*;

    macro_rules! vector {
        ($name:literal) => {
            include_str!(concat!("../../softhsm-tests/vectors/private-keys/", $name))
        };
    }

    const SHORT: &str = vector!("short");

    /// It is the private half of the public key that ssh-keygen wrote beside it.
    #[track_caller]
    fn assert_signs(key: &PrivateKey) {
        let beside: ssh_key::PublicKey = vector!("short.pub").parse().unwrap();
        assert_eq!(key.public_key().key_data(), beside.key_data());
        assert_eq!(key.comment().to_string(), "short scalar");
        let signature = key.try_sign(b"message").unwrap();
        beside.key_data().verify(b"message", &signature).unwrap();
    }

    #[test]
    fn a_p256_key_that_begins_with_a_zero_byte_is_read() {
        assert!(is_short(&PrivateKey::from_openssh(SHORT)));
        assert_signs(&from_openssh(SHORT.as_bytes()).unwrap());
    }

    #[test]
    fn such_a_key_is_decrypted_by_ciphers_with_and_without_a_tag() {
        for text in [vector!("short-encrypted"), vector!("short-with-tag")] {
            let sealed = from_openssh(text.as_bytes()).unwrap();
            assert!(is_short(&sealed.decrypt("a short one")));
            assert_signs(&decrypt(&sealed, "a short one").unwrap());
            let refused = decrypt(&sealed, "another").unwrap_err();
            assert!(matches!(refused, Error::Crypto), "{refused}");
        }
    }

    /// A file as ssh-keygen writes it.
    fn text(file: &[u8]) -> String {
        let base64 = <base64ct::Base64 as base64ct::Encoding>::encode_string(file);
        let lines: Vec<_> = base64.as_bytes().chunks(LINE_LENGTH).collect();
        let lines = lines.join(&b'\n');
        format!(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
            String::from_utf8(lines).unwrap()
        )
    }

    #[test]
    fn what_is_no_key_stays_none() {
        let file = content(SHORT.as_bytes()).unwrap();
        assert_signs(&from_openssh(text(&file).as_bytes()).unwrap());
        for length in 0..file.len() {
            let cut = text(&file[..length]);
            let refused = from_openssh(cut.as_bytes()).unwrap_err();
            let is_cut = matches!(refused, Error::Encoding(_) | Error::FormatEncoding);
            assert!(is_cut, "{length} {refused}");
        }
        // Its public half within the block, a check, and the last byte of the padding.
        let block = file.len() - Sealed::of(&file).unwrap().block.len();
        for position in [block + 60, block + 1, file.len() - 1] {
            let mut other = file.to_vec();
            other[position] ^= 1;
            let other = text(&other);
            let refused = from_openssh(other.as_bytes()).unwrap_err();
            let is_meant = matches!(refused, Error::Crypto | Error::Encoding(_));
            assert!(is_meant, "{position} {refused}");
        }
    }
}
