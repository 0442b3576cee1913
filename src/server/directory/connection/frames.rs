//! Whole messages out of a stream: as many bytes as a message says that it has, and none behind them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::super::ask::AskError;
use super::{ber, message};

/// The next message, of at most so many bytes; none where the stream ends before it. Memory is taken as bytes come, not
/// as their length promises.
///
/// # Errors
/// [`AskError`], after which the stream can't be read on.
pub(super) async fn next(
    stream: &mut (impl AsyncRead + Unpin),
    limit: usize,
) -> Result<Option<Vec<u8>>, AskError> {
    let mut bytes = Vec::new();
    loop {
        let wanted = ber::wanted(&bytes, message::MESSAGE)?;
        if wanted > limit {
            return Err(AskError::too_long("one message", limit));
        }
        let missing = wanted.saturating_sub(bytes.len());
        if missing == 0 {
            return Ok(Some(bytes));
        }
        let mut part = (&mut *stream).take(u64::try_from(missing).unwrap_or(u64::MAX));
        let came = part.read_to_end(&mut bytes).await;
        if came.map_err(|error| lost(&error))? < missing {
            return match bytes.as_slice() {
                [] => Ok(None),
                _ => Err(AskError::lost("the server closed it within a message")),
            };
        }
    }
}

/// What became of a connection, in words.
pub(super) fn lost(error: &io::Error) -> AskError {
    match error.kind() {
        // TLS without a word at its end.
        io::ErrorKind::UnexpectedEof => AskError::lost("the server closed it"),
        _ => AskError::lost(error.to_string()),
    }
}
