//! vpcd's framing: a length of two bytes, big endian, and so many bytes.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    os::linux::net::TcpStreamExt as _,
};

/// The connection to a virtual reader.
pub(crate) struct Wire(TcpStream);

/// What a reader sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    PowerOff,
    PowerOn,
    Reset,
    /// Wants the answer to reset; the only control code that is answered.
    AnswerToReset,
    Command(Vec<u8>),
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Waits for the next message.
    pub(crate) fn receive(&self) -> io::Result<Message> {
        let mut length = [0; 2];
        self.read(&mut length)?;
        let mut bytes = vec![0; u16::from_be_bytes(length).into()];
        self.read(&mut bytes)?;
        Message::parse(bytes)
    }

    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let length = u16::try_from(bytes.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "longer than 65535 bytes"))?;
        let frame = [&length.to_be_bytes()[..], bytes].concat();
        (&self.0).write_all(&frame)
    }

    /// Ends both directions; whoever waits in [`receive`](Self::receive) gets an error.
    pub(crate) fn cut(&self) {
        // It may be cut already.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    fn read(&self, bytes: &mut [u8]) -> io::Result<()> {
        // The kernel forgets it at each read. Without it vpcd, which sends length and payload
        // one by one, waits 44 ms for each acknowledgement.
        self.0.set_quickack(true)?;
        (&self.0).read_exact(bytes)
    }
}

impl Message {
    fn parse(bytes: Vec<u8>) -> io::Result<Self> {
        match bytes.as_slice() {
            [0] => Ok(Self::PowerOff),
            [1] => Ok(Self::PowerOn),
            [2] => Ok(Self::Reset),
            [4] => Ok(Self::AnswerToReset),
            [] | [_] => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "neither a control code of vpcd nor a command",
            )),
            _ => Ok(Self::Command(bytes)),
        }
    }
}
