//! Requests and answers over the agent's socket, each within a time.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use ssh_key::{Algorithm, Signature};

use super::wire::{
    Identity, read_identities, read_signature, request_identities, request_signature,
};
use crate::signer::error::{ANSWER_MAX, AgentFault};

/// An agent that listens.
pub(super) struct Connection {
    stream: UnixStream,
    socket: PathBuf,
}

impl Connection {
    pub(super) fn open(socket: &Path) -> Result<Self, AgentFault> {
        let stream = connect(socket)?;
        Ok(Self {
            stream,
            socket: socket.to_path_buf(),
        })
    }

    pub(super) fn identities(&mut self) -> Result<Vec<Identity>, AgentFault> {
        read_identities(&self.exchange(&request_identities(), MOMENT)?)
    }

    pub(super) fn sign(
        &mut self,
        blob: &[u8],
        message: &[u8],
        algorithm: &Algorithm,
    ) -> Result<Signature, AgentFault> {
        let request = request_signature(blob, message, algorithm);
        let request = request.map_err(|_| AgentFault::Malformed)?;
        read_signature(&self.exchange(&request, CONFIRMATION)?)
    }

    /// Asks for something that is done or not.
    #[cfg(feature = "login")]
    pub(super) fn command(&mut self, request: &[u8]) -> Result<(), AgentFault> {
        super::wire::read_success(&self.exchange(request, CONFIRMATION)?)
    }

    fn exchange(&mut self, request: &[u8], limit: Duration) -> Result<Vec<u8>, AgentFault> {
        let length = u32::try_from(request.len()).map_err(|_| AgentFault::Malformed)?;
        let deadline = Deadline::after(limit);
        self.write(&[&length.to_be_bytes(), request].concat(), &deadline)?;
        let mut length = [0; 4];
        self.read(&mut length, &deadline)?;
        let length = u32::from_be_bytes(length);
        if length > ANSWER_MAX {
            return Err(AgentFault::TooLong { length });
        }
        let mut answer = vec![0; usize::try_from(length).unwrap_or_default()];
        self.read(&mut answer, &deadline)?;
        Ok(answer)
    }

    fn write(&mut self, mut bytes: &[u8], deadline: &Deadline) -> Result<(), AgentFault> {
        while !bytes.is_empty() {
            let left = deadline.left()?;
            let written = self
                .stream
                .set_write_timeout(Some(left))
                .and_then(|()| self.stream.write(bytes));
            let written = self.moved(written, deadline)?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    fn read(&mut self, mut buffer: &mut [u8], deadline: &Deadline) -> Result<(), AgentFault> {
        while !buffer.is_empty() {
            let left = deadline.left()?;
            let read = self
                .stream
                .set_read_timeout(Some(left))
                .and_then(|()| self.stream.read(buffer));
            let read = self.moved(read, deadline)?;
            buffer = buffer.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// How many bytes went over; none is an end that came too early.
    fn moved(
        &self,
        moved: std::io::Result<usize>,
        deadline: &Deadline,
    ) -> Result<usize, AgentFault> {
        match moved {
            Ok(0) => Err(lost(&self.socket, ErrorKind::UnexpectedEof.into())),
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(deadline.missed()),
            Err(error) => Err(lost(&self.socket, error)),
        }
    }
}

/// When the agent must have answered.
struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    fn after(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit,
            limit,
        }
    }

    /// What is left, which a timeout of a socket takes: never nothing.
    fn left(&self) -> Result<Duration, AgentFault> {
        match self.end.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(self.missed()),
            left => Ok(left),
        }
    }

    fn missed(&self) -> AgentFault {
        AgentFault::Silent {
            seconds: self.limit.as_secs(),
        }
    }
}

/// On a thread of its own: a listener that accepts nobody blocks without end.
fn connect(socket: &Path) -> Result<UnixStream, AgentFault> {
    let (sender, answer) = channel();
    let path = socket.to_path_buf();
    thread::spawn(move || {
        let _too_late = sender.send(UnixStream::connect(path));
    });
    match answer.recv_timeout(MOMENT) {
        Ok(connected) => connected.map_err(|source| lost(socket, source)),
        Err(_late) => Err(Deadline::after(MOMENT).missed()),
    }
}

fn lost(socket: &Path, source: std::io::Error) -> AgentFault {
    AgentFault::Connection {
        socket: socket.display().to_string(),
        source,
    }
}

const MOMENT: Duration = Duration::from_secs(10);
/// An agent may ask its owner to confirm (`ssh-add -c`), or a device behind it for a touch.
const CONFIRMATION: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// What a connection makes of an agent that answers the first request by `answer`.
    fn answered(answer: &'static [u8]) -> Result<Vec<Identity>, AgentFault> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).unwrap();
        let agent = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
            stream.write_all(answer).unwrap();
        });
        let identities = Connection::open(&socket).unwrap().identities();
        agent.join().unwrap();
        identities
    }

    #[test]
    fn an_answer_in_whole_is_read() {
        let identities = answered(b"\0\0\0\x05\x0c\0\0\0\0").unwrap();
        assert_eq!(identities, []);
    }

    #[test]
    fn an_answer_that_is_too_long_or_cut_off_is_a_fault() {
        let fault = answered(b"\0\x04\0\x01").unwrap_err();
        assert!(matches!(fault, AgentFault::TooLong { length: 262_145 }));
        for cut in [&b""[..], b"\0\0", b"\0\0\0\x05\x0c\0"] {
            let fault = answered(cut).unwrap_err();
            assert!(matches!(fault, AgentFault::Connection { .. }), "{cut:?}");
        }
    }

    #[test]
    fn a_silent_agent_is_waited_for_no_longer_than_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let _listener = UnixListener::bind(&socket).unwrap();
        let mut connection = Connection::open(&socket).unwrap();
        let request = request_identities();
        let start = Instant::now();
        let fault = connection.exchange(&request, Duration::from_millis(200));
        assert!(matches!(fault, Err(AgentFault::Silent { seconds: 0 })));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
