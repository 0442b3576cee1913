//! A head that says the length of its body twice is no request: whoever stands between may have read the other one.
//!
//! `hyper` takes two lengths that are equal, and a length beside chunks, and tells nobody (RFC 9112, 6.3, lets it). So
//! what comes is looked at before: the second such header of a head loses its colon, which no parser takes,
//! and the connection ends behind the answer 400. A body that has such a line is no JSON and no form either.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose requests each say one length.
pub(super) struct OneLength<S> {
    stream: S,
    lines: Lines,
}

/// Where in the lines of a head it is.
#[derive(Default)]
struct Lines {
    /// How many bytes of this line there were.
    length: usize,
    /// Which of the names it may still begin with.
    may_be: [bool; NAMES.len()],
    /// How many lines since the last empty one said a length.
    lengths: usize,
}

impl<S> OneLength<S> {
    pub(super) fn of(stream: S) -> Self {
        let lines = Lines::default().begun();
        Self { stream, lines }
    }
}

impl Lines {
    fn begun(mut self) -> Self {
        (self.length, self.may_be) = (0, [true; NAMES.len()]);
        self
    }

    /// Looks at what came next.
    fn look(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            match *byte {
                b'\n' => {
                    if self.length == 0 {
                        self.lengths = 0;
                    }
                    *self = std::mem::take(self).begun();
                }
                b'\r' => {}
                b':' if self.is_a_length() => {
                    self.lengths += 1;
                    if self.lengths > 1 {
                        *byte = NO_COLON;
                    }
                    self.goes_on_with(b':');
                }
                other => self.goes_on_with(other),
            }
        }
    }

    fn is_a_length(&self) -> bool {
        let mut names = NAMES.iter().zip(self.may_be);
        names.any(|(name, may_be)| may_be && name.len() == self.length)
    }

    fn goes_on_with(&mut self, byte: u8) {
        for (name, may_be) in NAMES.iter().zip(&mut self.may_be) {
            *may_be &= name.get(self.length) == Some(&byte.to_ascii_lowercase());
        }
        self.length = self.length.saturating_add(1);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for OneLength<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        if let Some(new) = into.filled_mut().get_mut(before..) {
            self.lines.look(new);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for OneLength<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// What says how long a body is, in small letters.
const NAMES: [&[u8]; 2] = [b"content-length", b"transfer-encoding"];
/// No name of a header may have it (RFC 9110, 5.1).
const NO_COLON: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    /// What a parser gets of this text, that comes in pieces of this size.
    fn got(text: &str, size: usize) -> String {
        let mut lines = Lines::default().begun();
        let mut bytes = text.as_bytes().to_vec();
        bytes.chunks_mut(size).for_each(|piece| lines.look(piece));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_second_length_of_a_head_is_none() {
        let one = "POST / HTTP/1.1\r\nContent-Length: 4\r\nX-Content-Length: 1\r\nHost: transfer-encoding:\r\n\r\n";
        let two =
            "POST / HTTP/1.1\r\nContent-Length: 4\r\nHost: a\r\nTRANSFER-encoding: chunked\r\n\r\n";
        let same = "POST / HTTP/1.1\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\n";
        let bare = "POST / HTTP/1.1\ncontent-length: 4\ncontent-length: 4\n\n";
        for size in 1..two.len() {
            assert_eq!(got(one, size), one);
            // Another one on the same connection.
            let twice = format!("{one}{{\"a\":1}}{one}");
            assert_eq!(got(&twice, size), twice);
            let changed = two.replace("TRANSFER-encoding:", "TRANSFER-encoding\0");
            assert_eq!(got(two, size), changed);
            for text in [same, bare] {
                let (first, second) = text.rsplit_once(": 4").unwrap();
                assert_eq!(got(text, size), format!("{first}\0 4{second}"));
            }
            assert_eq!(got(&format!("{one}{two}"), size), format!("{one}{changed}"));
        }
    }
}
