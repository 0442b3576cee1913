//! The relay between `ldap3` and a directory service: it passes on whole messages, and no others than
//! those that were looked at.
//!
//! Two loops take turns in one task: one brings requests to the server, and tells [`Asked`] of each before it is
//! sent, so that no answer can come first; the other brings answers back, each after it was taken. The first that ends,
//! ends both: then nobody holds the relay's end of the socket any more, `ldap3` sees that its connection is over, and
//! whoever waits for an answer learns from the relay why.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split};
use tokio::net::UnixStream;

use super::super::ask::AskError;
use super::super::bounds::Bounds;
use super::asked::Asked;
use super::frames;

/// Passes on messages until either side ends.
///
/// # Errors
/// [`AskError`], if it was the server's.
pub(super) async fn relay(
    client: UnixStream,
    server: impl AsyncRead + AsyncWrite,
    bounds: Bounds,
) -> Result<(), AskError> {
    let asked = RefCell::new(Asked::new(bounds));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = split(server);
    let out = requests(from_client, to_server, &asked);
    let back = answers(from_server, to_client, bounds.message, &asked);
    // A server's last word is read before it is seen that it takes no more.
    first_of(back, out).await
}

async fn requests(
    client: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
    asked: &RefCell<Asked>,
) -> Result<(), AskError> {
    let mut client = BufReader::new(client);
    while let Some(message) = frames::next(&mut client, usize::MAX).await? {
        asked.borrow_mut().ask(&message)?;
        let sent = server.write_all(&message).await;
        sent.map_err(|error| frames::lost(&error))?;
        let sent = server.flush().await;
        sent.map_err(|error| frames::lost(&error))?;
    }
    let closed = server.shutdown().await;
    closed.map_err(|error| frames::lost(&error))
}

async fn answers(
    server: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    limit: usize,
    asked: &RefCell<Asked>,
) -> Result<(), AskError> {
    let mut server = BufReader::new(server);
    while let Some(message) = frames::next(&mut server, limit).await? {
        asked.borrow_mut().take(&message)?;
        let passed = client.write_all(&message).await;
        passed.map_err(|error| frames::lost(&error))?;
    }
    Err(AskError::lost("the server closed it"))
}

/// Waits for either, and drops the other one.
async fn first_of<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| match one.as_mut().poll(context) {
        Poll::Ready(ended) => Poll::Ready(ended),
        Poll::Pending => other.as_mut().poll(context),
    })
    .await
}

#[cfg(test)]
mod tests;
