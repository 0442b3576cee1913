//! What a part announces is held against its limit before it is read.

use std::io::{self, Read};

use super::BundleError;

pub(super) fn limit(part: &'static str, bytes: u64, most: u64) -> Result<(), BundleError> {
    if bytes > most {
        return Err(BundleError::TooLarge { part, bytes, most });
    }
    Ok(())
}

/// A string behind its length, which is held against its limit before anything is set aside.
pub(super) fn string<E>(input: &mut impl Read, part: &'static str, most: u64) -> Result<Vec<u8>, E>
where
    E: From<BundleError> + From<io::Error>,
{
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    limit(part, length.into(), most)?;
    let mut bytes = Vec::new();
    let read = input.take(length.into()).read_to_end(&mut bytes)?;
    match u32::try_from(read) {
        Ok(read) if read == length => Ok(bytes),
        _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
}
