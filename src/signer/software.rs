//! What keys in software have in common.

use ssh_key::public::KeyData;

use super::error::OpeningError;
use super::error::RSA_MIN_BITS;

/// An RSA key that no CA may use today.
pub(super) fn refuse_short_rsa(key: &KeyData, device: &str) -> Result<(), OpeningError> {
    let KeyData::Rsa(rsa) = key else {
        return Ok(());
    };
    let bytes = rsa.n().as_positive_bytes().unwrap_or_default();
    let first = bytes.first().copied().unwrap_or_default();
    let bits = u32::try_from(8 * bytes.len()).unwrap_or(u32::MAX);
    match bits.saturating_sub(first.leading_zeros()) {
        bits if bits < RSA_MIN_BITS => Err(OpeningError::RsaTooShort {
            device: device.to_owned(),
            key: "the key".to_owned(),
            bits,
        }),
        _ => Ok(()),
    }
}
