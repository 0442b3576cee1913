//! Commands and answers as ISO 7816-4 (5.1) frames them, short and extended.

/// One command, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Whether more parts of the same command follow (bit 5 of the class byte).
    pub(crate) chained: bool,
    pub(crate) instruction: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    pub(crate) data: Vec<u8>,
    /// How many bytes of data the caller has room for in one answer.
    pub(crate) room: usize,
}

/// What a card answers: data and a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) data: Vec<u8>,
    pub(crate) status: Status,
}

/// The two status bytes (ISO 7816-4, 5.1.3; SP 800-73-4 part 2, 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u16);

impl Status {
    pub(crate) const OK: Self = Self(0x9000);
    pub(crate) const WRONG_LENGTH: Self = Self(0x6700);
    pub(crate) const CHAINING_NOT_EXPECTED: Self = Self(0x6883);
    pub(crate) const SECURITY_NOT_SATISFIED: Self = Self(0x6982);
    pub(crate) const BLOCKED: Self = Self(0x6983);
    pub(crate) const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    pub(crate) const WRONG_DATA: Self = Self(0x6a80);
    pub(crate) const NOT_FOUND: Self = Self(0x6a82);
    pub(crate) const NO_SPACE: Self = Self(0x6a84);
    pub(crate) const REFERENCE_NOT_FOUND: Self = Self(0x6a88);
    pub(crate) const WRONG_PARAMETERS: Self = Self(0x6b00);
    pub(crate) const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6d00);
    pub(crate) const CLASS_NOT_SUPPORTED: Self = Self(0x6e00);
    pub(crate) const INTERNAL: Self = Self(0x6f00);

    /// A wrong PIN, PUK or the like, with the tries that are left; the status has room for 15.
    pub(crate) fn tries_left(tries: u8) -> Self {
        Self(0x63c0 | u16::from(tries.min(15)))
    }

    /// More of the answer waits; `remaining` saturates, since the status has room for one byte.
    pub(crate) fn more(remaining: usize) -> Self {
        Self(0x6100 | u16::from(u8::try_from(remaining).unwrap_or(0)))
    }
}

impl Command {
    /// Takes a command apart: no data or some, with or without the expected length, short or
    /// extended. Any other length is [`Status::WRONG_LENGTH`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Status> {
        let [class, instruction, p1, p2, body @ ..] = bytes else {
            return Err(Status::WRONG_LENGTH);
        };
        // Secure messaging and logical channels are not spoken here.
        if class & !CHAINING_BIT != 0 {
            return Err(Status::CLASS_NOT_SUPPORTED);
        }
        let (data, room) = parse_body(body)?;
        Ok(Self {
            chained: class & CHAINING_BIT != 0,
            instruction: *instruction,
            p1: *p1,
            p2: *p2,
            data: data.to_vec(),
            room,
        })
    }
}

impl Reply {
    /// The bytes as they travel: data, then status.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.data;
        bytes.extend(self.status.0.to_be_bytes());
        bytes
    }
}

impl From<Status> for Reply {
    fn from(status: Status) -> Self {
        Self {
            data: Vec::new(),
            status,
        }
    }
}

impl From<Result<Vec<u8>, Status>> for Reply {
    fn from(result: Result<Vec<u8>, Status>) -> Self {
        match result {
            Ok(data) => Self {
                data,
                status: Status::OK,
            },
            Err(status) => status.into(),
        }
    }
}

/// The data field and the room for the answer (the four cases of ISO 7816-4, 5.1).
fn parse_body(body: &[u8]) -> Result<(&[u8], usize), Status> {
    match body {
        [] => Ok((&[], SHORT_ROOM)),
        [room] => Ok((&[], short_room(*room))),
        [0, high, low] => Ok((&[], extended_room(*high, *low))),
        [0, high, low, rest @ ..] => {
            let (data, tail) = split(rest, usize::from(u16::from_be_bytes([*high, *low])))?;
            match tail {
                [] => Ok((data, EXTENDED_ROOM)),
                [high, low] => Ok((data, extended_room(*high, *low))),
                _ => Err(Status::WRONG_LENGTH),
            }
        }
        [length, rest @ ..] => {
            let (data, tail) = split(rest, usize::from(*length))?;
            match tail {
                [] => Ok((data, SHORT_ROOM)),
                [room] => Ok((data, short_room(*room))),
                _ => Err(Status::WRONG_LENGTH),
            }
        }
    }
}

fn split(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), Status> {
    if at == 0 {
        return Err(Status::WRONG_LENGTH);
    }
    bytes.split_at_checked(at).ok_or(Status::WRONG_LENGTH)
}

fn short_room(byte: u8) -> usize {
    if byte == 0 { SHORT_ROOM } else { byte.into() }
}

fn extended_room(high: u8, low: u8) -> usize {
    match u16::from_be_bytes([high, low]) {
        0 => EXTENDED_ROOM,
        room => room.into(),
    }
}

const CHAINING_BIT: u8 = 0x10;
const SHORT_ROOM: usize = 256;
const EXTENDED_ROOM: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &[u8]) -> (Vec<u8>, usize) {
        let command = Command::parse(bytes).unwrap();
        (command.data, command.room)
    }

    #[test]
    fn reads_all_four_cases_short_and_extended() {
        assert_eq!(parsed(&[0, 1, 2, 3]), (vec![], 256));
        assert_eq!(parsed(&[0, 1, 2, 3, 9]), (vec![], 9));
        assert_eq!(parsed(&[0, 1, 2, 3, 1, 7]), (vec![7], 256));
        assert_eq!(parsed(&[0, 1, 2, 3, 1, 7, 9]), (vec![7], 9));
        assert_eq!(parsed(&[0, 1, 2, 3, 0, 0, 0]), (vec![], 65_536));
        assert_eq!(parsed(&[0, 1, 2, 3, 0, 0, 1, 7]), (vec![7], 65_536));
        assert_eq!(parsed(&[0, 1, 2, 3, 0, 0, 1, 7, 1, 0]), (vec![7], 256));
    }

    #[test]
    fn refuses_a_length_that_the_data_does_not_have() {
        for bytes in [
            &[0, 1, 2][..],
            &[0, 1, 2, 3, 2, 7],
            &[0, 1, 2, 3, 1, 7, 0, 0],
            &[0, 1, 2, 3, 0, 0],
            &[0, 1, 2, 3, 0, 0, 2, 7],
        ] {
            assert_eq!(
                Command::parse(bytes),
                Err(Status::WRONG_LENGTH),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn refuses_secure_messaging() {
        assert_eq!(
            Command::parse(&[0x04, 0xa4, 4, 0]),
            Err(Status::CLASS_NOT_SUPPORTED)
        );
    }
}
