//! Tag, length, value, as BER writes them (SP 800-73-4 part 1, Appendix A; X.690, 8.1).

use super::apdu::Status;

/// Reads the records of a template one after the other.
pub(crate) struct Records<'a>(&'a [u8]);

impl<'a> Records<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn next_record(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (length, rest) = read_length(rest)?;
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, value))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(u8, &'a [u8]), Status>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let record = self.next_record().ok_or(Status::WRONG_DATA);
        if record.is_err() {
            self.0 = &[];
        }
        Some(record)
    }
}

/// All records of `bytes`, or [`Status::WRONG_DATA`] when they don't fill it exactly.
pub(crate) fn read_all(bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, Status> {
    Records::new(bytes).collect()
}

/// The value of the single record that `bytes` consists of, which must have `tag`.
pub(crate) fn read_only(tag: u8, bytes: &[u8]) -> Result<&[u8], Status> {
    match read_all(bytes)?.as_slice() {
        [(found, value)] if *found == tag => Ok(value),
        _ => Err(Status::WRONG_DATA),
    }
}

/// The value of the first record with `tag`.
pub(crate) fn find<'a>(records: &[(u8, &'a [u8])], tag: u8) -> Option<&'a [u8]> {
    let found = records.iter().find(|(found, _)| *found == tag)?;
    Some(found.1)
}

/// Writes one record; a tag may be of one byte or more.
pub(crate) fn write(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let mut record = tag.to_vec();
    record.extend(length(value.len()));
    record.extend(value);
    record
}

/// A length in the definite form, shortest.
fn length(length: usize) -> Vec<u8> {
    if let Some(short) = u8::try_from(length).ok().filter(|short| *short < 0x80) {
        return vec![short];
    }
    let all = length.to_be_bytes();
    let bytes: Vec<u8> = all.into_iter().skip_while(|byte| *byte == 0).collect();
    let count = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    [vec![0x80 | count], bytes].concat()
}

fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ 0..=0x7f, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, length, rest @ ..] => Some((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] => {
            Some((usize::from(u16::from_be_bytes([*high, *low])), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote_at_every_form_of_length() {
        for length in [0, 1, 127, 128, 255, 256, 4000] {
            let value = vec![7; length];
            let record = write(&[0x53], &value);
            assert_eq!(read_only(0x53, &record), Ok(value.as_slice()), "{length}");
        }
    }

    #[test]
    fn refuses_a_value_that_is_cut() {
        assert_eq!(read_all(&[0x53, 2, 7]), Err(Status::WRONG_DATA));
        assert_eq!(read_all(&[0x53]), Err(Status::WRONG_DATA));
        assert_eq!(
            read_all(&[0x53, 0x84, 0, 0, 0, 1, 7]),
            Err(Status::WRONG_DATA)
        );
    }
}
