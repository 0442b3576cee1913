//! The records (tag, length, value) in which hosts keep data in a card's objects.

use zeroize::Zeroizing;

use crate::wire::Cursor;

/// Records of one byte of tag each, in the order in which they stand; wiped when dropped.
#[derive(Default)]
pub(super) struct Records(Vec<(u8, Zeroizing<Vec<u8>>)>);

impl Records {
    /// The records within the one record `tag`, which `bytes` must be; no bytes are none.
    pub(super) fn within(tag: u8, bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        match split(bytes)? {
            (found, value, []) if found == tag => Self::read(value),
            _ => None,
        }
    }

    /// The value of the first record `tag`.
    pub(super) fn find(&self, tag: u8) -> Option<&[u8]> {
        let found = self.0.iter().find(|(found, _)| *found == tag);
        found.map(|(_, value)| value.as_slice())
    }

    /// The values of all records `tag`.
    pub(super) fn all(&self, tag: u8) -> impl Iterator<Item = &[u8]> {
        let found = self.0.iter().filter(move |(found, _)| *found == tag);
        found.map(|(_, value)| value.as_slice())
    }

    /// Puts one more record behind the others.
    pub(super) fn add(&mut self, tag: u8, value: &[u8]) {
        self.0.push((tag, Zeroizing::new(value.to_vec())));
    }

    /// Takes away every record for whose tag and value `stays` is false.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(u8, &[u8]) -> bool) {
        self.0.retain(|(tag, value)| stays(*tag, value));
    }

    /// Gives the record `tag` this value, in the place of any that it had.
    pub(super) fn set(&mut self, tag: u8, value: &[u8]) {
        self.remove(tag);
        self.add(tag, value);
    }

    /// Takes the record `tag` away.
    pub(super) fn remove(&mut self, tag: u8) {
        self.retain(|found, _| found != tag);
    }

    /// All of them within one record `tag`; none if they are longer than an object may be.
    pub(super) fn written_within(&self, tag: u8) -> Option<Zeroizing<Vec<u8>>> {
        let mut inner = Zeroizing::new(Vec::with_capacity(LENGTH_MAX));
        for (tag, value) in &self.0 {
            write(&mut inner, *tag, value)?;
        }
        let mut whole = Zeroizing::new(Vec::with_capacity(LENGTH_MAX));
        write(&mut whole, tag, &inner)?;
        Some(whole)
    }

    /// The records that `bytes` are, one behind the other.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut records = Self::default();
        while !bytes.is_empty() {
            let (tag, value, rest) = split(bytes)?;
            records.0.push((tag, Zeroizing::new(value.to_vec())));
            bytes = rest;
        }
        Some(records)
    }
}

/// Tag, value, and what follows.
fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let mut input = Cursor::new(bytes);
    let tag = input.byte().ok()?;
    let length = match input.byte().ok()? {
        short @ ..=0x7f => short.into(),
        0x81 => input.byte().ok()?.into(),
        0x82 => input.u16().ok()?.into(),
        _ => return None,
    };
    let value = input.bytes(length).ok()?;
    Some((tag, value, input.rest()))
}

/// None where it would no longer fit into an object. The buffer never moves, so that
/// nothing of it is left behind.
fn write(to: &mut Vec<u8>, tag: u8, value: &[u8]) -> Option<()> {
    if to.len() + value.len() + 4 > LENGTH_MAX {
        return None;
    }
    to.push(tag);
    match u8::try_from(value.len()) {
        Ok(short @ ..=0x7f) => to.push(short),
        Ok(length) => to.extend([0x81, length]),
        Err(_) => {
            to.push(0x82);
            to.extend(u16::try_from(value.len()).ok()?.to_be_bytes());
        }
    }
    to.extend_from_slice(value);
    Some(())
}

/// The most that a card's object holds, less its own head.
const LENGTH_MAX: usize = 3000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_a_card_answers_is_read_as_it_stands_or_refused(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x7f..=0x89_u8, 0..4_u8], 0..400),
            tag in 0x7f..=0x89_u8,
        ) {
            if let Some(records) = Records::read(&bytes) {
                let values: usize = records.0.iter().map(|(_, value)| value.len()).sum();
                prop_assert!(values + 2 * records.0.len() <= bytes.len());
                let within = Records::within(tag, &records.written_within(tag).unwrap()).unwrap();
                prop_assert_eq!(within.0, records.0);
            }
            let _no_panic = Records::within(tag, &bytes);
        }
    }

    #[test]
    fn what_was_written_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 2000] {
            let mut records = Records::default();
            records.set(0x81, &[2]);
            records.set(0x89, &vec![7; length]);
            let written = records.written_within(0x88).unwrap();
            let read = Records::within(0x88, &written).unwrap();
            assert_eq!(read.find(0x89), Some(&*vec![7; length]), "{length}");
            assert_eq!(read.find(0x81), Some(&[2][..]));
        }
    }

    #[test]
    fn the_form_is_that_of_yubico_s_own_tools() {
        let mut admin = Records::default();
        admin.set(0x81, &[2]);
        assert_eq!(*admin.written_within(0x80).unwrap(), [0x80, 3, 0x81, 1, 2]);
    }

    #[test]
    fn a_record_is_replaced_and_the_others_stay() {
        let bytes = [0x80, 6, 0x83, 1, 9, 0x81, 1, 1];
        let mut records = Records::within(0x80, &bytes).unwrap();
        records.set(0x81, &[3]);
        records.remove(0x82);
        assert_eq!(records.find(0x83), Some(&[9][..]));
        assert_eq!(records.find(0x81), Some(&[3][..]));
    }

    #[test]
    fn bytes_that_are_cut_or_of_another_kind_are_none() {
        assert!(Records::within(0x80, &[]).is_some());
        let whole = [0x80, 3, 0x81, 1, 2];
        for length in 1..whole.len() {
            assert!(
                Records::within(0x80, &whole[..length]).is_none(),
                "{length}"
            );
        }
        for bytes in [
            &[0x88, 0][..],
            &[0x80, 0, 0],
            &[0x80, 2, 0x81, 1],
            &[0x80, 0x83, 0, 0, 0],
            &[0x80, 0x82, 0xff, 0xff, 1],
        ] {
            assert!(Records::within(0x80, bytes).is_none(), "{bytes:x?}");
        }
    }

    #[test]
    fn more_than_an_object_holds_is_not_written() {
        let mut records = Records::default();
        records.set(0x89, &[0; LENGTH_MAX]);
        assert!(records.written_within(0x88).is_none());
    }
}
