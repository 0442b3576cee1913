//! A private key that was wrapped by a key of AES, as bytes that may lie in a file.

/// A wrapped private key: who has the key that it was wrapped by has the private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// How it was wrapped.
    pub wrap: AesWrap,
    /// The bytes that the token gave.
    pub bytes: Vec<u8>,
}

/// How AES wraps. Which one a token has for its private keys differs; both ends are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AesWrap {
    /// RFC 3394; PKCS#11's CKM_AES_KEY_WRAP.
    Plain,
    /// RFC 5649; PKCS#11's CKM_AES_KEY_WRAP_PAD, which some modules fill up in a way of their own.
    Padded,
}
