//! Certificate sections: what is revoked by CA.

use super::super::revocations::Authority;
use super::super::section;
use super::super::serials::SerialRange;
use super::{ReadError, Reader, skip_extension};
use crate::wire::Cursor;
use crate::wire::PublicKey;

impl Reader {
    pub(super) fn read_certificates(&mut self, mut content: Cursor<'_>) -> Result<(), ReadError> {
        let ca = match content.string()? {
            [] => None,
            blob => Some(PublicKey::from_blob(blob).map_err(ReadError::Ca)?),
        };
        let _reserved = content.string()?;
        while !content.is_empty() {
            let kind = content.byte()?;
            self.read_subsection(ca.as_ref(), kind, Cursor::new(content.string()?))?;
        }
        Ok(())
    }

    fn read_subsection(
        &mut self,
        ca: Option<&PublicKey>,
        kind: u8,
        content: Cursor<'_>,
    ) -> Result<(), ReadError> {
        if kind == section::CERTIFICATE_EXTENSION {
            return skip_extension(content);
        }
        let authority = self.revocations.authority(ca);
        match kind {
            section::SERIAL_LIST => read_list(authority, content),
            section::SERIAL_RANGE => read_range(authority, content),
            section::SERIAL_BITMAP => {
                let before = authority.serials.len();
                read_bitmap(authority, content)?;
                // What came out of order may have been joined meanwhile.
                let added = authority.serials.len().saturating_sub(before);
                let left = self.bitmap_ranges_left.checked_sub(added);
                self.bitmap_ranges_left = left.ok_or(ReadError::TooManyRanges)?;
                Ok(())
            }
            section::KEY_ID => read_key_ids(authority, content),
            kind => Err(ReadError::UnknownCertificateSection { kind }),
        }
    }
}

fn read_list(authority: &mut Authority, mut content: Cursor<'_>) -> Result<(), ReadError> {
    while !content.is_empty() {
        authority.serials.push(SerialRange::one(content.u64()?)?);
    }
    Ok(())
}

fn read_range(authority: &mut Authority, mut content: Cursor<'_>) -> Result<(), ReadError> {
    let range = SerialRange::new(content.u64()?, content.u64()?)?;
    authority.serials.push(range);
    Ok(content.finish()?)
}

fn read_bitmap(authority: &mut Authority, mut content: Cursor<'_>) -> Result<(), ReadError> {
    let offset = content.u64()?;
    let bitmap = content.mpint()?;
    content.finish()?;
    for (index, byte) in (0_u64..).zip(bitmap.iter().rev()) {
        for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
            let serial = offset.checked_add(index * 8 + bit);
            let serial = serial.ok_or(ReadError::BitmapOverflow { offset })?;
            authority.serials.push(SerialRange::one(serial)?);
        }
    }
    Ok(())
}

fn read_key_ids(authority: &mut Authority, mut content: Cursor<'_>) -> Result<(), ReadError> {
    while !content.is_empty() {
        authority.key_ids.push(content.c_string()?.to_bytes());
    }
    Ok(())
}
