//! What a part announces is held against its limit before it is read.

use super::BundleError;

pub(super) fn limit(part: &'static str, bytes: u64, most: u64) -> Result<(), BundleError> {
    if bytes > most {
        return Err(BundleError::TooLarge { part, bytes, most });
    }
    Ok(())
}
